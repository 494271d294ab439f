//! [`Timed`].
#![forbid(unsafe_code)]

use std::any::Any;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::Current;
use crate::wait::payload::Elapsed;

/// A time-out that the current thread is in, until this is dropped.
pub(crate) struct Timed {
    current: Current,
    token: NonZeroU64,
}

impl Timed {
    /// Enters a time-out that elapses after `duration`.
    pub(crate) fn enter(duration: Duration) -> Timed {
        static LAST: AtomicU64 = AtomicU64::new(0);

        let number = LAST.fetch_add(1, Ordering::Relaxed) + 1;
        let token = NonZeroU64::new(number).expect("2^64 time-outs are more than a process enters");
        // A time that the clock cannot represent is never reached.
        let deadline = Instant::now().checked_add(duration);
        let current = Current::get();
        current.interrupts().enter(token, deadline);
        Timed { current, token }
    }

    /// Returns whether a payload is that of this time-out.
    pub(crate) fn is_of(&self, payload: &(dyn Any + Send)) -> bool {
        let elapsed = payload.downcast_ref::<Elapsed>();
        elapsed.is_some_and(|elapsed| elapsed.token == self.token)
    }
}

impl Drop for Timed {
    fn drop(&mut self) {
        self.current.interrupts().leave(self.token);
    }
}
