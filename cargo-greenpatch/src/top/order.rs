//! Which threads are shown, and in which order.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use super::picture::{Picture, Thread};

/// What threads are ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Sort {
    #[default]
    Number,
    Name,
    Hub,
    State,
    Waited,
    Stack,
}

impl Sort {
    /// All, with the key of each.
    pub(super) const ALL: [(char, Sort); 6] = [
        ('n', Sort::Number),
        ('a', Sort::Name),
        ('h', Sort::Hub),
        ('s', Sort::State),
        ('w', Sort::Waited),
        ('k', Sort::Stack),
    ];

    /// The order of that key.
    pub(super) fn of_key(key: char) -> Option<Sort> {
        let found = Sort::ALL.into_iter().find(|(own, _)| *own == key);
        found.map(|(_, sort)| sort)
    }

    /// The name that the command line has for it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Sort::Number => "number",
            Sort::Name => "name",
            Sort::Hub => "hub",
            Sort::State => "state",
            Sort::Waited => "waited",
            Sort::Stack => "stack",
        }
    }

    /// Compares two threads. The longest wait and the largest stack come first.
    fn compare(self, one: &Thread, other: &Thread) -> Ordering {
        let float = |one: Option<f64>, other: Option<f64>| {
            let [one, other] = [one, other].map(|value| value.unwrap_or(-1.0));
            other.total_cmp(&one)
        };
        match self {
            Sort::Number => Ordering::Equal,
            // Those without a name come last.
            Sort::Name => {
                (one.name.is_empty(), &one.name).cmp(&(other.name.is_empty(), &other.name))
            }
            Sort::Hub => one.hub.cmp(&other.hub),
            Sort::State => one.state.cmp(&other.state),
            Sort::Waited => float(one.waited, other.waited),
            Sort::Stack => other.stack_used.cmp(&one.stack_used),
        }
    }
}

/// How threads are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Listing {
    pub(super) sort: Sort,
    pub(super) is_reversed: bool,
    /// Whether each thread is below the one that has spawned it.
    pub(super) is_tree: bool,
    /// A text that shown threads have somewhere.
    pub(super) filter: String,
}

impl Listing {
    /// Returns the places of the shown threads in the picture, with their depths.
    pub(super) fn order(&self, picture: &Picture) -> Vec<(usize, usize)> {
        let threads = &picture.threads;
        let mut order: Vec<usize> = (0..threads.len()).collect();
        order.sort_by(|one, other| {
            let (one, other) = (&threads[*one], &threads[*other]);
            let order = self.sort.compare(one, other).then(one.id.cmp(&other.id));
            if self.is_reversed {
                order.reverse()
            } else {
                order
            }
        });
        let mut placed = match self.is_tree {
            true => tree(threads, &order),
            false => order.into_iter().map(|place| (place, 0)).collect(),
        };
        if !self.filter.is_empty() {
            let wanted = self.filter.to_lowercase();
            placed.retain(|(place, _)| has(&threads[*place], &wanted));
        }
        placed
    }
}

/// Puts each thread below the one that has spawned it.
fn tree(threads: &[Thread], order: &[usize]) -> Vec<(usize, usize)> {
    let known: HashSet<u64> = threads.iter().map(|thread| thread.id).collect();
    let parent = |thread: &Thread| {
        let parent = thread.parent.filter(|parent| *parent != thread.id);
        parent.filter(|parent| known.contains(parent))
    };
    let mut children: HashMap<Option<u64>, Vec<usize>> = HashMap::new();
    for place in order {
        children
            .entry(parent(&threads[*place]))
            .or_default()
            .push(*place);
    }
    let mut placed = Vec::with_capacity(order.len());
    // What is yet to be placed, the next last.
    let mut rest: Vec<(usize, usize)> = Vec::new();
    let mut add = |rest: &mut Vec<(usize, usize)>, parent, depth| {
        let below = children.remove(&parent).unwrap_or_default();
        rest.extend(below.into_iter().rev().map(|place| (place, depth)));
    };
    add(&mut rest, None, 0);
    while let Some((place, depth)) = rest.pop() {
        placed.push((place, depth));
        add(&mut rest, Some(threads[place].id), depth + 1);
    }
    placed
}

/// Whether a thread has the text, in lower case, somewhere.
fn has(thread: &Thread, wanted: &str) -> bool {
    let has = |text: &str| text.to_lowercase().contains(wanted);
    has(&thread.name)
        || has(thread.state.word())
        || has(&thread.waits_for)
        || has(&thread.owner_text)
        || has(&thread.location)
        || has(&thread.spawned_at)
        || (thread.is_in_cycle && "cycle".contains(wanted))
        || thread.id.to_string() == wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture() -> Picture {
        let thread = |id, name: &str, parent, waited| Thread {
            id,
            name: name.to_owned(),
            parent,
            waited,
            ..Thread::default()
        };
        Picture {
            threads: vec![
                thread(1, "main", None, Some(5.0)),
                thread(2, "b", Some(1), Some(1.0)),
                thread(3, "", Some(2), None),
                thread(4, "a", Some(1), Some(9.0)),
                thread(5, "lost", Some(77), Some(2.0)),
            ],
            ..Picture::default()
        }
    }

    fn shown(listing: &Listing) -> Vec<(u64, usize)> {
        let picture = picture();
        let order = listing.order(&picture).into_iter();
        order
            .map(|(place, depth)| (picture.threads[place].id, depth))
            .collect()
    }

    fn by(sort: Sort) -> Listing {
        Listing {
            sort,
            ..Listing::default()
        }
    }

    #[test]
    fn flat_lists_are_sorted() {
        let ids = |listing| {
            shown(&listing)
                .into_iter()
                .map(|(id, _)| id)
                .collect::<Vec<_>>()
        };
        assert_eq!(ids(by(Sort::Number)), [1, 2, 3, 4, 5]);
        assert_eq!(ids(by(Sort::Name)), [4, 2, 5, 1, 3]);
        assert_eq!(ids(by(Sort::Waited)), [4, 1, 5, 2, 3]);
        let mut reversed = by(Sort::Waited);
        reversed.is_reversed = true;
        assert_eq!(ids(reversed), [3, 2, 5, 1, 4]);
    }

    #[test]
    fn a_tree_has_each_thread_once_and_siblings_sorted() {
        let mut listing = by(Sort::Waited);
        listing.is_tree = true;
        assert_eq!(shown(&listing), [(1, 0), (4, 1), (2, 1), (3, 2), (5, 0)]);
        listing.sort = Sort::Number;
        assert_eq!(shown(&listing), [(1, 0), (2, 1), (3, 2), (4, 1), (5, 0)]);
    }

    #[test]
    fn a_filter_leaves_what_has_the_text() {
        let mut listing = by(Sort::Number);
        listing.filter = "MAI".to_owned();
        assert_eq!(shown(&listing), [(1, 0)]);
        listing.filter = "3".to_owned();
        assert_eq!(shown(&listing), [(3, 0)]);
        listing.filter = "nothing".to_owned();
        assert_eq!(shown(&listing), []);
    }
}
