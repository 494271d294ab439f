//! The body of a green thread: a closure that needs no box.
//!
//! Invariant:
//! 1. `closure` holds a value of the type that `call` and `discard` were made for, until one of the two is
//!    called with it, once.
#![allow(unsafe_code)]

use std::mem::{ManuallyDrop, MaybeUninit};
use std::ptr::NonNull;

/// Space for a closure that captures two words, such as a pointer to a trait object.
type Captured = [usize; 2];

/// A closure that is called once. It can move between OS threads.
pub(crate) struct Body {
    closure: MaybeUninit<Captured>,
    /// Calls the closure, drops it uncalled, or asks for its tag.
    act: unsafe fn(*mut Captured, Act) -> Option<NonNull<()>>,
}

/// What a green thread runs.
pub(crate) trait Run: Send + 'static {
    /// Runs it. Does not unwind.
    fn run(self);

    /// Returns what the layer above knows the green thread by before that has started.
    fn tag(&self) -> Option<NonNull<()>>;
}

impl<F: FnOnce() + Send + 'static> Run for F {
    #[inline]
    fn run(self) {
        self();
    }

    fn tag(&self) -> Option<NonNull<()>> {
        None
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    Call,
    Discard,
    Tag,
}

impl Body {
    /// Makes a body that runs `closure`.
    pub(crate) fn new<F: Run>(closure: F) -> Self {
        const {
            assert!(
                size_of::<F>() <= size_of::<Captured>(),
                "the closure captures too much"
            );
            assert!(align_of::<F>() <= align_of::<Captured>());
        }
        let mut captured = MaybeUninit::<Captured>::uninit();
        // SAFETY: the space is large and aligned enough.
        unsafe { captured.as_mut_ptr().cast::<F>().write(closure) };
        Body {
            closure: captured,
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

    /// Returns what the layer above knows the green thread by.
    pub(super) fn tag(&mut self) -> Option<NonNull<()>> {
        // SAFETY: by invariant 1; the closure stays.
        unsafe { (self.act)(self.closure.as_mut_ptr(), Act::Tag) }
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        // SAFETY: by invariant 1: a body that is run is not dropped.
        unsafe { (self.act)(self.closure.as_mut_ptr(), Act::Discard) };
    }
}

/// # Safety
///
/// `captured` holds an `F`, which is not used after this unless it is asked for its tag.
unsafe fn act<F: Run>(captured: *mut Captured, act: Act) -> Option<NonNull<()>> {
    let closure = captured.cast::<F>();
    match act {
        // SAFETY: by the caller's contract.
        Act::Call => unsafe { closure.read() }.run(),
        // SAFETY: by the caller's contract.
        Act::Discard => drop(unsafe { closure.read() }),
        // SAFETY: by the caller's contract.
        Act::Tag => return unsafe { (*closure).tag() },
    }
    None
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_closure_is_called_or_dropped_once() {
        let shared = Arc::new(());
        let body = Body::new({
            let shared = shared.clone();
            move || assert_eq!(Arc::strong_count(&shared), 2)
        });
        body.run();
        assert_eq!(Arc::strong_count(&shared), 1);
        drop(Body::new({
            let shared = shared.clone();
            move || panic!("{shared:?}")
        }));
        assert_eq!(Arc::strong_count(&shared), 1);
    }
}
