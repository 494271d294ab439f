//! Registers stacks with valgrind, which otherwise infers a switch from the distance that the stack pointer moves.
//!
//! A request is a sequence of instructions that have no effect on a processor (valgrind's manual, "The Client Request
//! mechanism"; `STACK_REGISTER` is number 0x1501 with the lowest and the highest address).
#![allow(unsafe_code)]

use std::arch::asm;
use std::ptr::NonNull;

const STACK_REGISTER: usize = 0x1501;

/// Registers the memory from `lowest` up to `top` as a stack.
pub(super) fn register(lowest: NonNull<u8>, top: NonNull<u8>) {
    let request: [usize; 6] = [
        STACK_REGISTER,
        lowest.addr().get(),
        top.addr().get(),
        0,
        0,
        0,
    ];
    // SAFETY: `rdi` is rotated by 128 bits in total, and `rbx` is exchanged with itself, so nothing changes. valgrind
    // reads the request and writes a number to `rdx`.
    unsafe {
        asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") request.as_ptr(),
            inout("rdx") 0_usize => _,
            options(nostack),
        );
    }
}
