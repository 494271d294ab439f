//! Notifies AddressSanitizer of switches between stacks.
//!
//! Its runtime has two functions for this, one called before and one after a switch (LLVM, compiler-rt,
//! `include/sanitizer/common_interface_defs.h`).
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::ptr;

use super::stack::Stack;

// SAFETY: these are the declarations of that header.
unsafe extern "C" {
    fn __sanitizer_start_switch_fiber(save: *mut *mut c_void, bottom: *const c_void, size: usize);
    fn __sanitizer_finish_switch_fiber(
        saved: *mut c_void,
        bottom: *mut *const c_void,
        size: *mut usize,
    );
}

/// The memory range of a stack.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    bottom: *const c_void,
    size: usize,
}

/// A switch that has begun, stored on the suspended stack.
pub(super) struct Leaving(*mut c_void);

impl Bounds {
    pub(super) const fn none() -> Self {
        Bounds {
            bottom: ptr::null(),
            size: 0,
        }
    }

    pub(super) fn of(stack: &Stack) -> Self {
        let bottom = stack.limit();
        Bounds {
            bottom: bottom.as_ptr().cast(),
            size: stack.top().addr().get() - bottom.addr().get(),
        }
    }

    /// Returns the bounds of the OS thread's own stack.
    pub(super) fn of_this_thread() -> Self {
        let mut attributes = std::mem::MaybeUninit::<libc::pthread_attr_t>::uninit();
        let mut bottom = ptr::null_mut();
        let mut size = 0;
        // SAFETY: the attributes are initialized by the first call, read by the second and destroyed by the third. The
        // results are valid for the writes.
        unsafe {
            let failed = libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr());
            assert_eq!(failed, 0, "the OS knows the stack of this thread");
            libc::pthread_attr_getstack(attributes.as_ptr(), &raw mut bottom, &raw mut size);
            libc::pthread_attr_destroy(attributes.as_mut_ptr());
        }
        Bounds { bottom, size }
    }

    /// Must be called before a switch to this stack.
    pub(super) fn begin_switch(self) -> Leaving {
        let mut saved = ptr::null_mut();
        // SAFETY: `saved` is valid for the write.
        unsafe { __sanitizer_start_switch_fiber(&raw mut saved, self.bottom, self.size) };
        Leaving(saved)
    }

    /// Must be called before a switch to this stack from one that is left for good.
    pub(super) fn begin_last_switch(self) {
        // SAFETY: a null pointer for the result means that the running stack will not resume.
        unsafe { __sanitizer_start_switch_fiber(ptr::null_mut(), self.bottom, self.size) };
    }
}

impl Leaving {
    /// Must be called when the suspended stack has resumed.
    pub(super) fn end_switch(self) {
        // SAFETY: the value saved on this stack is passed back once, and no results are requested.
        unsafe { __sanitizer_finish_switch_fiber(self.0, ptr::null_mut(), ptr::null_mut()) };
    }
}

/// Must be called when code runs on a stack for the first time.
pub(super) fn end_first_switch() {
    // SAFETY: nothing was saved on this stack, and no results are requested.
    unsafe {
        __sanitizer_finish_switch_fiber(ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
    }
}
