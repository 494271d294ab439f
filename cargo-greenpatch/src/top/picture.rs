//! What is shown of a process: made of what it has answered now and before.

use std::collections::{HashMap, HashSet};

use super::client::Sample;
use super::text;
use super::wire::{self, Holder, HubStats};

/// What is shown of a process.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Picture {
    pub(super) hubs: Vec<Hub>,
    /// The threads of all hubs.
    pub(super) threads: Vec<Thread>,
    /// The cycles among threads that wait for each other.
    pub(super) cycles: Vec<Vec<u64>>,
    pub(super) other_os_threads: Option<u64>,
    /// How many calls by helpers have begun in a second.
    pub(super) helper_calls: Option<f64>,
}

/// What is shown of a hub.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Hub {
    pub(super) os_thread: u64,
    pub(super) name: String,
    /// What runs on it.
    pub(super) running: Option<String>,
    /// Why it does not answer: the system call that its OS thread is in, or nothing that is known.
    pub(super) held: Option<String>,
    pub(super) ready: usize,
    pub(super) new: usize,
    pub(super) waiting: usize,
    /// What it has done, once there are two answers.
    pub(super) rates: Option<Rates>,
}

/// What a hub has done in a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rates {
    pub(super) switches: f64,
    pub(super) parks: f64,
    pub(super) remote_wakes: f64,
    pub(super) polls: f64,
    /// The part of the time in which it was not asleep, if times are measured.
    pub(super) busy: Option<f64>,
}

/// What is shown of a thread.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Thread {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) hub: usize,
    pub(super) state: State,
    /// Whether that is from an earlier answer: its hub is held.
    pub(super) is_old: bool,
    pub(super) is_root: bool,
    pub(super) is_in_cycle: bool,
    pub(super) waits_for: String,
    /// The thread that can end the wait.
    pub(super) owner: Option<u64>,
    /// The same in words.
    pub(super) owner_text: String,
    pub(super) waited: Option<f64>,
    pub(super) remaining: Option<f64>,
    /// Where it waits.
    pub(super) location: String,
    pub(super) spawned_at: String,
    pub(super) parent: Option<u64>,
    pub(super) stack_used: Option<u64>,
    pub(super) stack_size: Option<u64>,
}

/// What a thread does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    Running,
    Ready,
    New,
    Waiting,
    /// None that this version knows.
    #[default]
    Unknown,
}

impl State {
    pub(super) fn word(self) -> &'static str {
        match self {
            State::Running => "running",
            State::Ready => "ready",
            State::New => "new",
            State::Waiting => "waiting",
            State::Unknown => "?",
        }
    }

    fn named(word: &str) -> State {
        let all = [State::Running, State::Ready, State::New, State::Waiting];
        let found = all.into_iter().find(|state| state.word() == word);
        found.unwrap_or_default()
    }
}

impl Picture {
    /// Makes the picture of an answer. The one before has the threads of hubs that are held now.
    pub(super) fn of(now: &Sample, before: Option<&Sample>, last: Option<&Picture>) -> Picture {
        let mut picture = Picture {
            cycles: now.dump.cycles.clone(),
            other_os_threads: now.dump.other_os_threads,
            ..Picture::default()
        };
        let seconds = before.map(|before| (now.at - before.at).as_secs_f64());
        let seconds = seconds.filter(|seconds| *seconds > 0.0);
        if let (Some(before), Some(seconds)) = (before, seconds) {
            let calls = now
                .stats
                .helper_calls
                .saturating_sub(before.stats.helper_calls);
            picture.helper_calls = Some(calls as f64 / seconds);
        }
        for (number, hub) in now.dump.hubs.iter().enumerate() {
            if hub.is_held {
                picture.keep_threads(hub, number, last);
            } else {
                picture.add_threads(hub, number);
            }
            let mut shown = picture.hub(hub, number);
            shown.rates = before.zip(seconds).and_then(|(before, seconds)| {
                let new = of_hub(now, hub.os_thread)?;
                let old = of_hub(before, hub.os_thread)?;
                Some(Rates::between(old, new, seconds, now.stats.is_timed))
            });
            picture.hubs.push(shown);
        }
        picture.name_owners();
        picture
    }

    /// Returns the thread of this number.
    pub(super) fn thread(&self, id: u64) -> Option<&Thread> {
        self.threads.iter().find(|thread| thread.id == id)
    }

    /// Returns what a thread is called.
    pub(super) fn name_of(&self, id: u64) -> String {
        match self.thread(id) {
            Some(thread) if !thread.name.is_empty() => format!("{} ({id})", thread.name),
            _ => format!("thread {id}"),
        }
    }

    /// Returns the threads that wait for each other, beginning with this one, and whether they go round in a circle.
    pub(super) fn chain(&self, start: u64) -> (Vec<u64>, bool) {
        let mut chain = vec![start];
        loop {
            let last = chain[chain.len() - 1];
            match self.thread(last).and_then(|thread| thread.owner) {
                None => return (chain, false),
                Some(owner) if chain.contains(&owner) => {
                    chain.push(owner);
                    return (chain, true);
                }
                Some(owner) => chain.push(owner),
            }
        }
    }

    fn add_threads(&mut self, hub: &wire::Hub, number: usize) {
        self.threads
            .extend(hub.threads.iter().map(|thread| Thread::of(thread, number)));
    }

    /// Takes over what was known of the threads of a hub before it was held.
    fn keep_threads(&mut self, hub: &wire::Hub, number: usize, last: Option<&Picture>) {
        let running = hub.running.as_ref();
        let of_this_hub = |thread: &&Thread| {
            let before = last.and_then(|last| last.hubs.get(thread.hub));
            before.is_some_and(|before| before.os_thread == hub.os_thread)
        };
        let kept = last.into_iter().flat_map(|last| &last.threads);
        for thread in kept.filter(of_this_hub) {
            let runs = running.is_some_and(|running| match running.id {
                Some(id) => id == thread.id,
                None => thread.is_root,
            });
            let mut thread = thread.clone();
            thread.hub = number;
            thread.is_old = !runs;
            thread.is_in_cycle = false;
            if runs {
                thread.state = State::Running;
                thread.forget_wait();
            }
            self.threads.push(thread);
        }
    }

    fn hub(&self, hub: &wire::Hub, number: usize) -> Hub {
        let own = || (self.threads.iter()).filter(|thread| thread.hub == number);
        let count = |state| own().filter(|thread| thread.state == state).count();
        let running = match &hub.running {
            Some(wire::Running { id: Some(id), name }) => Some(match name {
                Some(name) => format!("{} ({id})", text::clean(name)),
                None => self.name_of(*id),
            }),
            Some(_) => Some("the OS thread's own stack".to_owned()),
            None => own()
                .find(|thread| thread.state == State::Running)
                .map(|thread| self.name_of(thread.id)),
        };
        let held = hub
            .is_held
            .then(|| match (hub.system_call, &hub.call_name) {
                (_, Some(name)) => format!("in {}", text::clean(name)),
                (Some(number), None) => format!("in system call {number}"),
                (None, None) => "computes".to_owned(),
            });
        Hub {
            os_thread: hub.os_thread,
            name: text::clean(hub.name.as_deref().unwrap_or_default()),
            running,
            held,
            ready: count(State::Ready),
            new: count(State::New),
            waiting: count(State::Waiting),
            rates: None,
        }
    }

    /// Says in words which threads end waits, and marks those that wait in a circle.
    fn name_owners(&mut self) {
        let circle: HashSet<u64> = self.cycles.iter().flatten().copied().collect();
        let names: HashMap<u64, String> = (self.threads.iter())
            .filter(|thread| !thread.name.is_empty())
            .map(|thread| (thread.id, format!("{} ({})", thread.name, thread.id)))
            .collect();
        for thread in &mut self.threads {
            thread.is_in_cycle = circle.contains(&thread.id);
            if let Some(owner) = thread.owner {
                let name = names.get(&owner).cloned();
                thread.owner_text = name.unwrap_or_else(|| format!("thread {owner}"));
            }
        }
    }
}

fn of_hub(sample: &Sample, os_thread: u64) -> Option<&HubStats> {
    let mut hubs = sample.stats.hubs.iter();
    hubs.find(|hub| hub.os_thread == os_thread)
}

impl Rates {
    fn between(old: &HubStats, new: &HubStats, seconds: f64, is_timed: bool) -> Rates {
        let rate = |old: u64, new: u64| new.saturating_sub(old) as f64 / seconds;
        let asleep = (new.sleep_seconds - old.sleep_seconds) / seconds;
        Rates {
            switches: rate(old.switches, new.switches),
            parks: rate(old.parks, new.parks),
            remote_wakes: rate(old.remote_wakes, new.remote_wakes),
            polls: rate(old.polls, new.polls),
            busy: is_timed.then(|| (1.0 - asleep).clamp(0.0, 1.0)),
        }
    }
}

impl Thread {
    fn of(thread: &wire::Thread, hub: usize) -> Thread {
        let clean = |text: &Option<String>| text::clean(text.as_deref().unwrap_or_default());
        let mut shown = Thread {
            id: thread.id,
            name: clean(&thread.name),
            hub,
            state: State::named(&thread.state),
            is_root: thread.is_root,
            spawned_at: clean(&thread.spawned_at),
            parent: thread.parent,
            stack_used: thread.stack_used,
            stack_size: thread.stack_size,
            ..Thread::default()
        };
        let Some(wait) = &thread.wait else {
            return shown;
        };
        shown.waits_for = text::wait(wait);
        shown.waited = Some(wait.waited_seconds);
        shown.remaining = wait.remaining_seconds;
        shown.location = clean(&wait.location);
        match &wait.holder {
            Some(Holder::Thread(id)) => shown.owner = Some(*id),
            Some(Holder::Other(words)) => shown.owner_text = text::clean(words),
            None => {}
        }
        shown
    }

    fn forget_wait(&mut self) {
        self.waits_for.clear();
        self.owner = None;
        self.owner_text.clear();
        self.waited = None;
        self.remaining = None;
        self.location.clear();
        self.stack_used = None;
    }
}

#[cfg(test)]
mod tests;
