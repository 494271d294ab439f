//! Whether a signal ends a blocking call with `Interrupted`.
//!
//! A handler that was installed without `SA_RESTART` ends reads and writes with `Interrupted`; with the flag the OS
//! restarts them. The call in which a hub sleeps is ended in both cases, and does not tell by which signal. So all handlers
//! are inspected then: a program that has any without the flag has to expect `Interrupted` at any time.
#![allow(unsafe_code)]

use std::mem;

/// Signals raised by a fault of the thread itself. std has handlers for some of them, without the flag.
const FAULTS: [libc::c_int; 6] = [
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGILL,
    libc::SIGFPE,
    libc::SIGTRAP,
    libc::SIGSYS,
];

/// The highest signal number. The OS reports an error for those that it does not have.
const LAST: libc::c_int = 64;

/// Returns whether there is a handler that ends calls.
#[cold]
pub(super) fn end_calls() -> bool {
    (1..=LAST)
        .filter(|signal| !FAULTS.contains(signal))
        .any(ends_calls)
}

fn ends_calls(signal: libc::c_int) -> bool {
    // SAFETY: `sigaction` is plain data, for which zeroes are valid.
    let mut action: libc::sigaction = unsafe { mem::zeroed() };
    // SAFETY: `action` is valid for a write; without a new action none is changed.
    let result = unsafe { libc::sigaction(signal, std::ptr::null(), &raw mut action) };
    result == 0
        && action.sa_sigaction != libc::SIG_DFL
        && action.sa_sigaction != libc::SIG_IGN
        && action.sa_flags & libc::SA_RESTART == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    extern "C" fn nothing(_: libc::c_int) {}

    fn install(signal: libc::c_int, handler: libc::sighandler_t, flags: libc::c_int) {
        // SAFETY: `sigaction` is plain data, for which zeroes are valid.
        let mut action: libc::sigaction = unsafe { mem::zeroed() };
        action.sa_sigaction = handler;
        action.sa_flags = flags;
        // SAFETY: the handler does nothing, and the signal is used by no other test.
        let result = unsafe { libc::sigaction(signal, &raw const action, std::ptr::null_mut()) };
        assert_eq!(result, 0);
    }

    #[test]
    fn only_a_handler_without_the_flag_ends_calls() {
        let signal = libc::SIGVTALRM;
        let handler = nothing as *const () as libc::sighandler_t;
        for (handler, flags, expected) in [
            (libc::SIG_DFL, 0, false),
            (handler, 0, true),
            (handler, libc::SA_RESTART, false),
            (handler, libc::SA_SIGINFO, true),
            (libc::SIG_IGN, 0, false),
            (libc::SIG_DFL, 0, false),
        ] {
            install(signal, handler, flags);
            assert_eq!(ends_calls(signal), expected);
            assert_eq!(end_calls(), expected);
        }
    }
}
