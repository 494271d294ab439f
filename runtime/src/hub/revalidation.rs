//! How many waits ask the OS about their descriptor first.
//!
//! The OS's state of a descriptor (whether it blocks, for how long, and what its number refers to) may be changed without
//! the value that owns it. So a wait asks the OS first. With thousands of waits a second that would cost more than the
//! transfers themselves, so the number of waits that ask in one epoch is limited. When the quota is used up, a reminder
//! is set. When it is due a new epoch begins, and the waits that have lasted for a whole epoch without having asked are
//! woken to do so.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::time::Duration;

/// How many waits may ask in one epoch.
pub(super) const QUOTA: u32 = 64;
/// The duration of an epoch, from when its quota is used up.
pub(crate) const EPOCH: Duration = Duration::from_millis(250);

/// The epoch of a hub, and what is left of its quota.
pub(super) struct Revalidation {
    /// From 1 on.
    epoch: Cell<u32>,
    quota: Cell<u32>,
}

impl Revalidation {
    pub(super) const fn new() -> Self {
        Revalidation {
            epoch: Cell::new(1),
            quota: Cell::new(QUOTA),
        }
    }

    /// Returns the number of the epoch, from 1 on.
    #[inline]
    pub(super) fn epoch(&self) -> u32 {
        self.epoch.get()
    }

    /// Returns true if a wait that begins now may ask. The last wait of a quota calls `remind`, which sets a reminder
    /// that is due in [`EPOCH`], and returns false if it cannot.
    #[inline]
    pub(super) fn may_ask(&self, remind: impl FnOnce() -> bool) -> bool {
        let left = self.quota.get();
        if left > 1 {
            self.quota.set(left - 1);
            return true;
        }
        left == 1 && {
            let is_set = remind();
            // Without a reminder each wait has to ask.
            self.quota.set(u32::from(!is_set));
            true
        }
    }

    /// Begins a new epoch with a whole quota. Returns the number of the last one.
    pub(super) fn begin_epoch(&self) -> u32 {
        let last = self.epoch.get();
        self.quota.set(QUOTA);
        self.epoch.set(last.wrapping_add(1).max(1));
        last
    }
}
