//! Linked into programs that `cargo greenpatch` builds: called in place of the C function `main`, which
//! is then called from here. So patching comes after what registers itself before `main`, and on the main thread.
//!
//! The linker is told to do so by `--wrap=main`: what refers to `main` gets `__wrap_main`, and `__real_main` is
//! `main`. A program that uses nothing of std is not linked with the function that patches: the weak symbol is
//! null in it.
//!
//! It is compiled twice: with `--cfg panics_abort` for programs that are linked with `-C panic=abort`, which greenpatch,
//! compiled for unwinding as std is, cannot see by itself.
#![no_std]

use core::ffi::{c_char, c_int};
use core::ptr;

core::arch::global_asm!(".weak greenpatch_before_main");

unsafe extern "C" {
    fn greenpatch_before_main(panics_abort: bool);
    fn __real_main(
        count: c_int,
        arguments: *const *const c_char,
        environment: *const *const c_char,
    ) -> c_int;
}

/// A static that is read as volatile, since the compiler takes the address of a function for one that is never null.
static BEFORE_MAIN: Option<unsafe extern "C" fn(bool)> = Some(greenpatch_before_main);

/// Called by the C library.
///
/// # Safety
///
/// As `main`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __wrap_main(
    count: c_int,
    arguments: *const *const c_char,
    environment: *const *const c_char,
) -> c_int {
    // SAFETY: a reference is valid for reads; and null is a value of the type.
    let before_main = unsafe { ptr::read_volatile(&raw const BEFORE_MAIN) };
    if let Some(before_main) = before_main {
        // SAFETY: this is the function of that name in `launch.rs`, which asks nothing of its caller.
        unsafe { before_main(cfg!(panics_abort)) };
    }
    // SAFETY: by the contract of this function; a `main` that takes fewer arguments ignores the others, as
    // it does when the C library calls it.
    unsafe { __real_main(count, arguments, environment) }
}
