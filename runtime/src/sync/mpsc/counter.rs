//! The number of senders of a channel.
#![forbid(unsafe_code)]

use crate::wait::atomic::{AtomicUsize, Ordering};

/// A channel, which its senders and its receiver share, and the number of its senders.
pub(super) struct Counter<C> {
    pub(super) senders: AtomicUsize,
    pub(super) channel: C,
}

impl<C> Counter<C> {
    /// Creates a channel that has one sender.
    pub(super) fn new(channel: C) -> Counter<C> {
        Counter {
            senders: AtomicUsize::new(1),
            channel,
        }
    }

    /// Counts another sender.
    pub(super) fn add_sender(&self) {
        // Relaxed: the caller owns a sender, so the count cannot reach 0 in the meantime. It cannot overflow either: each
        // sender owns an `Arc`, and an overflow of its reference count aborts the process first.
        self.senders.fetch_add(1, Ordering::Relaxed);
    }

    /// Removes a sender from the count. Returns whether it was the last one.
    pub(super) fn remove_sender(&self) -> bool {
        // AcqRel: everything that the other senders did happens before the last one is removed.
        self.senders.fetch_sub(1, Ordering::AcqRel) == 1
    }
}
