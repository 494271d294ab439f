//! Which signals end a call that waits.
//!
//! A signal with a handler that was installed without `SA_RESTART` ends calls that read or write with `Interrupted`, with it the
//! OS makes them anew. What a hub sleeps in is ended by both, and does not say by which signal. So once it was ended, all
//! handlers are looked at: a program that has any without the flag has to expect `Interrupted` at any time.
#![allow(unsafe_code)]

use std::mem;

/// Signals that tell of a fault of the thread itself; std has handlers for some of them, without the flag.
const FAULTS: [libc::c_int; 6] = [
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGILL,
    libc::SIGFPE,
    libc::SIGTRAP,
    libc::SIGSYS,
];

/// The number of the last one. There may be fewer, which the OS says.
const LAST: libc::c_int = 64;

/// Whether any handler is there that ends calls.
#[cold]
pub(super) fn end_calls() -> bool {
    (1..=LAST)
        .filter(|signal| !FAULTS.contains(signal))
        .any(ends_calls)
}

fn ends_calls(signal: libc::c_int) -> bool {
    // SAFETY: an action of nothing is valid.
    let mut action: libc::sigaction = unsafe { mem::zeroed() };
    // SAFETY: it is valid for a write, and nothing is changed.
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
        // SAFETY: an action of nothing is valid.
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
