//! The workers of the process, and the search for work among them.
//!
//! ```text
//!   a worker that runs dry                      a thread that spawns
//!     counts itself in `searching`                appends to a worker's queue
//!     looks into all queues, for a while          fence
//!     says that it sleeps                         is `searching` zero? then wakes one that sleeps
//!     no longer counts itself
//!     fence
//!     looks into all queues, and sleeps if all are empty
//! ```
//!
//! By the two fences, either the spawner sees that no worker searches, and one that says that it sleeps, or that worker
//! sees the item. While one searches, spawners wake none: it looks once more at the end.
#![forbid(unsafe_code)]

use std::sync::OnceLock;

use super::core::Hub;
use super::cores::Cores;
use super::remote::Remote;
use crate::wait::atomic::{AtomicUsize, Ordering, fence};

/// The workers of the process that started them; forks of it have none.
static TEAM: OnceLock<Team> = OnceLock::new();

/// The workers of a process.
pub(super) struct Team {
    hubs: Box<[&'static Hub]>,
    search: Search,
    cores: Cores,
    /// The number of the worker that is considered next, beside another.
    turn: AtomicUsize,
    /// The number of the worker on which threads start that are not spawned by a worker.
    latest: AtomicUsize,
}

/// By how many green threads that have begun one worker may have more than another while they are few: what talks to each
/// other stays together.
const MARGIN: usize = 8;
/// By how many it may have more where other processes occupy the cores.
const CROWD: usize = 512;

impl Team {
    pub(super) fn hubs(&self) -> &[&'static Hub] {
        &self.hubs
    }

    pub(super) fn search(&self) -> &Search {
        &self.search
    }

    pub(super) fn cores(&self) -> &Cores {
        &self.cores
    }

    /// Returns the worker on which a green thread is to start that `own` spawns, or a thread that is no worker's. It is never
    /// `blocked`. `None` if there is no other.
    ///
    /// It is `own`, or the worker that was chosen last, unless that has many more green threads than the one whose
    /// turn it is.
    pub(super) fn choose(
        &self,
        own: Option<&'static Hub>,
        blocked: Option<&'static Hub>,
    ) -> Option<&'static Hub> {
        let is_blocked = |hub: &Hub| blocked.is_some_and(|blocked| std::ptr::eq(blocked, hub));
        let (number, other) = self.next();
        let latest = self.hubs[self.latest.load(Ordering::Relaxed)];
        let first = own.unwrap_or(latest);
        if is_blocked(first) {
            return self.hubs.iter().copied().find(|hub| !is_blocked(hub));
        }
        if is_blocked(other) || !self.prefers_other(&first.remote, &other.remote) {
            return Some(first);
        }
        if own.is_none() {
            self.latest.store(number, Ordering::Relaxed);
        }
        Some(other)
    }

    /// Returns true if a new green thread should begin on `other`, since `own` has so many more that have begun.
    pub(super) fn prefers_other(&self, own: &Remote, other: &Remote) -> bool {
        let more = own.begun().saturating_sub(other.begun());
        let margin = if own.has_many() { 1 } else { MARGIN };
        more > margin && (more > CROWD || self.cores.is_one_free())
    }

    /// Returns the worker whose turn it is to be considered beside another, with its number.
    fn next(&self) -> (usize, &'static Hub) {
        let turn = self.turn.load(Ordering::Relaxed);
        // Two threads may take the same turn.
        self.turn.store(turn.wrapping_add(1), Ordering::Relaxed);
        let number = turn % self.hubs.len();
        (number, self.hubs[number])
    }

    /// Returns another worker, of all others by turns. `None` if it is not the turn of another.
    pub(super) fn another(&self, own: &Hub) -> Option<&'static Hub> {
        (0..2)
            .map(|_| self.next().1)
            .find(|hub| !std::ptr::eq(*hub, own))
    }

    /// Returns true if a worker has a green thread that it has not begun.
    pub(super) fn has_unstarted(&self) -> bool {
        self.hubs.iter().any(|hub| hub.remote.unstarted.is_any())
    }

    /// Wakes a worker that sleeps, unless one searches: there may be something that it can take over.
    pub(super) fn rouse(&self) {
        if self.search.is_needed() {
            let asleep = self.hubs.iter().find(|hub| hub.remote.inbox.is_asleep());
            if let Some(hub) = asleep {
                hub.remote.rouse();
            }
        }
    }
}

/// Sets the workers, once a process. Returns false if there are some.
pub(super) fn set(hubs: Box<[&'static Hub]>) -> bool {
    for hub in &hubs {
        hub.remote.set_worker();
    }
    let team = Team {
        search: Search::new(),
        cores: Cores::new(),
        turn: AtomicUsize::new(0),
        latest: AtomicUsize::new(0),
        hubs,
    };
    TEAM.set(team).is_ok()
}

/// Returns true if workers were started by this process, or by one that it is a fork of.
pub(super) fn is_set() -> bool {
    TEAM.get().is_some()
}

/// Returns the workers of this process.
#[inline]
pub(super) fn team() -> Option<&'static Team> {
    let team = TEAM.get()?;
    let first = team.hubs.first()?;
    first.remote.is_of_this_process().then_some(team)
}

/// How many workers search.
#[derive(Debug)]
pub(super) struct Search(AtomicUsize);

impl Search {
    pub(super) fn new() -> Self {
        Search(AtomicUsize::new(0))
    }

    /// Counts a worker that searches. Returns false if `limit` of them do: it is then not counted even for a moment, since
    /// spawners would take it for one that looks once more at the end.
    pub(super) fn begin(&self, limit: usize) -> bool {
        let one_more = |count| (count < limit).then_some(count + 1);
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more)
            .is_ok()
    }

    /// Counts a worker that searches no more.
    pub(super) fn end(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// Returns true if no worker searches. Called after an item was appended, or a worker has said that it sleeps.
    pub(super) fn is_needed(&self) -> bool {
        fence(Ordering::SeqCst);
        self.0.load(Ordering::Relaxed) == 0
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use loom::sync::{Arc, Notify};
    use loom::thread;

    use super::super::inbox::{Bed, Inbox, Slept};
    use super::super::unstarted::Unstarted;
    use super::Search;

    /// A spawner's queue, and a worker that has nothing to run.
    struct Pair {
        search: Search,
        unstarted: Unstarted<u32>,
        inbox: Inbox<()>,
        reactor: Notify,
    }

    impl Pair {
        fn new() -> Arc<Pair> {
            Arc::new(Pair {
                search: Search::new(),
                unstarted: Unstarted::new(),
                inbox: Inbox::new(),
                reactor: Notify::new(),
            })
        }

        fn spawn(&self, item: u32) {
            self.unstarted.push(item);
            if self.search.is_needed() && self.inbox.is_asleep() && self.inbox.poke() != Slept::No {
                self.reactor.notify();
            }
        }

        /// Runs the worker until it has taken over `expected` items.
        fn work(&self, expected: usize) {
            let mut taken = Vec::new();
            while taken.len() < expected {
                let searches = self.search.begin(1);
                if searches {
                    self.unstarted.steal(&mut taken);
                }
                let sleeps = taken.len() < expected && self.inbox.may_sleep(Bed::Reactor);
                if searches {
                    self.search.end();
                }
                if !sleeps {
                    self.inbox.clear();
                } else if self.search.is_needed() && self.unstarted.is_any() {
                    self.inbox.awake();
                } else {
                    self.reactor.wait();
                    self.inbox.awake();
                }
            }
        }
    }

    /// What a spawner appends for a worker that it then pokes is seen by that worker, also if that has just taken a message.
    #[test]
    fn no_green_thread_stays_that_a_worker_was_poked_for() {
        loom::model(|| {
            let pair = Pair::new();
            let spawner = thread::spawn({
                let pair = Arc::clone(&pair);
                move || {
                    pair.unstarted.push(1);
                    if pair.inbox.poke() != Slept::No {
                        pair.reactor.notify();
                    }
                }
            });
            let sender = thread::spawn({
                let pair = Arc::clone(&pair);
                move || {
                    if pair.inbox.send(()) != Slept::No {
                        pair.reactor.notify();
                    }
                }
            });
            let mut taken = Vec::new();
            while taken.is_empty() {
                pair.inbox.clear();
                pair.unstarted.take(|len| len, &mut taken);
                if taken.is_empty() && pair.inbox.may_sleep(Bed::Reactor) {
                    pair.reactor.wait();
                    pair.inbox.awake();
                }
            }
            spawner.join().unwrap();
            sender.join().unwrap();
        });
    }

    #[test]
    fn no_green_thread_stays_while_a_worker_sleeps() {
        loom::model(|| {
            let pair = Pair::new();
            let spawner = thread::spawn({
                let pair = Arc::clone(&pair);
                move || pair.spawn(1)
            });
            pair.work(1);
            spawner.join().unwrap();
        });
    }

    #[test]
    fn no_green_thread_stays_while_another_worker_searches() {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(3);
        model.check(|| {
            let pair = Pair::new();
            let spawner = thread::spawn({
                let pair = Arc::clone(&pair);
                move || pair.spawn(1)
            });
            // Another worker looks elsewhere, and keeps this one from a search of its own meanwhile.
            let other = thread::spawn({
                let pair = Arc::clone(&pair);
                move || {
                    if pair.search.begin(1) {
                        pair.search.end();
                        if pair.search.is_needed()
                            && pair.unstarted.is_any()
                            && pair.inbox.is_asleep()
                            && pair.inbox.poke() != Slept::No
                        {
                            pair.reactor.notify();
                        }
                    }
                }
            });
            pair.work(1);
            spawner.join().unwrap();
            other.join().unwrap();
        });
    }
}
