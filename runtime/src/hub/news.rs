//! What reaches a hub beside events of descriptors: that a signal was handled, and that it is time to doubt what is
//! remembered of descriptors.
//!
//! What the OS keeps for a descriptor (whether it blocks, for how long, and what its number means) may be changed past
//! the value that owns it. So a wait asks the OS first. With thousands of waits a second that would cost more than the
//! transfers themselves, so only so many ask in one epoch. When they are used up a reminder is set; with it a new epoch
//! begins, and those that have waited for a whole one without having asked are woken to do so.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::time::Duration;

use super::Hub;
use crate::reactor::News;

/// How many waits may ask in one epoch.
pub(super) const ASKS: u32 = 64;
/// How many descriptors are doubted at a time.
const MOST: usize = 1024;
/// How long an epoch lasts that has used up its asks.
pub(crate) const EPOCH: Duration = Duration::from_millis(250);

/// A hub's own.
pub(super) struct Epoch {
    /// From 1 on.
    number: Cell<u32>,
    /// How many waits may still ask.
    asks: Cell<u32>,
    /// Whether the root runs no code but the loop.
    is_headless: Cell<bool>,
}

impl Epoch {
    pub(super) fn new() -> Self {
        Epoch {
            number: Cell::new(1),
            asks: Cell::new(ASKS),
            is_headless: Cell::new(false),
        }
    }
}

impl Hub {
    /// Whether a wait that begins now may ask the OS about its descriptor. One that may not is to begin all the same.
    #[inline]
    pub(crate) fn may_ask(&self) -> bool {
        let asks = &self.local().epoch.asks;
        let left = asks.get();
        if left > 1 {
            asks.set(left - 1);
            return true;
        }
        left == 1 && self.use_last_ask()
    }

    #[cold]
    fn use_last_ask(&self) -> bool {
        let is_set = self.local().reactor.borrow_mut().remind(EPOCH).is_ok();
        // Without a reminder each wait has to ask.
        self.local().epoch.asks.set(u32::from(!is_set));
        true
    }

    /// Has signals that are handled on this OS thread end the waits of all its green threads: there is no code of a
    /// user's on the root that they would be meant for.
    pub(super) fn make_headless(&self) {
        self.local().epoch.is_headless.set(true);
    }

    #[inline]
    pub(super) fn epoch(&self) -> u32 {
        self.local().epoch.number.get()
    }

    #[cold]
    pub(super) fn take_news(&self, news: News) {
        if news.is_interrupted {
            let local = self.local();
            let of_all = local.epoch.is_headless.get();
            self.interrupt((!of_all).then(|| local.root.get()));
        }
        if news.is_reminded {
            self.begin_epoch();
        }
    }

    fn begin_epoch(&self) {
        let last = self.epoch();
        // What begins from now on may ask again.
        self.local().epoch.asks.set(ASKS);
        self.local().epoch.number.set(last.wrapping_add(1).max(1));
        if self.doubt(last, MOST) {
            self.use_last_ask();
            self.local().epoch.asks.set(ASKS);
        }
    }
}
