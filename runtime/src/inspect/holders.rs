//! Which threads hold what others wait for, and which wait for each other in a circle.
#![forbid(unsafe_code)]

use std::collections::{HashMap, HashSet};

use super::dump::{Dump, Holder, ThreadState, WaitReport};
use super::os;
use crate::wait::stack_page;

/// Finds the thread whose stack has the page that each lock has noted. More than one is none: stacks that are two TiB
/// apart have the same pages.
pub(super) fn resolve(dump: &mut Dump) {
    let pages = waits(dump).filter_map(|(_, wait)| wait.page);
    if pages.count() == 0 {
        return;
    }
    let stacks = dump
        .threads()
        .filter_map(|thread| Some((thread.id, thread.bounds?)));
    let mut stacks: Vec<(u64, (usize, usize))> = stacks.collect();
    if !dump.os_threads.is_empty() {
        let areas = os::areas();
        for thread in &dump.os_threads {
            let is_its = |(start, end): &&(usize, usize)| (*start..*end).contains(&thread.place);
            // A stack begins with a page of its own that cannot be accessed, so no other one is in its area.
            stacks.extend(areas.iter().find(is_its).map(|area| (thread.id, *area)));
        }
    }
    let is_complete = !dump.hubs.iter().any(|hub| hub.is_held);
    let of_hubs = dump.hubs.iter_mut().flat_map(|hub| &mut hub.threads);
    let of_hubs = of_hubs.filter_map(|thread| thread.wait.as_mut());
    let of_os_threads = dump.os_threads.iter_mut().map(|thread| &mut thread.wait);
    for wait in of_hubs.chain(of_os_threads) {
        let Some(page) = wait.page else {
            continue;
        };
        let is_theirs = |(_, (lowest, top)): &&(u64, (usize, usize))| {
            stack_page::is_within(page, *lowest, *top)
        };
        let mut holders = stacks.iter().filter(is_theirs);
        wait.holder = match (holders.next(), holders.next()) {
            (Some((holder, _)), None) => Some(Holder::Thread(*holder)),
            (None, _) if is_complete => Some(Holder::OsThread),
            _ => None,
        };
    }
}

/// Returns the waits of all threads, each with the number of the thread.
fn waits(dump: &Dump) -> impl Iterator<Item = (u64, &WaitReport)> {
    let waiting = (dump.threads()).filter(|thread| thread.state == ThreadState::Waiting);
    let of_hubs = waiting.filter_map(|thread| Some((thread.id, thread.wait.as_ref()?)));
    of_hubs.chain((dump.os_threads.iter()).map(|thread| (thread.id, &thread.wait)))
}

/// Returns the cycles among the threads of a dump that wait for a thread without a deadline.
pub(super) fn cycles(dump: &Dump) -> Vec<Vec<u64>> {
    let mut waits_for = HashMap::new();
    for (id, wait) in waits(dump) {
        if wait.remaining.is_none()
            && let Some(Holder::Thread(holder)) = wait.holder
        {
            waits_for.insert(id, holder);
        }
    }
    let mut cycles = Vec::new();
    let mut seen = HashSet::new();
    for (thread, _) in waits(dump) {
        let mut path = Vec::new();
        let mut at = Some(thread);
        while let Some(id) = at.filter(|id| seen.insert(*id)) {
            path.push(id);
            at = waits_for.get(&id).copied();
        }
        // Each thread waits for one other, so a path comes back to itself or to what was looked at before.
        if let Some(start) = at.and_then(|id| path.iter().position(|other| *other == id)) {
            let mut cycle = path.split_off(start);
            // The same cycle is the same list, wherever it was found first.
            let smallest = (0..cycle.len()).min_by_key(|index| cycle[*index]);
            cycle.rotate_left(smallest.unwrap_or(0));
            cycles.push(cycle);
        }
    }
    cycles
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::{ThreadReport, WaitKind, WaitReport};

    fn dump(edges: &[(u64, Option<u64>)]) -> Dump {
        Dump::of(edges.iter().map(|(id, holder)| {
            let mut thread = ThreadReport::new(*id, ThreadState::Waiting);
            thread.wait = holder.map(|holder| WaitReport {
                kind: WaitKind::Join,
                address: None,
                location: None,
                waited: std::time::Duration::ZERO,
                remaining: None,
                holder: Some(Holder::Thread(holder)),
                page: None,
            });
            thread
        }))
    }

    #[test]
    fn each_cycle_is_found_once() {
        let dump = dump(&[
            (1, Some(2)),
            (2, Some(3)),
            (3, Some(4)),
            (4, Some(2)),
            (5, Some(5)),
            (6, Some(1)),
            (7, None),
            (8, Some(7)),
            (9, Some(100)),
        ]);
        assert_eq!(cycles(&dump), [vec![2, 3, 4], vec![5]]);
    }
}
