//! A dump as text.
#![forbid(unsafe_code)]

use std::collections::{HashMap, HashSet};
use std::fmt;

use super::dump::{
    Dump, Holder, HubReport, OsThreadReport, ThreadReport, ThreadState, WaitKind, WaitReport,
};
use super::os::SystemCall;
use crate::frame::{self, Frame};

/// The depth in the tree of threads from which on lines are not indented further.
const MOST_DEPTH: usize = 32;

/// A thread that is named in text: by its name and number.
#[derive(Clone, Copy)]
struct Named<'a> {
    id: u64,
    name: Option<&'a str>,
}

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name {
            Some(name) => write!(f, "{name:?} (thread {})", self.id),
            None => write!(f, "thread {}", self.id),
        }
    }
}

/// The names of the threads of a dump, by their numbers.
type Names<'a> = HashMap<u64, Named<'a>>;

fn names_of(dump: &Dump) -> Names<'_> {
    let green = dump.threads().map(name_of);
    let others = dump.os_threads.iter().map(name_of_os_thread);
    let all = others.chain(green);
    all.map(|named| (named.id, named)).collect()
}

/// Returns in words what a wait of a dump is for.
pub(super) fn wait(dump: &Dump, wait: &WaitReport) -> String {
    struct InWords<'a>(&'a Dump, &'a WaitReport);
    impl fmt::Display for InWords<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write_wait(f, self.1, &names_of(self.0))
        }
    }

    InWords(dump, wait).to_string()
}

/// Threads with their hubs, ordered so that each follows the thread that has spawned it.
struct Tree<'a> {
    children: HashMap<u64, Vec<(usize, &'a ThreadReport)>>,
    tops: Vec<(usize, &'a ThreadReport)>,
}

impl<'a> Tree<'a> {
    fn of(dump: &'a Dump) -> Tree<'a> {
        let known: HashSet<u64> = dump.threads().map(|thread| thread.id).collect();
        let mut tree = Tree {
            children: HashMap::new(),
            tops: Vec::new(),
        };
        for (number, hub) in dump.hubs.iter().enumerate() {
            for thread in &hub.threads {
                match thread.parent.filter(|parent| known.contains(parent)) {
                    Some(parent) => tree
                        .children
                        .entry(parent)
                        .or_default()
                        .push((number, thread)),
                    None => tree.tops.push((number, thread)),
                }
            }
        }
        for threads in tree.children.values_mut().chain([&mut tree.tops]) {
            // Popped from the end.
            threads.sort_by_key(|(_, thread)| std::cmp::Reverse(thread.id));
        }
        tree
    }

    /// Returns the next thread with its depth and hub.
    fn next(&mut self, path: &mut Vec<u64>) -> Option<(usize, usize, &'a ThreadReport)> {
        while let Some(last) = path.last() {
            if let Some((hub, thread)) = self.children.get_mut(last).and_then(Vec::pop) {
                let depth = path.len();
                path.push(thread.id);
                return Some((depth, hub, thread));
            }
            path.pop();
        }
        let (hub, thread) = self.tops.pop()?;
        path.push(thread.id);
        Some((0, hub, thread))
    }
}

impl fmt::Display for Dump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = names_of(self);
        let green = self.threads().filter(|thread| !thread.is_root).count();
        write!(
            f,
            "{} on {}",
            counted(green, "green thread"),
            counted(self.hubs.len(), "hub")
        )?;
        if let Some(others) = self.other_os_threads {
            write!(f, ", and {}", counted(others, "other OS thread"))?;
        }
        writeln!(f)?;
        for (number, hub) in self.hubs.iter().enumerate() {
            write_hub(f, number, hub)?;
        }
        let mut tree = Tree::of(self);
        let mut path = Vec::new();
        while let Some((depth, hub, thread)) = tree.next(&mut path) {
            let indent = 2 * depth.min(MOST_DEPTH);
            write!(f, "{:1$}", "", indent + 2)?;
            let hub = (self.hubs.len() > 1).then_some(hub);
            write_thread(f, thread, hub, depth > MOST_DEPTH, &names)?;
            let frames = thread.backtrace.as_deref();
            write_backtrace(f, frames, thread.no_backtrace, indent + 6)?;
        }
        for thread in &self.os_threads {
            let named = name_of_os_thread(thread);
            write!(f, "  {named}, OS thread {}: waiting for ", thread.os_thread)?;
            write_wait(f, &thread.wait, &names)?;
            writeln!(f)?;
        }
        for cycle in &self.cycles {
            write!(f, "cycle: ")?;
            for id in cycle {
                write!(f, "{} waits for ", named(*id, &names))?;
            }
            writeln!(f, "{}", named(cycle[0], &names))?;
        }
        Ok(())
    }
}

fn write_hub(f: &mut fmt::Formatter<'_>, number: usize, hub: &HubReport) -> fmt::Result {
    write!(f, "hub {number}, OS thread {}", hub.os_thread)?;
    if let Some(name) = &hub.name {
        write!(f, " {name:?}")?;
    }
    if hub.is_held {
        write!(f, ": held, it does not answer")?;
        if let Some(running) = &hub.running {
            let name = running.name.as_deref();
            match running.id {
                Some(id) => write!(f, "; {} runs", Named { id, name })?,
                None => write!(f, "; the OS thread's own stack runs")?,
            }
            if let Some(location) = running.spawned_at {
                write!(f, ", spawned at {location}")?;
            }
        }
        if let Some(call) = hub.system_call {
            write!(f, "; in {}", SystemCall(call))?;
        }
        writeln!(f)?;
        let Some(running) = &hub.running else {
            return Ok(());
        };
        return write_backtrace(f, running.backtrace.as_deref(), running.no_backtrace, 6);
    }
    let count = |state| {
        (hub.threads.iter())
            .filter(|thread| thread.state == state)
            .count()
    };
    writeln!(
        f,
        ": {} running, {} ready, {} new, {} waiting",
        count(ThreadState::Running),
        count(ThreadState::Ready),
        count(ThreadState::New),
        count(ThreadState::Waiting),
    )
}

/// Writes a line. With `says_parent` it names the thread that has spawned this one, as it does if that is not in the dump.
fn write_thread(
    f: &mut fmt::Formatter<'_>,
    thread: &ThreadReport,
    hub: Option<usize>,
    says_parent: bool,
    names: &Names<'_>,
) -> fmt::Result {
    write!(f, "{}", name_of(thread))?;
    if let Some(hub) = hub {
        write!(f, " on hub {hub}")?;
    }
    if thread.is_root {
        write!(f, ", the OS thread's own stack")?;
    }
    match (thread.state, &thread.wait) {
        (ThreadState::New, _) => write!(f, ": not started")?,
        (ThreadState::Running, _) => write!(f, ": running")?,
        (ThreadState::Ready, None) => write!(f, ": ready")?,
        (ThreadState::Ready, Some(wait)) => {
            write!(f, ": ready, after waiting for ")?;
            write_wait(f, wait, names)?;
        }
        (ThreadState::Waiting, None) => write!(f, ": waiting")?,
        (ThreadState::Waiting, Some(wait)) => {
            write!(f, ": waiting for ")?;
            write_wait(f, wait, names)?;
        }
    }
    if let Some(location) = thread.spawned_at {
        write!(f, "; spawned at {location}")?;
        let is_said = |parent: &u64| says_parent || !names.contains_key(parent);
        if let Some(parent) = thread.parent.filter(is_said) {
            write!(f, " by {}", named(parent, names))?;
        }
    }
    if let Some(stack) = thread.stack {
        match stack.used {
            Some(used) => write!(f, "; stack {} of {}", size(used), size(stack.size))?,
            None => write!(f, "; stack of {}", size(stack.size))?,
        }
        if let Some(peak) = stack.peak {
            write!(f, ", {} in memory", size(peak))?;
        }
    }
    writeln!(f)
}

fn write_backtrace(
    f: &mut fmt::Formatter<'_>,
    frames: Option<&[Frame]>,
    no_backtrace: Option<&str>,
    indent: usize,
) -> fmt::Result {
    if let Some(reason) = no_backtrace {
        writeln!(f, "{:indent$}no backtrace: {reason}", "")?;
    }
    for line in frame::lines(frames.unwrap_or_default()) {
        writeln!(f, "{:indent$}{line}", "")?;
    }
    Ok(())
}

fn write_wait(f: &mut fmt::Formatter<'_>, wait: &WaitReport, names: &Names<'_>) -> fmt::Result {
    match &wait.kind {
        WaitKind::Join => match wait.holder {
            Some(Holder::Thread(id)) => write!(f, "the end of {}", named(id, names))?,
            _ => write!(f, "the end of a thread")?,
        },
        WaitKind::Descriptor { fd, writes, peer } => {
            let purpose = if *writes { "write to" } else { "read from" };
            write!(f, "descriptor {fd} to {purpose}")?;
            if let Some(peer) = peer {
                write!(f, " {peer}")?;
            }
        }
        WaitKind::Call(name) => write!(f, "a call on an OS thread {name:?}")?,
        kind => write!(f, "{}", word(kind))?,
    }
    if let (Some(address), false) = (wait.address, wait.kind == WaitKind::Join) {
        write!(f, " {address:#x}")?;
    }
    match wait.holder {
        Some(Holder::Thread(id)) if wait.kind != WaitKind::Join => {
            write!(f, ", held by {}", named(id, names))?;
        }
        Some(Holder::OsThread) => write!(f, ", held by an OS thread that is no hub")?,
        _ => {}
    }
    if let Some(remaining) = wait.remaining {
        write!(f, ", for {remaining:.1?} more")?;
    }
    if let Some(location) = wait.location {
        write!(f, ", at {location}")?;
    }
    if !wait.waited.is_zero() {
        write!(f, ", for {:.1?} so far", wait.waited)?;
    }
    Ok(())
}

/// What a wait is for, in words.
pub(super) fn word(kind: &WaitKind) -> &'static str {
    match kind {
        WaitKind::Mutex => "mutex",
        WaitKind::Read => "a read lock",
        WaitKind::Write => "a write lock",
        WaitKind::Once => "an initialization",
        WaitKind::Condvar => "condition variable",
        WaitKind::Barrier => "barrier",
        WaitKind::ChannelSend => "room in channel",
        WaitKind::ChannelReceive => "a message from channel",
        WaitKind::Join => "join",
        WaitKind::Scope => "the end of the threads of a scope",
        WaitKind::Park => "unpark",
        WaitKind::BlockOn => "a future",
        WaitKind::Sleep => "the end of a sleep",
        WaitKind::Descriptor { .. } => "descriptor",
        WaitKind::Futex => "futex",
        WaitKind::Call(_) => "call",
    }
}

fn name_of(thread: &ThreadReport) -> Named<'_> {
    Named {
        id: thread.id,
        name: thread.name.as_deref(),
    }
}

fn name_of_os_thread(thread: &OsThreadReport) -> Named<'_> {
    Named {
        id: thread.id,
        name: thread.name.as_deref(),
    }
}

fn named<'a>(id: u64, names: &Names<'a>) -> Named<'a> {
    names.get(&id).copied().unwrap_or(Named { id, name: None })
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn size(bytes: usize) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(length: u64) -> Dump {
        Dump::of((1..=length).map(|id| {
            let mut thread = ThreadReport::new(id, ThreadState::Ready);
            thread.spawned_at = Some(std::panic::Location::caller());
            thread.parent = (id > 1).then(|| id - 1);
            thread
        }))
    }

    #[test]
    fn a_long_chain_of_spawns_is_not_indented_without_end() {
        // More than a width may be.
        let text = chain(40_000).to_string();
        assert_eq!(text.lines().count(), 40_002);
        assert!(text.lines().all(|line| line.len() < 250));
        let line = |id: u64| {
            text.lines()
                .find(|line| line.contains(&format!(" thread {id}:")))
        };
        assert!(!line(33).unwrap().contains(" by "), "{text}");
        assert!(line(34).unwrap().ends_with(" by thread 33"), "{text}");
    }
}
