//! Whether the code that runs on this OS thread is greenpatch's own.
//!
//! Layer: below all others. Called by: `hub`, `wait`, `seam`, `interruption`, `green`, `inspect`, `libc`. Calls: std, and the loader once.
//! Never: makes a system call.
//!
//! greenpatch calls functions of libc itself: std's locks wait by a futex, the reactor by `epoll_wait`. Such a call must
//! never let another green thread run, since it may come while a queue is locked or a hub's state is borrowed. So
//! greenpatch's own code says when it begins ([`enter`]) and ends, and the functions that `libc` defines ask whether they
//! are called from outside ([`is_open`]). A switch to another green thread keeps the answer of each.
//!
//! What the functions ask first is whether the process has a hub at all ([`are_there_hubs`]), and then whether they may be called
//! from outside of greenpatch on this OS thread ([`may_be_open`]): one load each, and no call.
//!
//! A signal handler may interrupt greenpatch's own code, and wake a thread. That is put off until this code ends.
//!
//! Without the crate's feature `libc` all of this is compiled to nothing.
//!
//! Invariant:
//! 1. `PLACE` is zero, `ANYWHERE`, or the distance of `SIDE` that `place::of` has returned. It changes once, from zero.
#![allow(unsafe_code)]

#[cfg(greenpatch_libc)]
mod place;

#[cfg(greenpatch_libc)]
mod imp {
    use std::cell::Cell;
    use std::marker::PhantomData;
    use std::sync::atomic::{AtomicIsize, AtomicPtr, Ordering};
    use std::{mem, ptr};

    use super::place;

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

    /// Where `SIDE` is, from the thread pointer. Zero as long as no hub can be in this process.
    static PLACE: AtomicIsize = AtomicIsize::new(0);

    /// The value of `PLACE` if each OS thread has its `SIDE` somewhere else.
    const ANYWHERE: isize = isize::MIN;

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

    /// Declares that this process may have hubs from now on.
    pub(crate) fn expect_hubs() {
        // No thread-local has the distance zero: the thread pointer itself is there, or what the ABI reserves.
        let place = SIDE.with(|side| place::of(side.as_ptr()).unwrap_or(ANYWHERE));
        // Relaxed: `wait::first_hub` orders it.
        PLACE.store(place, Ordering::Relaxed);
    }

    /// Returns false if no OS thread of this process has a hub.
    #[inline(always)]
    pub(crate) fn are_there_hubs() -> bool {
        PLACE.load(Ordering::Relaxed) != 0
    }

    /// Returns false if [`is_open`] would. Otherwise it mostly would return true.
    #[inline(always)]
    pub(crate) fn may_be_open() -> bool {
        // Relaxed: an OS thread that has a hub has stored it, or was started after that.
        match PLACE.load(Ordering::Relaxed) {
            0 => false,
            ANYWHERE => true,
            // SAFETY: by invariant 1 it is the distance of `SIDE`, which is a byte that is initialized without code.
            place => unsafe { place::read(place) == OPEN },
        }
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
            assert!(!is_open() && !may_be_open());
            expect_hubs();
            assert!(are_there_hubs());
            assert_ne!(place::of(std::ptr::null()), None, "this is an executable");
            assert!(!is_open() && !may_be_open());
            open();
            assert!(is_open() && may_be_open());
            let outer = enter();
            assert!(!is_open());
            drop(enter());
            assert!(!is_open() && !may_be_open());
            std::thread::spawn(|| assert!(!may_be_open()))
                .join()
                .unwrap();
            drop(outer);
            assert!(is_open());
            close();
            assert!(!is_open());
        })
        .join()
        .unwrap();
    }
}
