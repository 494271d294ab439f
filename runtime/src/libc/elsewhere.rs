//! Calls that have no form that does not block: a helper makes them.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ffi::c_int;
use std::ptr::NonNull;

use super::errno;
use crate::descriptor::ready::{Ended, Waiting};

/// What only one thread at a time accesses: the helper, while the caller waits for it.
struct Lent<T>(T);

// SAFETY: a call is made once, and its caller waits until it has returned. The pointers that a function of C is called with
// may be used by any thread of the process.
unsafe impl<T> Send for Lent<T> {}

impl<T> Lent<T> {
    /// Makes a closure that uses this capture all of it.
    fn get(&mut self) -> &mut T {
        &mut self.0
    }
}

unsafe extern "C" {
    safe fn __h_errno_location() -> NonNull<c_int>;
}

/// Has a helper make a call, through a patch point. Returns its result, with `errno` and `h_errno`. None if no helper has
/// made it.
pub(super) fn elsewhere<R: Copy>(
    seam: fn(&mut Waiting<'_>) -> Option<Ended>,
    call: &mut dyn FnMut() -> R,
) -> Option<R> {
    let made = Cell::new(None);
    let mut lent = Lent((call, &made));
    let mut make = || {
        let (call, made) = lent.get();
        let result = call();
        // SAFETY: it is the OS thread's own.
        let h_error = unsafe { __h_errno_location().read() };
        made.set(Some((result, errno::get(), h_error)));
    };
    seam(&mut Waiting::Elsewhere(&mut make))?;
    let (result, error, h_error) = made.get()?;
    errno::set(error);
    // SAFETY: it is the OS thread's own.
    unsafe { __h_errno_location().write(h_error) };
    Some(result)
}
