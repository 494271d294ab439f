//! What a green thread is to run, in a form that needs no box.
//!
//! Invariant:
//! 1. `closure` holds a value of the type that `call` and `discard` were made for, until one of the two is
//!    called with it, once.
#![allow(unsafe_code)]

use std::mem::{ManuallyDrop, MaybeUninit};

/// Room for a closure that has captured two words, such as a pointer to a trait object.
type Room = [usize; 2];

/// A closure that is called once. It can move between OS threads.
pub(crate) struct Job {
    closure: MaybeUninit<Room>,
    /// Calls the closure, or drops it uncalled.
    act: unsafe fn(*mut Room, Act),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    Call,
    Discard,
}

impl Job {
    /// A job that calls `closure`, which must not unwind.
    pub(crate) fn new<F: FnOnce() + Send + 'static>(closure: F) -> Self {
        const {
            assert!(
                size_of::<F>() <= size_of::<Room>(),
                "it has captured too much"
            );
            assert!(align_of::<F>() <= align_of::<Room>());
        }
        let mut room = MaybeUninit::<Room>::uninit();
        // SAFETY: the room is large and aligned enough.
        unsafe { room.as_mut_ptr().cast::<F>().write(closure) };
        Job {
            closure: room,
            act: act::<F>,
        }
    }

    /// Calls the closure.
    #[inline]
    pub(super) fn run(self) {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: by invariant 1: `this` is not dropped.
        unsafe { (this.act)(this.closure.as_mut_ptr(), Act::Call) };
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        // SAFETY: by invariant 1: a job that is run is not dropped.
        unsafe { (self.act)(self.closure.as_mut_ptr(), Act::Discard) };
    }
}

/// # Safety
///
/// `room` holds an `F`, which nobody uses after this.
unsafe fn act<F: FnOnce()>(room: *mut Room, act: Act) {
    // SAFETY: by the caller's promise.
    let closure = unsafe { room.cast::<F>().read() };
    if act == Act::Call {
        closure();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_closure_is_called_or_dropped_once() {
        let shared = Arc::new(());
        let job = Job::new({
            let shared = shared.clone();
            move || assert_eq!(Arc::strong_count(&shared), 2)
        });
        job.run();
        assert_eq!(Arc::strong_count(&shared), 1);
        drop(Job::new({
            let shared = shared.clone();
            move || panic!("{shared:?}")
        }));
        assert_eq!(Arc::strong_count(&shared), 1);
    }
}
