//! Which of the green threads that wait for the lock of one file waits for it at the OS.
//!
//! That takes an OS thread, so one does for all that want the same: if it cannot have the lock, neither can they.
//! Those that want to share a lock and those that do not have a queue each, as the former may get it when the
//! latter do not.
//!
//! Invariant:
//! 1. A [`Place`] is linked from `enlist` on until `waits` is false; `park::wait`, the only caller, keeps it in
//!    place for that time.
#![allow(unsafe_code)]

use std::collections::BTreeMap;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use super::parker::Parker;
use crate::hub;
use crate::wait::park::{self, Enlist, Wait};
use crate::wait::queue::{Fifo, Node, Verdict};

/// A file, by device and number, and whether its lock is to be shared.
type Key = (libc::dev_t, libc::ino_t, bool);

/// Those that wait behind one that has the turn. Without one there is no queue.
static QUEUES: Mutex<Queues> = Mutex::new(Queues {
    process: 0,
    of: BTreeMap::new(),
});

struct Queues {
    /// The process that they are of, by the number of forks.
    process: u32,
    of: BTreeMap<Key, Fifo<()>>,
}

/// The turn to wait at the OS. It goes to the next one when dropped.
pub(super) struct Turn(Key);

/// Takes the turn, and waits until that is possible.
///
/// # Errors
///
/// What the OS says of the file.
pub(super) fn take(parker: &Parker, file: BorrowedFd<'_>, shared: bool) -> io::Result<Turn> {
    let (device, number) = identify(file)?;
    let key = (device, number, shared);
    let place = Place {
        key,
        node: Node::new(()),
    };
    park::wait(parker, &Wait::new(&place, None));
    Ok(Turn(key))
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut queues = queues();
        let next = queues
            .of
            .get_mut(&self.0)
            .and_then(|queue| queue.wake(Verdict::HANDED));
        if next.is_none() {
            queues.of.remove(&self.0);
        }
        drop(queues);
        if let Some(next) = next {
            next.wake();
        }
    }
}

/// A place in the queue.
struct Place {
    key: Key,
    node: Node<()>,
}

impl Enlist for Place {
    fn enlist(&self, waker: Waker, _patience: u32) -> bool {
        let mut queues = queues();
        match queues.of.get_mut(&self.key) {
            None => {
                queues.of.insert(self.key, Fifo::new());
                false
            }
            Some(queue) => {
                // SAFETY: by invariant 1 it stays in place, and it is not linked yet.
                unsafe { queue.push(&self.node, waker, 0, false) };
                true
            }
        }
    }

    fn waits(&self) -> bool {
        self.node.waits()
    }

    fn withdraw(&self) -> bool {
        // It has no deadline.
        false
    }
}

fn identify(file: BorrowedFd<'_>) -> io::Result<(libc::dev_t, libc::ino_t)> {
    let mut stat = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: there is room for what it writes.
    if unsafe { libc::fstat(file.as_raw_fd(), stat.as_mut_ptr()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it was written, since the call has not failed.
    let stat = unsafe { stat.assume_init_ref() };
    Ok((stat.st_dev, stat.st_ino))
}

fn queues() -> MutexGuard<'static, Queues> {
    let mut queues = QUEUES.lock().unwrap_or_else(PoisonError::into_inner);
    if queues.process != hub::forks() {
        // Those of the parent have no thread here.
        queues.process = hub::forks();
        queues.of.clear();
    }
    queues
}
