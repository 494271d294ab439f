#![allow(unsafe_code)]

use std::ffi::{c_int, c_long};

/// What libc's `syscall` is in this process.
#[test]
fn the_definition_here_is_the_one_that_is_called() {
    unsafe extern "C" {
        fn syscall(number: c_long, ...) -> c_long;
        fn sched_yield() -> c_int;
    }
    assert!(super::futex::EXPORTS.contains(&(syscall as *const ())));
    assert!(super::yielding::EXPORTS.contains(&(sched_yield as *const ())));
}
