//! The queue of green threads that wait for the lock of the same file.
//!
//! Waiting for the OS to grant a lock occupies a helper thread, so only the first waiter does so: while it cannot have
//! the lock, neither can the others. Shared and exclusive requests have a queue each, as a shared lock may be granted
//! when an exclusive one is not.
//!
//! Invariant:
//! 1. A [`TurnEntry`] is linked from `register` until `is_waiting` is false; `park::wait`, the only caller, does not move it in
//!    between.
#![allow(unsafe_code)]

use std::collections::BTreeMap;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use super::parker::Parker;
use crate::boundary;
use crate::hub;
use crate::wait::park::{Wait, WaitEntry};
use crate::wait::queue::{Fifo, Node, Verdict};
use crate::wait::reason::{Kind, Reason};

/// A file, by device and inode number, and whether the lock is shared.
type Key = (libc::dev_t, libc::ino_t, bool);

/// The waiters behind each turn that is taken. Without a turn there is no queue.
static QUEUES: Mutex<Queues> = Mutex::new(Queues {
    process: 0,
    of: BTreeMap::new(),
});

struct Queues {
    /// The process that the queues belong to, by the number of forks.
    process: u32,
    of: BTreeMap<Key, Fifo<()>>,
}

/// The turn to wait for the OS. Handed to the next waiter when dropped.
pub(super) struct Turn(Key);

/// Takes the turn; blocks while another thread has it.
///
/// # Errors
///
/// The error of `fstat`.
pub(super) fn take(parker: &Parker, file: BorrowedFd<'_>, shared: bool) -> io::Result<Turn> {
    let (device, number) = identify(file)?;
    let key = (device, number, shared);
    let entry = TurnEntry {
        key,
        node: Node::new(()),
    };
    parker.wait(&Wait::new(&entry, None));
    Ok(Turn(key))
}

impl Drop for Turn {
    fn drop(&mut self) {
        let _inside = boundary::enter();
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

/// The entry of a waiter in the queue.
struct TurnEntry {
    key: Key,
    node: Node<()>,
}

impl WaitEntry for TurnEntry {
    fn register(&self, waker: Waker, _patience: u32) -> bool {
        let _inside = boundary::enter();
        let mut queues = queues();
        match queues.of.get_mut(&self.key) {
            None => {
                queues.of.insert(self.key, Fifo::new());
                false
            }
            Some(queue) => {
                // SAFETY: by invariant 1 the node is not moved while it is linked, and it is not linked yet.
                unsafe { queue.push(&self.node, waker, 0, false) };
                true
            }
        }
    }

    fn is_waiting(&self) -> bool {
        self.node.is_waiting()
    }

    fn unregister(&self) -> bool {
        // The wait has no deadline.
        false
    }

    fn reason(&self) -> Reason {
        Reason::new(Kind::Call("greenpatch-lock"), self)
    }
}

fn identify(file: BorrowedFd<'_>) -> io::Result<(libc::dev_t, libc::ino_t)> {
    let mut stat = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: `stat` is valid for the write.
    if unsafe { libc::fstat(file.as_raw_fd(), stat.as_mut_ptr()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call has succeeded, so it has initialized `stat`.
    let stat = unsafe { stat.assume_init_ref() };
    Ok((stat.st_dev, stat.st_ino))
}

fn queues() -> MutexGuard<'static, Queues> {
    let mut queues = QUEUES.lock().unwrap_or_else(PoisonError::into_inner);
    if queues.process != hub::forks() {
        // The waiters of the parent process do not exist in its child.
        queues.process = hub::forks();
        queues.of.clear();
    }
    queues
}
