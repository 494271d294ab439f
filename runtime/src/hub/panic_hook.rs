//! Whether a panic hook runs on this OS thread, including hooks that were set without greenpatch.
//!
//! std marks the OS thread while the hook runs, and aborts if other code panics there meanwhile, so the hub must not
//! switch to a green thread. std gives no access to the mark. But the std function that calls the hook is on the stack
//! while the hook runs, and no longer when unwinding begins. Its address is learned once, from two panics of different
//! origin.
#![allow(unsafe_code)]

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::panic_strategy;

/// The address of the std function that calls the hook; zero while it is not known.
static CALLER: AtomicUsize = AtomicUsize::new(0);

/// The number of functions in a trace: those of the hook, and the one that calls it.
const DEPTH: usize = 16;

/// The start addresses of the functions on a stack, innermost first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trace([usize; DEPTH]);

impl Trace {
    /// Returns the trace of the current stack.
    pub(crate) fn here() -> Self {
        let mut trace = Trace([0; DEPTH]);
        let mut entries = trace.0.iter_mut();
        walk(|function| {
            let entry = entries.next();
            entry.map(|entry| *entry = function).is_none()
        });
        trace
    }
}

/// Learns which function calls the hook, from the traces of one hook in two panics that enter std by different
/// functions.
pub(crate) fn learn_caller(one: Trace, other: Trace) {
    if let Some(caller) = common(&one, &other) {
        CALLER.store(caller, Ordering::Relaxed);
    }
}

/// Returns the last function of the longest common prefix of two traces. The hook and the functions that it has called
/// are the same in both, and so is the hook's caller; the caller's callers differ. Returns `None` if the traces do not
/// differ, since the caller may then lie beyond them.
fn common(one: &Trace, other: &Trace) -> Option<usize> {
    let mut pairs = one.0.iter().zip(&other.0);
    let count = pairs.position(|(one, other)| one != other)?;
    one.0[..count].last().copied()
}

/// Returns true if the panic hook runs on this stack. Called only while this OS thread is panicking.
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

/// Calls `visit` with the start address of each function on the stack, innermost first, until it returns true.
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
        // SAFETY: the argument is the `Visit` below, which outlives the walk.
        let visit = unsafe { &mut *argument.cast::<Visit<'_>>() };
        // SAFETY: the unwinder has passed its context to this call.
        let function = unsafe { _Unwind_GetRegionStart(context) };
        if visit(function) { STOP } else { GO_ON }
    }

    let mut visit: Visit<'_> = &mut visit;
    // SAFETY: `each` casts the argument to its actual type. It does not unwind, since neither of the closures in this
    // file does.
    unsafe { _Unwind_Backtrace(each, (&raw mut visit).cast()) };
}

/// Visits nothing: this target has no such unwinder.
#[cfg(not(all(unix, not(target_arch = "arm"))))]
fn walk(_visit: impl FnMut(usize) -> bool) {}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(functions: &[usize]) -> Trace {
        let mut trace = Trace([0; DEPTH]);
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
        // The caller lies beyond the traces.
        assert_eq!(common(&trace(&[7; DEPTH]), &trace(&[7; DEPTH])), None);
        assert_eq!(common(&trace(&[]), &trace(&[])), None);
    }
}
