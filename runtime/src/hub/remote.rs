//! The part of a hub that any OS thread may touch.
#![allow(unsafe_code)]

use std::os::unix::thread::RawPthread;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use super::alive::AliveCount;
use super::body::Body;
use super::counts::Counts;
use super::inbox::{Inbox, Slept};
use super::quiet::Quiet;
use super::task::Address;
use super::unstarted::Unstarted;
use crate::coroutine::Reservation;
use crate::reactor::{Key, Notifier, forks};

/// From this number on, one worker has at most one more than another: these are many of a kind, such as connections.
const MANY: usize = 32;

/// What another OS thread asks of a hub.
pub(super) enum Message {
    /// Start a green thread.
    Start(Reservation, Body),
    /// Wake a task. The number is that of the cause, if the sender is observed, or zero.
    Wake(Address, u64),
    /// Forget a descriptor.
    Forget(Key),
    /// Call a closure on the hub's OS thread, which neither blocks nor panics.
    Call(Box<dyn FnOnce() + Send>),
}

/// What starts a green thread.
pub(super) type Start = (Reservation, Body);

/// The part of a hub that any OS thread may touch.
pub(super) struct Remote {
    pub(super) inbox: Inbox<Message>,
    /// The green threads that any worker may begin. Empty where the hub is no worker.
    pub(super) unstarted: Unstarted<Start>,
    pub(super) notifier: Notifier,
    pub(super) alive: AliveCount,
    pub(super) quiet: Quiet,
    pub(super) counts: Counts,
    is_worker: AtomicBool,
    /// Whether the hub looks for something to run.
    is_searching: AtomicBool,
    /// Whether the hub was woken to take over what another has not begun.
    is_roused: AtomicBool,
    /// The number of forks before the process that the hub was made in.
    process: u32,
    /// The OS thread that the hub belongs to, as bits; zero before that is known.
    os_thread: AtomicUsize,
    /// The number that the OS knows that OS thread by; zero before that is known.
    number: AtomicU64,
}

impl Remote {
    pub(super) fn new(notifier: Notifier) -> Self {
        Remote {
            inbox: Inbox::new(),
            unstarted: Unstarted::new(),
            notifier,
            alive: AliveCount::new(),
            quiet: Quiet::new(),
            counts: Counts::new(),
            is_worker: AtomicBool::new(false),
            is_searching: AtomicBool::new(false),
            is_roused: AtomicBool::new(false),
            process: forks(),
            os_thread: AtomicUsize::new(0),
            number: AtomicU64::new(0),
        }
    }

    /// Sends a message, and notifies the hub if it sleeps.
    pub(super) fn send(&self, message: Message) {
        if self.inbox.send(message) == Slept::InReactor {
            self.notifier.notify();
        }
    }

    /// Has the hub look at its queue of green threads that are not begun. Returns true if it slept.
    pub(super) fn poke(&self) -> bool {
        let slept = self.inbox.poke();
        if slept == Slept::InReactor {
            self.notifier.notify();
        }
        slept != Slept::No
    }

    /// Has the hub look at the queues of all workers.
    pub(super) fn rouse(&self) {
        self.is_roused.store(true, Ordering::Relaxed);
        self.poke();
    }

    /// Returns whether the hub was roused since the last call.
    pub(super) fn take_roused(&self) -> bool {
        self.is_roused.load(Ordering::Relaxed) && self.is_roused.swap(false, Ordering::Relaxed)
    }

    /// Sets whether the hub looks for something to run. On the hub's own OS thread.
    pub(super) fn set_searching(&self, is_searching: bool) {
        self.is_searching.store(is_searching, Ordering::Relaxed);
    }

    /// Returns true if the hub has nothing to run.
    pub(super) fn is_idle(&self) -> bool {
        self.inbox.is_asleep() || self.is_searching.load(Ordering::Relaxed)
    }

    /// Returns how many green threads a worker has that have begun, or that are about to.
    pub(super) fn begun(&self) -> usize {
        self.alive.load().saturating_sub(self.unstarted.len())
    }

    /// Returns true if a worker has many green threads that have begun.
    pub(super) fn has_many(&self) -> bool {
        self.begun() >= MANY
    }

    /// Returns true if the hub is a worker.
    #[inline]
    pub(super) fn is_worker(&self) -> bool {
        self.is_worker.load(Ordering::Relaxed)
    }

    /// Makes the hub a worker.
    pub(super) fn set_worker(&self) {
        self.is_worker.store(true, Ordering::Relaxed);
    }

    /// Returns true unless the hub was made before a fork, in a parent of this process.
    #[inline]
    pub(super) fn is_of_this_process(&self) -> bool {
        self.process == forks()
    }

    /// Returns the OS thread that the hub belongs to.
    #[inline]
    pub(super) fn os_thread(&self) -> RawPthread {
        self.os_thread.load(Ordering::Relaxed) as RawPthread
    }

    /// Returns the number that the OS knows the hub's OS thread by; zero before that is known.
    pub(super) fn number(&self) -> u64 {
        self.number.load(Ordering::Relaxed)
    }

    /// Makes this OS thread the one that the hub belongs to.
    pub(super) fn set_this_thread(&self) {
        self.set_os_thread(this_os_thread());
        #[cfg(any(target_os = "linux", target_os = "android"))]
        // SAFETY: gettid has no preconditions.
        self.number
            .store(unsafe { libc::gettid() } as u64, Ordering::Relaxed);
    }

    /// Sets the OS thread that the hub belongs to.
    pub(super) fn set_os_thread(&self, os_thread: RawPthread) {
        // The starter of a hub's OS thread sets it, and so does that OS thread. Relaxed is enough: the starter sets it
        // before it passes the hub on.
        self.os_thread.store(os_thread as usize, Ordering::Relaxed);
    }
}

/// Returns this OS thread.
#[allow(
    clippy::unnecessary_cast,
    reason = "it is a pointer in some C libraries, such as musl"
)]
#[inline]
pub(super) fn this_os_thread() -> RawPthread {
    // SAFETY: pthread_self has no preconditions.
    unsafe { libc::pthread_self() as RawPthread }
}
