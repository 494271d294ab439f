//! Whether an OS thread is blocked until another thread wakes it, in two words that others read.
//!
//! The token says whether a wakeup has come:
//!
//! | | EMPTY | GIVEN | BLOCKED |
//! | --- | --- | --- | --- |
//! | the thread, before it blocks | becomes BLOCKED | stays | not possible |
//! | the thread, once it goes on | stays | becomes EMPTY | becomes EMPTY |
//! | a waker | becomes GIVEN | stays | becomes GIVEN, and it wakes the thread |
//!
//! The epoch says whether the thread waits without a deadline, so that only a wakeup can end the wait: it has the bit `ASLEEP`
//! from after the token has become BLOCKED until before it becomes EMPTY, and is another number for each wait. So while the
//! epoch is the same and has the bit, the thread does nothing, and the token changes at most once, to GIVEN.
//!
//! # How a report finds out that no thread can run
//!
//! It reads the state of every thread twice. The epoch of a hub is the word of its `Quiet`, and its token the state of its inbox. Each
//! read of one thread is of the token first, which must be BLOCKED, and then of the epoch. If the two reads of all threads have
//! found the same epochs, no thread can run any more:
//!
//! - A thread that was found in an epoch twice was in it all the time between its two reads of the epoch, and the second read of its token
//!   is between them. So no wakeup had come until then that the second read could have seen.
//! - What a thread has done before its epoch began, the first read of its epoch has seen as done (release and acquire), and so
//!   the second reads of all tokens have seen the wakeups among it.
//! - Suppose that threads leave these epochs, and take the first to do so. It was woken by a thread that was not in its epoch then: not
//!   after it, since no other one has left, so before. That wakeup would have been seen.
//!
//! # What a report reads of the wait
//!
//! The bit `READ` is the lock of a report. It is taken only while the thread has `ASLEEP`, and the thread does not
//! go on before it is released.
#![forbid(unsafe_code)]

use crate::wait::atomic::{AtomicU32, AtomicUsize, Backoff, Ordering, const_unless_loom};

/// There is no token, and the thread does not block.
const EMPTY: u32 = 0;
/// There is a token.
const GIVEN: u32 = 1;
/// There is no token, and the thread blocks or is about to block.
pub(crate) const BLOCKED: u32 = 2;

/// The thread waits without a deadline.
const ASLEEP: usize = 1;
/// A report reads what the thread waits for.
const READ: usize = 2;
/// The distance of the epochs of two waits.
const WAIT: usize = 4;

/// The two words of one OS thread.
#[derive(Debug)]
pub(crate) struct Blocked {
    token: AtomicU32,
    epoch: AtomicUsize,
}

impl Blocked {
    const_unless_loom! {
        pub(crate) fn new() -> Blocked {
            Blocked {
                token: AtomicU32::new(EMPTY),
                epoch: AtomicUsize::new(0),
            }
        }
    }

    /// Returns the word to block on while it is [`BLOCKED`].
    #[cfg(not(loom))]
    pub(crate) fn token(&self) -> &AtomicU32 {
        &self.token
    }

    /// Announces that the thread will block. Returns false if there is a token. Called by the thread alone.
    pub(crate) fn may_block(&self) -> bool {
        // Acquire, as in `take`: pairs with the release in `give`.
        self.token
            .compare_exchange(EMPTY, BLOCKED, Ordering::Acquire, Ordering::Relaxed)
            .is_ok()
    }

    /// Takes the token if there is one, and announces that the thread goes on. Called by the thread alone.
    pub(crate) fn take(&self) {
        self.token.swap(EMPTY, Ordering::Acquire);
    }

    /// Gives the token. Returns true if the thread blocks, so that the caller has to wake it.
    #[must_use]
    pub(crate) fn give(&self) -> bool {
        // Release: the thread that takes the token sees everything that was done before.
        self.token.swap(GIVEN, Ordering::Release) == BLOCKED
    }

    /// Returns whether the thread waits without a deadline, as far as it has said so. Called by the thread alone.
    #[cfg(not(loom))]
    pub(crate) fn is_asleep(&self) -> bool {
        // Relaxed: the thread has written the bit.
        self.epoch.load(Ordering::Relaxed) & ASLEEP != 0
    }

    /// Begins a wait without a deadline, after [`may_block`](Self::may_block) has returned true. Called by the thread alone.
    pub(crate) fn fall_asleep(&self) {
        // SeqCst: releases what the thread has done to whoever acquires the epoch in `epoch`, and what the wait is to `read`.
        self.epoch.fetch_add(ASLEEP, Ordering::SeqCst);
    }

    /// Ends the wait, before [`take`](Self::take), once no report reads what it is for. Called by the thread alone.
    pub(crate) fn wake_up(&self) {
        let mut backoff = Backoff::new();
        loop {
            // Relaxed: only the exchange decides.
            let epoch = self.epoch.load(Ordering::Relaxed) & !READ;
            let next = epoch.wrapping_add(WAIT) & !ASLEEP;
            // SeqCst: acquires the end of `read`.
            let ended =
                self.epoch
                    .compare_exchange(epoch, next, Ordering::SeqCst, Ordering::Relaxed);
            if ended.is_ok() {
                return;
            }
            backoff.snooze();
        }
    }

    /// Ends a `read` that was under way on another thread when the process was forked. Called in the child, which has no other thread.
    #[cfg(not(loom))]
    pub(crate) fn has_no_reader(&self) {
        self.epoch.fetch_and(!READ, Ordering::Relaxed);
    }

    /// Returns the epoch if the thread waits without a deadline and no wakeup has come. From any thread.
    pub(crate) fn epoch(&self) -> Option<usize> {
        // In this order, see the head of the module. SeqCst: acquires what the thread has done before the epoch began, and
        // the token is not read after the epoch.
        let token = self.token.load(Ordering::SeqCst);
        let epoch = self.epoch.load(Ordering::SeqCst);
        (token == BLOCKED && epoch & ASLEEP != 0).then_some(epoch & !READ)
    }

    /// Calls `f` with the epoch while the thread waits without a deadline, and does not go on. Returns `None` if it does not wait so, or
    /// another report reads. From any other thread; `f` neither blocks nor panics.
    pub(crate) fn read<R>(&self, f: impl FnOnce(usize) -> R) -> Option<R> {
        let epoch = self.epoch.load(Ordering::SeqCst);
        if epoch & (ASLEEP | READ) != ASLEEP {
            return None;
        }
        // SeqCst: acquires what `fall_asleep` releases, and the end of an earlier `read`.
        self.epoch
            .compare_exchange(epoch, epoch | READ, Ordering::SeqCst, Ordering::Relaxed)
            .ok()?;
        let result = f(epoch);
        // Release, by SeqCst: the thread goes on after this has read.
        self.epoch.fetch_and(!READ, Ordering::SeqCst);
        Some(result)
    }
}

#[cfg(all(test, loom))]
#[path = "blocked/loom_models.rs"]
mod loom_models;
