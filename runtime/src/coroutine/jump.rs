//! The switch on x86-64 Linux.
//!
//! It is inlined into its callers and jumps. There is no call and no return, so the processor's return prediction stays
//! correct in the resumed flow as far as both flows were suspended by the same sequence of calls, as threads that wait in
//! the same kind of place are. All registers are declared as clobbered except `rbx` and `rbp`, which the compiler does not
//! allow. These two are saved on the suspended stack:
//!
//! ```text
//!        suspended stack                      prepared stack
//!   │ frames       │                          ├──────────────┤ top
//!   │  ⋮           │                          │ 0, 0         │
//!   ├──────────────┤                          ├──────────────┤
//!   │ resumes at   │                          │ begin        │
//!   │ rbx          │                          │ rbx: entry   │
//!   │ rbp          │ ◀── SavedContext         │ rbp: 0       │ ◀── SavedContext
//!   └──────────────┘                          └──────────────┘
//! ```
//!
//! The control words of the floating-point units are not switched: Rust code does not change them.
//!
//! Backtraces and unwinding end at `begin`, which looks like a function without a caller. `entry` does not unwind: it is
//! `extern "C"`, so a panic that reaches it aborts.
#![allow(unsafe_code)]

use std::arch::{asm, naked_asm};
use std::cell::Cell;
use std::ptr;

pub(crate) use backtrace::backtrace;
pub(crate) use interrupted::{Interrupted, NotCopied, Room, own_stack};

#[cfg(feature = "sanitizer")]
use super::sanitizer::Bounds;
use super::stack::Stack;

mod backtrace;
mod frames;
mod interrupted;

/// The point at which a suspended flow resumes.
#[derive(Debug)]
pub(crate) struct SavedContext {
    stack_pointer: Cell<*mut usize>,
    #[cfg(feature = "sanitizer")]
    bounds: Cell<Bounds>,
}

impl SavedContext {
    /// Creates the context of a flow that has not been suspended yet.
    pub(crate) const fn new() -> Self {
        SavedContext {
            stack_pointer: Cell::new(ptr::null_mut()),
            #[cfg(feature = "sanitizer")]
            bounds: Cell::new(Bounds::none()),
        }
    }

    /// Creates the context of the flow on the OS thread's own stack.
    pub(crate) fn of_this_thread() -> Self {
        let context = SavedContext::new();
        #[cfg(feature = "sanitizer")]
        context.bounds.set(Bounds::of_this_thread());
        context
    }

    /// Replaces this context with `other`.
    pub(crate) fn adopt(&self, other: SavedContext) {
        self.stack_pointer.set(other.stack_pointer.get());
        #[cfg(feature = "sanitizer")]
        self.bounds.set(other.bounds.get());
    }

    /// Sets up the context of a flow that begins on `stack` without [`prepare`], after the previous flow there has ended.
    #[inline]
    pub(crate) fn goes_on_upon(&self, stack: &Stack) {
        #[cfg(feature = "sanitizer")]
        self.bounds.set(Bounds::of(stack));
        #[cfg(not(feature = "sanitizer"))]
        let _ = stack;
    }

    /// Returns the lowest address that the flow uses of its stack, while it is left.
    pub(crate) fn left_at(&self) -> Option<usize> {
        Some(self.stack_pointer.get().addr())
    }

    /// Prefetches the first `LINES` cache lines that a switch to this flow will access.
    #[inline(always)]
    pub(crate) fn prefetch<const LINES: usize>(&self) {
        let address = self.stack_pointer.get().cast::<u8>();
        for line in 0..LINES {
            prefetch(address.wrapping_add(64 * line));
        }
    }
}

/// Prepares a flow that begins in `entry` on `stack` when `context` is switched to.
///
/// # Safety
///
/// No code may run on the stack or resume there, the caller must own the stack exclusively, and the stack must outlive
/// every switch to `context`.
#[inline]
pub(crate) unsafe fn prepare(stack: &Stack, context: &SavedContext, entry: extern "C" fn() -> !) {
    let top: *mut usize = stack.top().as_ptr().cast();
    // SAFETY: a stack has room for more than five words below its top.
    let start = unsafe { top.sub(5) };
    // The two zeros above `begin` look like a frame with its caller at zero: a debugger may read them, and the memory
    // above the top may be the next stack's guard page.
    let words = [0, entry as usize, begin as *const () as usize, 0, 0];
    // SAFETY: as above, and the caller guarantees that the memory is in no other use.
    unsafe { start.cast::<[usize; 5]>().write(words) };
    context.stack_pointer.set(start);
    #[cfg(feature = "sanitizer")]
    context.bounds.set(Bounds::of(stack));
}

/// Suspends the running flow, saves its context in `from`, and resumes the flow of `to`. Returns when another flow
/// switches to `from`.
///
/// # Safety
///
/// `to` must be the context of a suspended or prepared flow of this OS thread. `from` must stay in place until it is
/// switched to.
#[inline(always)]
pub(crate) unsafe fn switch(from: &SavedContext, to: &SavedContext) {
    #[cfg(feature = "sanitizer")]
    let leaving = to.bounds.get().begin_switch();
    // SAFETY: the caller guarantees that the word at `to` is the stack pointer of a suspended flow. On its stack lie the
    // words that this code or `prepare` has written there, so the jump goes to the label below in that flow's frame, or
    // to `begin`. When this flow resumes at the label, its stack is unchanged, and `rbx` and `rbp` have been restored;
    // every other register is declared as clobbered. The pushes are permitted, since the options do not contain
    // `nostack`.
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

/// Leaves the running flow for good, and resumes the flow of `to`. Nothing on the stack that is left is dropped. Once
/// another flow runs, that stack can be prepared again.
///
/// # Safety
///
/// `to` must be as for [`switch`].
#[inline(always)]
pub(crate) unsafe fn leave_for(to: &SavedContext) -> ! {
    #[cfg(feature = "sanitizer")]
    to.bounds.get().begin_last_switch();
    // SAFETY: as in `switch`; this flow does not resume.
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

/// The first code of every flow on one of greenpatch's stacks: `prepare` has stored `entry` as the saved `rbx`.
#[unsafe(naked)]
extern "C" fn begin() -> ! {
    naked_asm!(
        ".cfi_startproc",
        // There is no caller: every stack walk ends here.
        ".cfi_undefined rip",
        // A call that the processor does not expect to return, since it never does.
        "lea rax, [rip + 2f]",
        "push rax",
        "jmp rbx",
        "2:",
        "ud2",
        ".cfi_endproc",
    )
}

/// Prefetches the cache line at `address`.
#[inline(always)]
pub(crate) fn prefetch(address: *const u8) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

    // SAFETY: a prefetch accesses no memory, whatever the address.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
}

/// Must be called first by the entry of a flow.
#[inline(always)]
pub(crate) fn begun() {
    #[cfg(feature = "sanitizer")]
    super::sanitizer::end_first_switch();
}
