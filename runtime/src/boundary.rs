//! Whether the code that runs on this OS thread is greenpatch's own.
//!
//! Layer: below all others. Called by: `hub`, `wait`, `seam`, `green`, `inspect`, `libc`. Calls: std. Never: calls the OS.
//!
//! greenpatch calls functions of libc itself: std's locks wait by a futex, the reactor by `epoll_wait`. Such a call must
//! never let another green thread run, since it may come while a queue is locked or a hub's state is borrowed. So
//! greenpatch's own code says when it begins ([`enter`]) and ends, and the functions that `libc` defines ask whether they
//! are called from outside ([`is_open`]). A switch to another green thread keeps the answer of each.
//!
//! Without the crate's feature `libc` all of this is compiled to nothing.
#![forbid(unsafe_code)]

#[cfg(greenpatch_libc)]
mod imp {
    use std::cell::Cell;
    use std::marker::PhantomData;

    /// The OS thread has no hub.
    const NATIVE: u8 = 0;
    /// The OS thread has a hub, and runs code that is not greenpatch's.
    const OPEN: u8 = 1;
    /// The OS thread runs greenpatch's own code.
    const INSIDE: u8 = 2;

    ::std::thread_local! {
        // Without a destructor, so that it can be read at any time in the life of an OS thread, and in a signal handler.
        static SIDE: Cell<u8> = const { Cell::new(NATIVE) };
    }

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
        }
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
