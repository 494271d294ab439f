//! What hubs have done so far, in numbers.
#![forbid(unsafe_code)]

use std::env;
use std::error::Error;
use std::time::Duration;

use super::{deadlock, os};
use crate::boundary;
use crate::hub::{self, BUCKETS, Tally};

/// The variable that decides, whatever the program says.
const VARIABLE: &str = "GREENPATCH_STATS";

/// What the hubs of the process have done so far. See [`stats`](fn@crate::stats).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Stats {
    /// The hubs, in the order in which they were made.
    pub hubs: Vec<HubStats>,
    /// The counters of all hubs, added up.
    pub total: Counters,
    /// How many calls helpers have begun, for all hubs.
    pub helper_calls: u64,
    /// Whether hubs measure times now: [`Patcher::stats`](crate::Patcher::stats) or `GREENPATCH_STATS` has asked for
    /// it.
    pub is_timed: bool,
}

/// What one hub has done so far.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HubStats {
    /// The number that the OS knows the hub's OS thread by.
    pub os_thread: u64,
    /// The name that it knows it by.
    pub name: Option<String>,
    /// What it has done.
    pub counters: Counters,
}

/// Numbers of what one hub has done, or all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Green threads that were spawned, not counting the code on the OS thread's own stack.
    pub spawned: u64,
    /// Those of them that have not ended.
    pub alive: u64,
    /// Green threads that a worker has taken over from another before they began.
    pub taken_over: u64,
    /// How often a thread was switched to, also one on the OS thread's own stack.
    pub switches: u64,
    /// How often a thread was switched away from because it had to wait.
    pub parks: u64,
    /// How often a thread let others run without having to wait.
    pub yields: u64,
    /// Wake-ups that other OS threads have sent.
    pub remote_wakes: u64,
    /// How often the hub has looked for messages, expired timers and ready descriptors between two threads.
    pub polls: u64,
    /// How often the hub's OS thread has slept because no thread was ready.
    pub sleeps: u64,
    /// How long the polls took. Zero unless times are measured.
    pub poll_time: Duration,
    /// How long the sleeps took. Zero unless times are measured.
    pub sleep_time: Duration,
    /// How long threads that are ready wait for their turns. Empty unless times are measured.
    pub run_queue_delay: Histogram,
}

/// Samples of a time, by powers of two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    buckets: [u64; BUCKETS],
}

/// Returns what the hubs of the process have done so far.
///
/// It asks no hub, so it can be called at any time, on any thread. `switches` and `yields` of a hub that runs on
/// another OS thread are those up to its last poll, which is at most 61 switches ago; all else is current. The
/// numbers are read one after another while the threads run on.
///
/// # Examples
///
/// ```
/// let stats = greenpatch::stats();
/// eprintln!("{stats}");
/// assert!(stats.to_json().starts_with('{'));
/// ```
#[must_use]
pub fn stats() -> Stats {
    let _inside = boundary::enter();
    let hubs: Vec<HubStats> = hub::hubs().into_iter().map(HubStats::of).collect();
    let mut total = Counters::default();
    for hub in &hubs {
        total.add(&hub.counters);
    }
    Stats {
        hubs,
        total,
        helper_calls: deadlock::helper_calls() as u64,
        is_timed: hub::is_timed(),
    }
}

/// Has hubs measure times if the environment, or else `asked`, says so.
///
/// # Errors
///
/// If the variable has a value without a meaning.
pub(crate) fn measure_times(asked: Option<bool>) -> Result<(), Box<dyn Error + Send + Sync>> {
    let asked = match env::var(VARIABLE) {
        Ok(value) => Some(match value.as_str() {
            "1" => true,
            "0" => false,
            _ => return Err(format!("{VARIABLE} is {value:?}; it can be 0 or 1").into()),
        }),
        Err(_) => asked,
    };
    if let Some(on) = asked {
        hub::set_timed(on);
    }
    Ok(())
}

impl HubStats {
    fn of(hub: &'static hub::Hub) -> HubStats {
        let os_thread = hub.os_thread_number();
        HubStats {
            os_thread,
            name: os::name(os_thread),
            counters: Counters::of(hub.tally()),
        }
    }
}

impl Counters {
    fn of(tally: Tally) -> Counters {
        Counters {
            spawned: tally.spawned,
            alive: tally.alive,
            taken_over: tally.taken_over,
            switches: tally.turns,
            parks: tally.parks,
            yields: tally.yields,
            remote_wakes: tally.remote_wakes,
            polls: tally.polls,
            sleeps: tally.sleeps,
            poll_time: tally.poll_time,
            sleep_time: tally.sleep_time,
            run_queue_delay: Histogram {
                buckets: tally.delays,
            },
        }
    }

    fn add(&mut self, other: &Counters) {
        self.spawned += other.spawned;
        self.alive += other.alive;
        self.taken_over += other.taken_over;
        self.switches += other.switches;
        self.parks += other.parks;
        self.yields += other.yields;
        self.remote_wakes += other.remote_wakes;
        self.polls += other.polls;
        self.sleeps += other.sleeps;
        self.poll_time += other.poll_time;
        self.sleep_time += other.sleep_time;
        let buckets = &mut self.run_queue_delay.buckets;
        for (count, other) in buckets.iter_mut().zip(&other.run_queue_delay.buckets) {
            *count += other;
        }
    }
}

impl Histogram {
    /// Returns the number of samples.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// Returns the buckets that have samples, the shortest times first: a time that all samples of the bucket are
    /// below, while they are at least half as long, and how many there are.
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, u64)> + '_ {
        let numbered = self.buckets.iter().enumerate();
        let used = numbered.filter(|(_, count)| **count > 0);
        used.map(|(index, count)| (Duration::from_nanos(1 << index), *count))
    }

    /// Returns a time that this part of all samples, between 0 and 1, is below, as exactly as the buckets tell. None
    /// without a sample.
    #[must_use]
    pub fn quantile(&self, part: f64) -> Option<Duration> {
        let wanted = self.count() as f64 * part;
        let mut below = 0;
        let mut is_reached = |(_, count): &(Duration, u64)| {
            below += count;
            below as f64 >= wanted
        };
        let bucket = self.buckets().find(|bucket| is_reached(bucket));
        bucket.map(|(time, _)| time)
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram {
            buckets: [0; BUCKETS],
        }
    }
}
