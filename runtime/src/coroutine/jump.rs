//! The switch on x86-64 Linux.
//!
//! It is inlined where it is used, and jumps: there is no call and no return, so the processor's
//! prediction of returns holds in the flow that goes on as far as both were left by the same calls, which
//! threads that wait in the same kind of place were. The compiler is told that all registers are lost but
//! `rbx` and `rbp`, which it does not let go; these two are kept on the stack that is left:
//!
//! ```text
//!        ⋮                                    of a stack that was just prepared
//!   │ frames       │                          ├──────────────┤ top
//!   │  ⋮           │                          │ 0, 0         │
//!   ├──────────────┤                          ├──────────────┤
//!   │ goes on at   │                          │ begin        │
//!   │ rbx          │                          │ rbx: entry   │
//!   │ rbp          │ ◀── SavedContext              │ rbp: 0       │ ◀── SavedContext
//!   └──────────────┘                          └──────────────┘
//! ```
//!
//! The control words of the floating-point units are not switched: Rust code does not change them.
//!
//! Backtraces and unwinding end at `begin`, which looks like a function without a caller. `entry` does not unwind,
//! since it is `extern "C"`: there a panic aborts.
#![allow(unsafe_code)]

use std::arch::{asm, naked_asm};
use std::cell::Cell;
use std::ptr;

#[cfg(feature = "sanitizer")]
use super::sanitizer::Bounds;
use super::stack::Stack;

/// Where a flow was left, while it is.
#[derive(Debug)]
pub(crate) struct SavedContext {
    stack_pointer: Cell<*mut usize>,
    #[cfg(feature = "sanitizer")]
    bounds: Cell<Bounds>,
}

impl SavedContext {
    /// Of a flow that was not left yet.
    pub(crate) const fn new() -> Self {
        SavedContext {
            stack_pointer: Cell::new(ptr::null_mut()),
            #[cfg(feature = "sanitizer")]
            bounds: Cell::new(Bounds::none()),
        }
    }

    /// Of the flow that runs on the OS thread's own stack.
    pub(crate) fn of_this_thread() -> Self {
        let context = SavedContext::new();
        #[cfg(feature = "sanitizer")]
        context.bounds.set(Bounds::of_this_thread());
        context
    }

    /// Becomes the context that `other` was.
    pub(crate) fn adopt(&self, other: SavedContext) {
        self.stack_pointer.set(other.stack_pointer.get());
        #[cfg(feature = "sanitizer")]
        self.bounds.set(other.bounds.get());
    }

    /// Of a flow that has begun without [`prepare`], where the one before it on `stack` has ended.
    #[inline]
    pub(crate) fn goes_on_upon(&self, stack: &Stack) {
        #[cfg(feature = "sanitizer")]
        self.bounds.set(Bounds::of(stack));
        #[cfg(not(feature = "sanitizer"))]
        let _ = stack;
    }

    /// Asks the processor for so many lines of memory that a switch to this flow will need first.
    #[inline(always)]
    pub(crate) fn prefetch<const LINES: usize>(&self) {
        let place = self.stack_pointer.get().cast::<u8>();
        for line in 0..LINES {
            prefetch(place.wrapping_add(64 * line));
        }
    }
}

/// Lets a flow begin in `entry` on `stack` when `context` is switched to.
///
/// # Safety
///
/// No code runs on the stack or will resume there, the caller owns it exclusively, and it outlives every switch to
/// `context`.
#[inline]
pub(crate) unsafe fn prepare(stack: &Stack, context: &SavedContext, entry: extern "C" fn() -> !) {
    let top: *mut usize = stack.top().as_ptr().cast();
    // SAFETY: a stack has room for more than five words below its top.
    let place = unsafe { top.sub(5) };
    // Above `begin` lies what looks like a frame whose caller is at zero: a debugger may look there, and what
    // is above the top may be the next stack's guard page.
    let words = [0, entry as usize, begin as *const () as usize, 0, 0];
    // SAFETY: as above, and by the caller's guarantee the memory is in no other use.
    unsafe { place.cast::<[usize; 5]>().write(words) };
    context.stack_pointer.set(place);
    #[cfg(feature = "sanitizer")]
    context.bounds.set(Bounds::of(stack));
}

/// Leaves the flow that runs, which `from` then says where to find, and goes on in that of `to`. Returns
/// when another flow goes on in `from`.
///
/// # Safety
///
/// `to` says where a flow of this OS thread was left, or prepared, and that flow is suspended. `from` stays
/// in place until it is switched to.
#[inline(always)]
pub(crate) unsafe fn switch(from: &SavedContext, to: &SavedContext) {
    #[cfg(feature = "sanitizer")]
    let leaving = to.bounds.get().begin_switch();
    // SAFETY: by the caller's promise the word at `to` is the stack pointer of a suspended flow, on whose stack
    // lie what this very code or `prepare` has left there, so the jump goes to the label below in that
    // flow's frame, or to `begin`. When this flow goes on at the label, its stack is as it was left, and
    // `rbx` and `rbp` have been restored; every other register is declared as lost. The pushes are accounted for,
    // since the options do not say `nostack`.
    unsafe {
        asm!(
            "lea rax, [rip + 2f]",
            "push rax",
            "push rbx",
            "push rbp",
            "mov [rdi], rsp",
            "mov rsp, [rsi]",
            "pop rbp",
            "pop rbx",
            "pop rax",
            "jmp rax",
            "2:",
            inout("rdi") from.stack_pointer.as_ptr() => _,
            inout("rsi") to.stack_pointer.as_ptr() => _,
            out("rax") _,
            out("r12") _,
            out("r13") _,
            out("r14") _,
            out("r15") _,
            clobber_abi("sysv64"),
        );
    }
    #[cfg(feature = "sanitizer")]
    leaving.end_switch();
}

/// Leaves the flow that runs for good, and goes on in that of `to`. Nothing on the stack that is left is
/// dropped. Once another flow runs, that stack can be prepared anew.
///
/// # Safety
///
/// `to` is as for [`switch`].
#[inline(always)]
pub(crate) unsafe fn leave_for(to: &SavedContext) -> ! {
    #[cfg(feature = "sanitizer")]
    to.bounds.get().begin_last_switch();
    // SAFETY: as in `switch`; this flow does not go on.
    unsafe {
        asm!(
            "mov rsp, [rsi]",
            "pop rbp",
            "pop rbx",
            "pop rax",
            "jmp rax",
            in("rsi") to.stack_pointer.as_ptr(),
            options(noreturn),
        );
    }
}

/// Where every flow on a stack of ours begins: `prepare` has put `entry` into the place of `rbx`.
#[unsafe(naked)]
extern "C" fn begin() -> ! {
    naked_asm!(
        ".cfi_startproc",
        // Nobody has called this: here every walk along the stack ends.
        ".cfi_undefined rip",
        // A call, but that the processor does not expect it to return, which it never does.
        "lea rax, [rip + 2f]",
        "push rax",
        "jmp rbx",
        "2:",
        "ud2",
        ".cfi_endproc",
    )
}

/// Asks the processor for a line of memory that will be needed soon.
#[inline(always)]
pub(crate) fn prefetch(place: *const u8) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

    // SAFETY: a prefetch touches nothing, whatever the address.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(place.cast()) };
}

/// To be called by the entry of a flow before anything else.
#[inline(always)]
pub(crate) fn begun() {
    #[cfg(feature = "sanitizer")]
    super::sanitizer::end_first_switch();
}
