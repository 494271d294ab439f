//! The state that the senders and the receiver of a channel share.
#![forbid(unsafe_code)]

use crate::wait::atomic::{AtomicUsize, Ordering};

/// A channel and the number of its senders.
pub(super) struct Shared<C> {
    pub(super) senders: AtomicUsize,
    pub(super) channel: C,
}

impl<C> Shared<C> {
    /// Creates a channel that has one sender.
    pub(super) fn new(channel: C) -> Shared<C> {
        Shared {
            senders: AtomicUsize::new(1),
            channel,
        }
    }

    /// Counts a further sender.
    pub(super) fn enter(&self) {
        // Relaxed: the caller has a sender, so the count cannot reach 0 in the meantime. It cannot overflow either: each
        // sender has an `Arc`, whose own count aborts first.
        self.senders.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts one sender less. Returns whether it was the last.
    pub(super) fn leave(&self) -> bool {
        // AcqRel: what the other senders did happens before the last one leaves.
        self.senders.fetch_sub(1, Ordering::AcqRel) == 1
    }
}
