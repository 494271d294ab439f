//! C code that is compiled by `cc` and opened as a library while the program runs.

use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::mem::transmute;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, process};

/// Whether C code touches each page of a large frame, as `-fstack-clash-protection` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probes {
    /// It does.
    Yes,
    /// It does not.
    No,
}

/// The library of `tests/c_code/code.c`. It stays open.
#[derive(Clone, Copy, Debug)]
pub struct Library {
    handle: usize,
}

impl Library {
    /// Compiles the code and opens it.
    ///
    /// # Panics
    ///
    /// If there is no C compiler, without which Rust cannot link a program either.
    pub fn open(probes: Probes) -> Library {
        static NUMBER: AtomicU32 = AtomicU32::new(0);

        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("greenpatch-c-code-{}-{number}", process::id());
        let source = env::temp_dir().join(&name).with_extension("c");
        let library = env::temp_dir().join(&name).with_extension("so");
        fs::write(&source, include_str!("tests/c_code/code.c")).expect("it can be written");
        let compiler = env::var("CC").unwrap_or_else(|_| "cc".into());
        let probes = match probes {
            Probes::Yes => "-fstack-clash-protection",
            Probes::No => "-fno-stack-clash-protection",
        };
        let status = Command::new(&compiler)
            .args(["-O2", "-w", "-shared", "-fPIC", "-pthread", probes, "-o"])
            .args([&library, &source])
            .status();
        let is_compiled = status.is_ok_and(|status| status.success());
        let path = CString::new(library.to_str().expect("UTF-8")).expect("no zeros");
        // SAFETY: the path ends with a zero; the library has no constructors.
        let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        let _ = fs::remove_file(source);
        let _ = fs::remove_file(library);
        assert!(
            is_compiled && !handle.is_null(),
            "{compiler} has made no library"
        );
        Library {
            handle: handle.expose_provenance(),
        }
    }

    fn find(self, name: &CStr) -> *mut c_void {
        let handle = std::ptr::with_exposed_provenance_mut(self.handle);
        // SAFETY: the library is open, and the name ends with a zero.
        let function = unsafe { libc::dlsym(handle, name.as_ptr()) };
        assert!(!function.is_null(), "the code has no {name:?}");
        function
    }

    /// Returns the names of the calls whose stack can be measured.
    pub fn calls(self) -> Vec<&'static str> {
        type Name = extern "C" fn(usize) -> *const c_char;
        // SAFETY: the code defines it so.
        let name = unsafe { transmute::<*mut c_void, Name>(self.find(c"call_name")) };
        (0..)
            .map(|number| name(number))
            .take_while(|name| !name.is_null())
            // SAFETY: it is a constant of the library, which stays open.
            .map(|name| unsafe { CStr::from_ptr(name) }.to_str().expect("ASCII"))
            .collect()
    }

    /// Makes a call, and returns how many bytes of stack it took. The thread needs a stack of a megabyte.
    pub fn stack_of_call(self, number: usize) -> usize {
        assert!(number < self.calls().len());
        self.sized(c"stack_of_call", number)
    }

    /// Recurses with frames of about so many bytes until the stack overflows.
    pub fn recurse(self, frame: usize) -> usize {
        self.sized(c"recurse", frame)
    }

    /// Makes one frame of so many bytes.
    pub fn one_frame(self, frame: usize) -> usize {
        self.sized(c"one_frame", frame)
    }

    fn sized(self, name: &CStr, size: usize) -> usize {
        type Sized = extern "C" fn(usize) -> usize;
        // SAFETY: the code defines these so.
        let function = unsafe { transmute::<*mut c_void, Sized>(self.find(name)) };
        function(size)
    }

    /// Reads by `read`.
    pub fn read(self, fd: c_int, buffer: &mut [u8]) -> isize {
        type Read = unsafe extern "C" fn(c_int, *mut u8, usize) -> isize;
        // SAFETY: the code defines it so.
        let read = unsafe { transmute::<*mut c_void, Read>(self.find(c"c_read")) };
        // SAFETY: the buffer is valid for writes of its length.
        unsafe { read(fd, buffer.as_mut_ptr(), buffer.len()) }
    }

    /// Waits by `poll` until a descriptor can be read.
    pub fn poll(self, fd: c_int) -> c_int {
        type Poll = extern "C" fn(c_int) -> c_int;
        // SAFETY: the code defines it so.
        let poll = unsafe { transmute::<*mut c_void, Poll>(self.find(c"c_poll")) };
        poll(fd)
    }

    /// Sleeps by `usleep`.
    pub fn usleep(self, microseconds: c_uint) -> c_int {
        type Sleep = extern "C" fn(c_uint) -> c_int;
        // SAFETY: the code defines it so.
        let sleep = unsafe { transmute::<*mut c_void, Sleep>(self.find(c"c_usleep")) };
        sleep(microseconds)
    }

    /// Calls a function without arguments, which returns nothing or a number.
    pub fn call(self, name: &CStr) -> c_int {
        type Call = extern "C" fn() -> c_int;
        assert!(
            [
                c"c_lock",
                c"c_unlock",
                c"c_wait",
                c"c_post",
                c"c_spawn",
                c"c_vfork"
            ]
            .contains(&name),
            "{name:?} is none of these"
        );
        // SAFETY: the code defines these so; of one without a result the number means nothing.
        let call = unsafe { transmute::<*mut c_void, Call>(self.find(name)) };
        call()
    }
}
