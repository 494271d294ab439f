//! How long runnable tasks wait for their turns, measured by samples.
//!
//! The run queue is first in, first out. So the task at its end runs after as many turns as there are tasks before
//! it, and what has passed by then is the delay of a task that becomes runnable now. A poll takes the sample, and the
//! next poll, which is due just before that turn, ends it. No turn has anything to do for it.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::time::{Duration, Instant};

/// The number of buckets of delays. The last one has all that are longer.
pub(crate) const BUCKETS: usize = 40;

/// Returns the bucket of a delay: the first is for those of less than one nanosecond, and each of the others for
/// those of less than twice as many nanoseconds as the one before.
pub(super) fn bucket(delay: Duration) -> usize {
    let nanoseconds = u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX);
    let bits = u64::BITS - nanoseconds.leading_zeros();
    (bits as usize).min(BUCKETS - 1)
}

/// The sample of one hub.
#[derive(Debug)]
pub(super) struct Sample(Cell<State>);

#[derive(Clone, Copy, Debug)]
enum State {
    /// The next poll may begin one.
    None,
    Begun {
        at: Instant,
        /// The number of turns before that of the task.
        until: u64,
    },
    /// The poll that goes on has ended one, and begins none, so that polls do not come at every turn.
    Ended,
}

impl Sample {
    pub(super) const fn new() -> Self {
        Sample(Cell::new(State::None))
    }

    /// Ends the sample if its task runs next, after `turns` turns. Returns its delay.
    pub(super) fn end(&self, turns: u64, now: Instant) -> Option<Duration> {
        match self.0.get() {
            State::Begun { at, until } if turns >= until => {
                self.0.set(State::Ended);
                Some(now.saturating_duration_since(at))
            }
            _ => None,
        }
    }

    /// Begins a sample, unless there is one, if `queued` tasks are in the run queue after `turns` turns. Returns
    /// after how many turns it is to end.
    pub(super) fn begin(&self, turns: u64, queued: usize, now: Instant) -> Option<u64> {
        match self.0.get() {
            State::Begun { until, .. } => Some(until.saturating_sub(turns)),
            State::None if queued > 0 => {
                let left = queued as u64 - 1;
                self.0.set(State::Begun {
                    at: now,
                    until: turns + left,
                });
                Some(left)
            }
            State::None | State::Ended => {
                self.0.set(State::None);
                None
            }
        }
    }

    /// Gives the sample up.
    pub(super) fn discard(&self) {
        self.0.set(State::None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bucket_is_twice_as_wide_as_the_one_before() {
        let in_bucket = |nanoseconds| bucket(Duration::from_nanos(nanoseconds));
        assert_eq!(
            [0, 1, 2, 3, 4, 1023, 1024].map(in_bucket),
            [0, 1, 2, 2, 3, 10, 11]
        );
        assert_eq!(bucket(Duration::MAX), BUCKETS - 1);
    }

    #[test]
    fn a_sample_ends_before_the_turn_of_the_last_task() {
        let sample = Sample::new();
        let start = Instant::now();
        assert_eq!(sample.begin(10, 0, start), None);
        assert_eq!(sample.begin(10, 3, start), Some(2));
        let now = start + Duration::from_micros(7);
        assert_eq!(sample.end(11, now), None);
        assert_eq!(sample.begin(11, 9, now), Some(1));
        assert_eq!(sample.end(12, now), Some(Duration::from_micros(7)));
        assert_eq!(sample.end(12, now), None);
        // Not before the next poll.
        assert_eq!(sample.begin(12, 3, now), None);
        assert_eq!(sample.begin(73, 3, now), Some(2));
    }
}
