//! Whether the code that runs on this OS thread is greenpatch's own.
//!
//! Layer: below all others. Called by: `hub`, `wait`, `seam`, `green`, `inspect`, `libc`. Calls: std. Never: calls the OS.
//!
//! greenpatch calls functions of libc itself: std's locks wait by a futex, the reactor by `epoll_wait`. Such a call must
//! never let another green thread run, since it may come while a queue is locked or a hub's state is borrowed. So
//! greenpatch's own code says when it begins ([`enter`]) and ends, and the functions that `libc` defines ask whether they
//! are called from outside ([`is_open`]). A switch to another green thread keeps the answer of each.
//!
//! A signal handler may interrupt greenpatch's own code, and wake a thread. That is put off until this code ends.
//!
//! Without the crate's feature `libc` all of this is compiled to nothing.
#![allow(unsafe_code)]

#[cfg(greenpatch_libc)]
mod imp {
    use std::cell::Cell;
    use std::marker::PhantomData;
    use std::sync::atomic::{AtomicPtr, Ordering};
    use std::{mem, ptr};

    /// The OS thread has no hub.
    const NATIVE: u8 = 0;
    /// The OS thread has a hub, and runs code that is not greenpatch's.
    const OPEN: u8 = 1;
    /// The OS thread runs greenpatch's own code.
    const INSIDE: u8 = 2;

    ::std::thread_local! {
        // Without a destructor, so that it can be read at any time in the life of an OS thread, and in a signal handler.
        static SIDE: Cell<u8> = const { Cell::new(NATIVE) };
        /// Whether a signal handler has put something off.
        static IS_PUT_OFF: Cell<bool> = const { Cell::new(false) };
    }

    /// What is called for what was put off.
    static MAKE_UP: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

    /// greenpatch's own code runs on this OS thread until this is dropped, there.
    #[must_use = "greenpatch's own code ends when this is dropped"]
    pub(crate) struct Inside {
        before: u8,
        not_send: PhantomData<*const ()>,
    }

    /// Begins greenpatch's own code.
    #[inline(always)]
    pub(crate) fn enter() -> Inside {
        Inside {
            before: SIDE.replace(INSIDE),
            not_send: PhantomData,
        }
    }

    impl Drop for Inside {
        #[inline(always)]
        fn drop(&mut self) {
            SIDE.set(self.before);
            // After that: a signal handler that is called from here on does not put anything off.
            if IS_PUT_OFF.get() && self.before != INSIDE {
                make_up();
            }
        }
    }

    /// Ends greenpatch's own code on a hub's OS thread until the returned value is dropped, for a call that is not to be put
    /// off.
    pub(crate) fn leave() -> Inside {
        let before = SIDE.get();
        if before == INSIDE {
            SIDE.set(OPEN);
        }
        Inside {
            before,
            not_send: PhantomData,
        }
    }

    /// Returns true if greenpatch's own code runs on this OS thread: if a function of libc is called then, this code calls it,
    /// or a signal handler that has interrupted this code.
    #[inline(always)]
    pub(crate) fn is_inside() -> bool {
        SIDE.get() == INSIDE
    }

    /// Has `f` called on this OS thread when greenpatch's own code ends there. Async-signal-safe.
    pub(crate) fn put_off(f: fn()) {
        // Relaxed: it is always the same function.
        MAKE_UP.store(f as *mut (), Ordering::Relaxed);
        IS_PUT_OFF.set(true);
    }

    /// Calls what was put off, on an OS thread that has run a signal handler within greenpatch's own code.
    #[cold]
    pub(crate) fn make_up() {
        if !IS_PUT_OFF.replace(false) {
            return;
        }
        let f = MAKE_UP.load(Ordering::Relaxed);
        // SAFETY: `put_off` has stored a function of this type.
        let f = unsafe { mem::transmute::<*mut (), fn()>(f) };
        f();
    }

    /// Declares that code which is not greenpatch's runs next on this OS thread, which has a hub.
    #[inline(always)]
    pub(crate) fn open() {
        SIDE.set(OPEN);
    }

    /// Declares that greenpatch's own code runs next on this OS thread.
    #[inline(always)]
    pub(crate) fn close() {
        SIDE.set(INSIDE);
    }

    /// Returns true if this OS thread has a hub and runs code that is not greenpatch's.
    #[inline(always)]
    pub(crate) fn is_open() -> bool {
        SIDE.get() == OPEN
    }
}

#[cfg(not(greenpatch_libc))]
mod imp {
    /// greenpatch's own code runs until this is dropped.
    pub(crate) struct Inside;

    /// Begins greenpatch's own code.
    #[inline(always)]
    pub(crate) fn enter() -> Inside {
        Inside
    }

    /// Declares that code which is not greenpatch's runs next.
    #[inline(always)]
    pub(crate) fn open() {}

    /// Declares that greenpatch's own code runs next.
    #[inline(always)]
    pub(crate) fn close() {}
}

pub(crate) use imp::*;

#[cfg(all(test, greenpatch_libc))]
mod tests {
    use super::*;

    #[test]
    fn an_end_restores_what_was_before() {
        std::thread::spawn(|| {
            assert!(!is_open());
            open();
            assert!(is_open());
            let outer = enter();
            assert!(!is_open());
            drop(enter());
            assert!(!is_open());
            drop(outer);
            assert!(is_open());
            close();
            assert!(!is_open());
        })
        .join()
        .unwrap();
    }
}
