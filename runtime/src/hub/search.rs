//! What a worker does when it has nothing to run: it waits a while for a message, and takes over green threads that
//! other workers have not begun.
//!
//! A green thread is taken over only when it has been the first of its queue for [`FRESH`]. One that its own worker
//! begins sooner stays there: it is warm, and mostly has something to do with the one that has spawned it. At most half of
//! the workers search at a time.
#![forbid(unsafe_code)]

use std::time::{Duration, Instant};
use std::{hint, ptr, thread};

use super::core::Hub;
use super::cores::has_cores;
use super::inbox::Bed;
use super::remote::{Remote, Start};
use super::team::{Team, team};
use super::unstarted::Sight;
use crate::wait::park::Spin;

/// How long a green thread is left to its own worker.
const FRESH: Duration = Duration::from_micros(10);
/// How long it is left to its own worker at most, if there is no core for another one, or if that has begun many more.
const LATE: Duration = Duration::from_millis(1);
/// How often a worker looks at its inbox between two looks at all queues.
const SPINS: u32 = 16;
/// How often a worker looks at its inbox so many times before it gives up a search, since enough others search.
const TURNS: u32 = 8;
/// After how many looks at all queues a worker asks the OS about its descriptors.
const LOOKS: u32 = 8;
/// How long a worker searches at least that was woken to take something over. Spawners wake none meanwhile.
const ROUSED: Duration = Duration::from_micros(50);
/// The largest number of green threads that a worker with nothing else to run begins at once. Those that are left can be
/// taken over.
const AT_ONCE: usize = 8;

/// The search of one worker, which ends when this is dropped.
struct Searching<'a> {
    team: &'a Team,
    remote: &'a Remote,
}

impl<'a> Searching<'a> {
    fn begin(team: &'a Team, remote: &'a Remote) -> Option<Self> {
        let limit = (team.hubs().len() / 2).max(1);
        team.search().begin(limit).then(|| {
            remote.set_searching(true);
            Searching { team, remote }
        })
    }
}

impl Drop for Searching<'_> {
    fn drop(&mut self) {
        self.remote.set_searching(false);
        self.team.search().end();
    }
}

/// Whether a worker that has nothing to run searches.
enum Turn<'a> {
    /// It does, for at least this time.
    Search(Searching<'a>, Duration),
    /// It has a message.
    Message,
    /// There is nothing to be found, or enough others search.
    None,
}

/// What a look at the queues of all workers has found.
#[derive(PartialEq, Eq)]
enum Found {
    Nothing,
    /// Green threads that their own workers may begin soon.
    Fresh,
    /// Green threads that this worker has taken over.
    Taken,
}

impl Hub {
    /// Begins green threads of this worker's queue, for a hub that has nothing else to run. Returns false if there are none.
    pub(super) fn begin_unstarted(&'static self) -> bool {
        self.begin_of_all(|len| len.div_ceil(4).min(AT_ONCE))
    }

    /// Begins green threads of this worker's queue while others run: more of them the more there are.
    pub(super) fn begin_some(&'static self) {
        // What has begun cannot be taken over: the first of them may compute for long.
        match self.core().run_queue.is_empty() {
            true => self.begin_unstarted(),
            false => self.begin_of_all(|len| len.div_ceil(2).max(AT_ONCE)),
        };
    }

    /// Begins as many green threads as `limit` returns for the number of all in the queue.
    fn begin_of_all(&'static self, limit: impl FnOnce(usize) -> usize) -> bool {
        let unstarted = &self.remote.unstarted;
        if !unstarted.is_any() {
            return false;
        }
        self.end_quiet();
        let mut starts = self.core().starts.take();
        unstarted.take(limit, &mut starts);
        let is_any = !starts.is_empty();
        self.share(&mut starts);
        for (stack, body) in starts.drain(..) {
            self.accept(stack, body);
        }
        self.core().starts.set(starts);
        // The rest is for workers that have nothing to run.
        if unstarted.is_any()
            && let Some(team) = team()
        {
            team.rouse();
        }
        is_any
    }

    /// Leaves those of `starts` to another worker that this hub would have more of than that one, if that has nothing to run.
    fn share(&self, starts: &mut Vec<Start>) {
        let own = &self.remote;
        let Some(team) = team().filter(|_| own.has_many()) else {
            return;
        };
        let Some(other) = team.another(self).map(|other| &other.remote) else {
            return;
        };
        if !other.is_idle() || !team.prefers_other(own, other) {
            return;
        }
        let surplus = own.begun().saturating_sub(other.begun()) / 2;
        let first = starts.len() - surplus.min(starts.len());
        let count = starts.len() - first;
        other.alive.take_over(count, &own.alive);
        other.unstarted.append(starts.drain(first..));
        // As for a spawn: it may have begun to run something else meanwhile.
        if !other.poke() {
            team.rouse();
        }
    }

    /// Announces that this hub will sleep in `bed`, for at most `timeout`. Returns false if it may have something to run. A worker
    /// searches first.
    pub(super) fn may_sleep(&'static self, bed: Bed, timeout: Option<Duration>) -> bool {
        let Some(team) = team().filter(|_| self.remote.is_worker()) else {
            return self.remote.inbox.may_sleep(bed);
        };
        let searching = match self.begin_search(team) {
            Turn::Search(searching, time) => Some((searching, time)),
            Turn::Message => return false,
            Turn::None => None,
        };
        if let Some((searching, time)) = searching {
            if self.search(team, time, timeout) {
                drop(searching);
                if team.has_unstarted() {
                    team.rouse();
                }
                return false;
            }
            if !self.remote.inbox.may_sleep(bed) {
                return false;
            }
            // Only now: see the head of `team`.
            drop(searching);
        } else if !self.remote.inbox.may_sleep(bed) {
            return false;
        }
        if team.search().is_needed() && team.has_unstarted() {
            self.remote.inbox.awake();
            return false;
        }
        true
    }

    /// Counts this worker as one that searches. If enough others search, waits a moment for one of them to end: often it is the sender
    /// of the message that was just handled here, to which an answer is on its way.
    fn begin_search<'a>(&'a self, team: &'a Team) -> Turn<'a> {
        let patience = match has_cores() {
            true => self.core().patience.get(),
            false => Duration::ZERO,
        };
        let time = match self.remote.take_roused() {
            true => patience.max(ROUSED),
            false => patience,
        };
        if time.is_zero() && !team.has_unstarted() {
            return Turn::None;
        }
        for _ in 0..TURNS {
            if let Some(searching) = Searching::begin(team, &self.remote) {
                return Turn::Search(searching, time);
            }
            if time.is_zero() {
                break;
            }
            if self.waits_for_a_message() {
                self.core().patience.has_paid();
                return Turn::Message;
            }
        }
        Turn::None
    }

    /// Looks for something to run for `time`, but not for longer than `timeout`, and for longer while it sees green threads
    /// that their own workers may begin soon. Returns true if there may be something.
    fn search(&'static self, team: &Team, time: Duration, timeout: Option<Duration>) -> bool {
        let core = self.core();
        let begin = Instant::now();
        let mut sights = core.sights.take();
        sights.clear();
        sights.resize(team.hubs().len(), None);
        let mut looks = 0;
        let found = loop {
            if self.waits_for_a_message() {
                core.patience.has_paid();
                break true;
            }
            let now = Instant::now();
            let found = self.look(team, &mut sights, now);
            if found == Found::Taken {
                break true;
            }
            looks += 1;
            if looks % LOOKS == 0 && core.driver.has_watched() {
                self.poll_now();
                if !core.run_queue.is_empty() {
                    break true;
                }
            }
            let searched = now - begin;
            if timeout.is_some_and(|timeout| searched >= timeout) {
                break true;
            }
            if found == Found::Nothing && searched >= time {
                core.patience.was_in_vain();
                break false;
            }
        };
        core.sights.set(sights);
        found
    }

    /// Waits for a moment for a message. Returns true if one has come.
    fn waits_for_a_message(&self) -> bool {
        (0..SPINS).any(|_| {
            hint::spin_loop();
            self.remote.inbox.is_pending()
        })
    }

    /// Looks at the queues of the other workers, and takes over from one what has been there for a while.
    fn look(&'static self, team: &Team, sights: &mut [Sight], now: Instant) -> Found {
        let mut found = Found::Nothing;
        for (victim, sight) in team.hubs().iter().zip(sights) {
            if ptr::eq(*victim, self) {
                continue;
            }
            let unstarted = &victim.remote.unstarted;
            let Some(front) = unstarted.front() else {
                *sight = None;
                continue;
            };
            found = Found::Fresh;
            match *sight {
                Some((seen, since)) if seen == front => {
                    let waited = now - since;
                    let is_early = waited < LATE && !self.is_welcome(team, victim);
                    if waited >= FRESH && !is_early && self.take_over(victim) {
                        return Found::Taken;
                    }
                    if is_early {
                        // The OS may have put the victim on this core.
                        #[expect(clippy::disallowed_methods, reason = "the OS thread's own")]
                        thread::yield_now();
                    }
                }
                _ => *sight = Some((front, now)),
            }
        }
        found
    }

    /// Returns true if green threads that `victim` has not begun may begin on this hub at once: there is a core for both, and this
    /// hub does not have many more.
    fn is_welcome(&self, team: &Team, victim: &Hub) -> bool {
        !team.prefers_other(&self.remote, &victim.remote) && team.cores().is_one_free()
    }

    /// Says that the hub is not quiet, before it takes something out of a queue: a report that finds the queue empty finds
    /// this changed.
    fn end_quiet(&self) {
        self.core().idleness.end(&self.remote.quiet);
    }

    /// Takes over green threads that `victim` has not begun. Returns false if it has none any more.
    fn take_over(&'static self, victim: &Hub) -> bool {
        self.end_quiet();
        let mut starts = self.core().starts.take();
        victim.remote.unstarted.steal(&mut starts);
        let alive = &self.remote.alive;
        alive.take_over(starts.len(), &victim.remote.alive);
        self.remote.unstarted.append(starts.drain(..));
        self.core().starts.set(starts);
        self.begin_unstarted()
    }
}

impl Hub {
    /// Has `poll` poll a lock, for at most as many times as it is told, unless only one hub or one core runs green threads.
    /// Returns true if the lock was found free.
    #[inline]
    pub(crate) fn poll_for_a_lock(&self, poll: impl FnOnce(u32) -> Spin) -> bool {
        if !self.remote.is_worker() || !has_cores() {
            return false;
        }
        let patience = &self.core().lock_patience;
        let found = poll(patience.polls());
        match found {
            Spin::Free => patience.has_polled(true),
            Spin::Again => patience.has_polled(false),
            // Others queue already, or polled before: this says nothing of the holder.
            Spin::Stop => {}
        }
        found == Spin::Free
    }
}
