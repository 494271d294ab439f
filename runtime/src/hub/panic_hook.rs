//! Whether a panic hook runs on this OS thread, also one that greenpatch knows nothing of.
//!
//! std marks the OS thread while the hook runs, and aborts if anything else panics there meanwhile, so no green
//! thread may be switched to. It does not say that the mark is set. But the function of std that calls the
//! hook is on the stack then, and is gone from it when unwinding begins. Its address is learned once, from two
//! panics of different origin.
#![allow(unsafe_code)]

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::panic_strategy;

/// The function of std that calls the hook; zero while it is not known.
static CALLER: AtomicUsize = AtomicUsize::new(0);

/// How many functions of a stack are kept: those of the hook, and the one that calls it.
const KEPT: usize = 16;

/// The functions that run, by where they start, the innermost first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trace([usize; KEPT]);

impl Trace {
    /// The functions that are on the stack now.
    pub(crate) fn here() -> Self {
        let mut trace = Trace([0; KEPT]);
        let mut places = trace.0.iter_mut();
        walk(|function| {
            let place = places.next();
            place.map(|place| *place = function).is_none()
        });
        trace
    }
}

/// Learns which function calls the hook, from what ran in one hook, called by two panics that do not enter
/// std by the same function.
pub(crate) fn learn_caller(one: Trace, other: Trace) {
    if let Some(caller) = common(&one, &other) {
        CALLER.store(caller, Ordering::Relaxed);
    }
}

/// The last function that two traces have in common, from the innermost on. The hook and what it has called are the same in
/// both, and so is the caller; the caller's callers are not. Where no difference is to be seen, the caller is not either.
fn common(one: &Trace, other: &Trace) -> Option<usize> {
    let mut pairs = one.0.iter().zip(&other.0);
    let count = pairs.position(|(one, other)| one != other)?;
    one.0[..count].last().copied()
}

/// Whether the panic hook runs on this stack, if there is a panic on this OS thread.
pub(super) fn is_running() -> bool {
    if panic_strategy::is_abort() {
        // Nothing unwinds, so the panic is in its hook.
        return true;
    }
    let caller = CALLER.load(Ordering::Relaxed);
    let mut found = false;
    if caller != 0 {
        walk(|function| {
            found = function == caller;
            found
        });
    }
    found
}

/// Calls `visit` with the start of each function on the stack, the innermost first, until that says true.
#[cfg(all(unix, not(target_arch = "arm")))]
fn walk(mut visit: impl FnMut(usize) -> bool) {
    use std::ffi::{c_int, c_void};

    type Visit<'a> = &'a mut dyn FnMut(usize) -> bool;

    /// `_URC_NO_REASON` goes on to the next function, anything else stops.
    const GO_ON: c_int = 0;
    const STOP: c_int = 5;

    // The unwinder that std has linked.
    unsafe extern "C" {
        fn _Unwind_Backtrace(
            visit: extern "C" fn(*mut c_void, *mut c_void) -> c_int,
            argument: *mut c_void,
        ) -> c_int;
        fn _Unwind_GetRegionStart(context: *mut c_void) -> usize;
    }

    extern "C" fn each(context: *mut c_void, argument: *mut c_void) -> c_int {
        // SAFETY: it is the `Visit` below, which outlives the walk.
        let visit = unsafe { &mut *argument.cast::<Visit<'_>>() };
        // SAFETY: the unwinder hands its context to this call.
        let function = unsafe { _Unwind_GetRegionStart(context) };
        if visit(function) { STOP } else { GO_ON }
    }

    let mut visit: Visit<'_> = &mut visit;
    // SAFETY: `each` takes the argument for what it is, and does not unwind: neither of the closures in this file
    // does.
    unsafe { _Unwind_Backtrace(each, (&raw mut visit).cast()) };
}

/// Where there is no such unwinder nothing is found.
#[cfg(not(all(unix, not(target_arch = "arm"))))]
fn walk(_visit: impl FnMut(usize) -> bool) {}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(functions: &[usize]) -> Trace {
        let mut trace = Trace([0; KEPT]);
        trace.0[..functions.len()].copy_from_slice(functions);
        trace
    }

    #[test]
    fn the_caller_is_the_last_that_two_traces_have_in_common() {
        assert_eq!(
            common(&trace(&[1, 2, 3, 4]), &trace(&[1, 2, 3, 5])),
            Some(3)
        );
        assert_eq!(common(&trace(&[1, 2]), &trace(&[1, 2, 3])), Some(2));
        assert_eq!(common(&trace(&[1]), &trace(&[2])), None);
        // It lies beyond what is kept.
        assert_eq!(common(&trace(&[7; KEPT]), &trace(&[7; KEPT])), None);
        assert_eq!(common(&trace(&[]), &trace(&[])), None);
    }
}
