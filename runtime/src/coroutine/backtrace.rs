//! Backtraces of suspended flows.
//!
//! A backtrace is captured on the stack of the code that asks for it. In between is a function whose unwind information says
//! that the suspended flow has called it, so the unwinder goes on there. It finds what the switch has pushed (`jump`) where
//! a function would have saved its caller's registers:
//!
//! ```text
//!   stack of the caller               suspended stack
//!   │ backtrace          │            │ frames, up to `begin` │
//!   │ called_by          │ ─ unwinds ▶├───────────────────────┤ ◀── CFA: where the flow resumes with its stack pointer
//!   │ capture            │            │ resumes at            │
//!   │ Backtrace, unwinder│            │ rbx                   │
//!                                     │ rbp                   │ ◀── SavedContext
//! ```
//!
//! So nothing is written to the suspended stack, it needs no free room, and the running stack does not change. The flow's
//! other registers are of no use to the unwinder: the switch has declared them as clobbered, so the functions that need them
//! later have saved them themselves.
#![allow(unsafe_code)]

use std::arch::naked_asm;
use std::backtrace::Backtrace;
use std::panic;

use super::SavedContext;

/// Captures a backtrace of a suspended flow. Its first frames are those of this function. The addresses are resolved when it
/// is formatted.
///
/// # Safety
///
/// `flow` must be the context of a flow that has begun and is suspended, and that does not resume before this returns.
pub(crate) unsafe fn backtrace(flow: &SavedContext) -> Option<Backtrace> {
    let mut captured = None;
    // SAFETY: the flow is suspended, so these words lie on its stack, and `captured` outlives the call.
    unsafe { called_by(flow.stack_pointer.get(), &raw mut captured) };
    captured
}

/// Calls [`capture`] in a frame whose caller is the flow that has been suspended with this stack pointer.
///
/// # Safety
///
/// `suspended` must point to the words that a switch has pushed, and these must not change meanwhile. `captured` must be valid
/// for a write.
#[unsafe(naked)]
unsafe extern "C" fn called_by(suspended: *mut usize, captured: *mut Option<Backtrace>) {
    naked_asm!(
        ".cfi_startproc",
        "push rbp",
        ".cfi_def_cfa_offset 16",
        ".cfi_offset rbp, -16",
        "mov rbp, rdi",
        // From here on the caller is the suspended flow. `rbp` keeps its value in the call.
        ".cfi_def_cfa rbp, 24",
        ".cfi_offset rbx, -16",
        ".cfi_offset rbp, -24",
        "mov rdi, rsi",
        "call {capture}",
        // And here it is the true caller again, to which this returns.
        ".cfi_def_cfa rsp, 16",
        ".cfi_restore rbx",
        ".cfi_offset rbp, -16",
        "pop rbp",
        ".cfi_def_cfa_offset 8",
        ".cfi_restore rbp",
        "ret",
        ".cfi_endproc",
        capture = sym capture,
    )
}

/// # Safety
///
/// `captured` must be valid for a write.
unsafe extern "C" fn capture(captured: *mut Option<Backtrace>) {
    // A panic must not unwind into the suspended flow. It is caught here: the unwinder looks for no handler beyond this one.
    let backtrace = panic::catch_unwind(Backtrace::force_capture).ok();
    // SAFETY: guaranteed by the caller.
    unsafe { captured.write(backtrace) };
}
