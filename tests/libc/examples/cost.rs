//! Instructions, not seconds: `cost FUNCTION TIMES [own]` calls a function of libc many times on a native thread of a patched
//! process, for callgrind to count; with `own`, libc's own definition, as a process without the feature calls it.
//!
//!     cargo build --release -p greenpatch-libc-tests --example cost
//!     for times in 1000 11000; do
//!         valgrind --tool=callgrind --callgrind-out-file=/dev/null target/release/examples/cost read $times
//!     done
#![allow(missing_docs, unsafe_code)]

use std::env;
use std::ffi::{CStr, c_int, c_void};
use std::hint::black_box;
use std::mem::transmute;

use greenpatch_libc_tests::patch;

type Read = unsafe extern "C" fn(c_int, *mut c_void, usize) -> isize;
type Poll = unsafe extern "C" fn(*mut libc::pollfd, libc::nfds_t, c_int) -> c_int;

fn main() {
    let arguments: Vec<_> = env::args().collect();
    let (name, times) = (arguments[1].clone(), arguments[2].parse::<usize>());
    let times = times.expect("a number");
    let is_own = arguments.get(3).is_some_and(|word| word == "own");
    patch();
    // An OS thread: the program is not compiled with greenpatch as std.
    std::thread::spawn(move || call(&name, times, is_own))
        .join()
        .expect("it does not panic");
}

fn call(name: &str, times: usize, is_own: bool) {
    match name {
        "read" => {
            let mut read: Read = libc::read;
            if is_own {
                // SAFETY: libc's definition has this type.
                read = unsafe { transmute::<*mut c_void, Read>(next(c"read")) };
            }
            for _ in 0..times {
                // SAFETY: it fails, since no descriptor has the number.
                black_box(unsafe { read(black_box(-1), std::ptr::null_mut(), 1) });
            }
        }
        "poll" => {
            let mut poll: Poll = libc::poll;
            if is_own {
                // SAFETY: libc's definition has this type.
                poll = unsafe { transmute::<*mut c_void, Poll>(next(c"poll")) };
            }
            for _ in 0..times {
                // SAFETY: there are no descriptors.
                black_box(unsafe { poll(std::ptr::null_mut(), black_box(0), 0) });
            }
        }
        name => panic!("no function {name}"),
    }
}

fn next(name: &CStr) -> *mut c_void {
    // SAFETY: the name ends with a zero.
    unsafe { libc::dlsym(libc::RTLD_NEXT, name.as_ptr()) }
}
