//! The next definition of each function: libc's own, or that of a library which was loaded before it.
//!
//! All are looked up when the program starts, by [`real!`], since the look-up is not async-signal-safe. After that a call
//! costs a check for null more than a call of a shared library does. A call that comes earlier, of another library's
//! constructor, is out of line, so that a function which calls the next definition at its end is a jump.
//!
//! Invariant:
//! 1. `address` is null, or the address of a function with the signature that the declaration gives, which is that of
//!    the C library's headers.
#![allow(unsafe_code)]

use std::ffi::CStr;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// The next definition of one function.
pub(super) struct Next {
    address: AtomicPtr<()>,
    name: &'static CStr,
}

impl Next {
    pub(super) const fn new(name: &'static CStr) -> Next {
        Next {
            address: AtomicPtr::new(ptr::null_mut()),
            name,
        }
    }

    /// Returns the address of the function, or null if it was not looked up yet.
    #[inline(always)]
    pub(super) fn known_address(&self) -> *mut () {
        // Relaxed: the function is there whichever thread has looked it up.
        self.address.load(Ordering::Relaxed)
    }

    /// Looks the function up, and returns its address.
    #[cold]
    #[inline(never)]
    pub(super) fn look_up(&self) -> *mut () {
        // A function that was changed has several versions under one name. The one that programs are linked with is
        // the default, which a look-up without a version finds.
        // SAFETY: the name ends with a zero.
        let address = unsafe { libc::dlsym(libc::RTLD_NEXT, self.name.as_ptr()) }.cast::<()>();
        if address.is_null() {
            // Nothing can be called in its place, and a panic must not leave a function of C.
            eprintln!("greenpatch: libc has no function {:?}", self.name);
            std::process::abort();
        }
        self.address.store(address, Ordering::Relaxed);
        address
    }

    /// Looks the function up, if libc has it.
    pub(super) fn prepare(&self) {
        // SAFETY: the name ends with a zero.
        let address = unsafe { libc::dlsym(libc::RTLD_NEXT, self.name.as_ptr()) };
        self.address.store(address.cast(), Ordering::Relaxed);
    }
}

/// Declares functions that call the next definition, as functions of `Real`. The group has a name, and is looked up at the
/// start.
///
/// ```ignore
/// real! { READS:
///     fn read(fd: c_int, buffer: *mut c_void, length: size_t) -> ssize_t;
/// }
/// ```
macro_rules! real {
    ($group:ident: $(fn $name:ident($($argument:ident: $type:ty),* $(,)?) -> $result:ty;)*) => {
        mod next {
            $(
                #[allow(non_upper_case_globals, reason = "the names are those of C")]
                pub(super) static $name: $crate::libc::real::Next = $crate::libc::real::Next::new({
                    match ::std::ffi::CStr::from_bytes_with_nul(concat!(stringify!($name), "\0").as_bytes()) {
                        Ok(name) => name,
                        Err(_) => panic!("a name has no zero in it"),
                    }
                });
            )*
        }

        // SAFETY: the loader calls what is in this section, before `main`; the functions take up to three arguments,
        // which this one leaves alone.
        #[used]
        #[unsafe(link_section = ".init_array")]
        static $group: extern "C" fn() = {
            extern "C" fn prepare() {
                $(next::$name.prepare();)*
            }
            prepare
        };

        /// The next definitions.
        enum Real {}

        impl Real {
            $(
                /// Calls the next definition.
                ///
                /// # Safety
                ///
                /// That of the function of C.
                #[inline(always)]
                unsafe fn $name($($argument: $type),*) -> $result {
                    type Function = unsafe extern "C" fn($($type),*) -> $result;

                    #[cold]
                    #[inline(never)]
                    unsafe extern "C" fn early($($argument: $type),*) -> $result {
                        // SAFETY: as below.
                        let function = unsafe {
                            ::std::mem::transmute::<*mut (), Function>(next::$name.look_up())
                        };
                        // SAFETY: by the caller's contract.
                        unsafe { function($($argument),*) }
                    }

                    let known = next::$name.known_address();
                    if known.is_null() {
                        // SAFETY: by the caller's contract.
                        return unsafe { early($($argument),*) };
                    }
                    // SAFETY: by invariant 1 of `real` it is such a function.
                    let function = unsafe { ::std::mem::transmute::<*mut (), Function>(known) };
                    // SAFETY: by the caller's contract.
                    unsafe { function($($argument),*) }
                }
            )*
        }
    };
}
pub(super) use real;
