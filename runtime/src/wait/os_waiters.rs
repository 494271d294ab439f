//! The OS threads that wait in the native parker: their tokens, and what they wait for.
//!
//! Each has an entry in a list that reports read. An entry is made when an OS thread first waits, lives as long as the process,
//! and is used for another OS thread after the thread and its wakers are gone. The list has no lock, which the child of
//! a fork could find held by an OS thread that it does not have.
//!
//! Invariants:
//! 1. An entry is in use by one parker, from `claim` until `release`. Only the OS thread of that parker writes its `note`, while its
//!    epoch is not asleep.
//! 2. The `note` is read by that OS thread, or within [`Blocked::read`]. While the epoch is asleep, the wait that it points to
//!    is borrowed by a frame of the OS thread.
#![allow(unsafe_code)]

use ::std::cell::UnsafeCell;
use ::std::num::NonZeroU64;
use ::std::panic::Location;
use ::std::ptr::{self, NonNull};
use ::std::sync::Once;
use ::std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering};

use crate::boundary;
use crate::wait::blocked::Blocked;
use crate::wait::park::Wait;
use crate::wait::reason::Reason;

/// The entry of an OS thread.
pub(crate) struct OsWaiter {
    blocked: Blocked,
    note: UnsafeCell<Option<Stored>>,
    /// The number that the OS knows the thread by; zero before its first wait without a deadline.
    os_thread: AtomicU64,
    /// The process that the number is of, see [`PROCESS`].
    process: AtomicU32,
    is_used: AtomicBool,
    next: AtomicPtr<OsWaiter>,
}

// SAFETY: the cell is accessed as by invariants 1 and 2, which `Blocked` orders; the rest is atomic. What a `Stored` points to is
// accessed by its thread and, while that is blocked, by the reader, as `WaitEntry::reason` allows.
unsafe impl Sync for OsWaiter {}

#[derive(Clone, Copy)]
struct Stored {
    wait: NonNull<Wait<'static>>,
    number: NonZeroU64,
    /// An address on the stack of the OS thread.
    place: usize,
}

/// An OS thread that waits without a deadline, as a report reads it.
pub(crate) struct Seen {
    /// The number that the OS knows it by.
    pub(crate) os_thread: u64,
    /// Its number as a thread.
    pub(crate) number: NonZeroU64,
    pub(crate) reason: Reason,
    pub(crate) location: Option<&'static Location<'static>>,
    /// An address on its stack.
    pub(crate) place: usize,
    /// The epoch of the wait.
    pub(crate) epoch: usize,
}

/// The entries.
static LIST: AtomicPtr<OsWaiter> = AtomicPtr::new(ptr::null_mut());

/// The number of forks before this process, so that what the parent's OS threads have said is not taken to be true here.
static PROCESS: AtomicU32 = AtomicU32::new(0);

/// Returns an entry for the calling OS thread.
pub(super) fn claim() -> &'static OsWaiter {
    static ONCE: Once = Once::new();

    let _inside = boundary::enter();
    ONCE.call_once(|| {
        // SAFETY: the handler reads and changes atomics. An error means that there is no memory for it.
        unsafe { libc::pthread_atfork(None, None, Some(forked)) };
    });
    // Acquire, here and in `entries`: pairs with the release of what `release` or another `claim` has done.
    let is_free = |entry: &&OsWaiter| {
        !entry.is_used.load(Ordering::Relaxed) && !entry.is_used.swap(true, Ordering::Acquire)
    };
    if let Some(entry) = entries().find(is_free) {
        entry.os_thread.store(0, Ordering::Relaxed);
        return entry;
    }
    let entry: &'static OsWaiter = Box::leak(Box::new(OsWaiter {
        blocked: Blocked::new(),
        note: UnsafeCell::new(None),
        os_thread: AtomicU64::new(0),
        process: AtomicU32::new(0),
        is_used: AtomicBool::new(true),
        next: AtomicPtr::new(ptr::null_mut()),
    }));
    let mut first = LIST.load(Ordering::Relaxed);
    loop {
        entry.next.store(first, Ordering::Relaxed);
        let new = ptr::from_ref(entry).cast_mut();
        // Release: pairs with the acquire in `entries`.
        match LIST.compare_exchange_weak(first, new, Ordering::Release, Ordering::Relaxed) {
            Ok(_) => return entry,
            Err(now) => first = now,
        }
    }
}

unsafe extern "C" fn forked() {
    // Relaxed, here and below: a new process has one thread, which starts all others.
    PROCESS.fetch_add(1, Ordering::Relaxed);
    // The reader is not in this process. The thread may be: its signal handler has forked.
    entries().for_each(|entry| entry.blocked.has_no_reader());
}

fn entries() -> impl Iterator<Item = &'static OsWaiter> {
    let mut next = &LIST;
    std::iter::from_fn(move || {
        // SAFETY: a pointer in the list is null or to an entry, which lives as long as the process.
        let entry = unsafe { next.load(Ordering::Acquire).as_ref() }?;
        next = &entry.next;
        Some(entry)
    })
}

/// Returns the OS threads of this process that wait without a deadline and have not been woken, each with its epoch: see
/// [`blocked`](crate::wait::blocked) for what that is good for.
pub(crate) fn asleep() -> Vec<(u64, usize)> {
    let asleep = entries().filter_map(|entry| {
        let epoch = entry.blocked.epoch()?;
        Some((entry.os_thread()?, epoch))
    });
    asleep.collect()
}

/// Returns what the OS threads of this process wait for that wait without a deadline.
pub(crate) fn waits() -> Vec<Seen> {
    let waits = entries().filter_map(|entry| entry.blocked.read(|epoch| entry.see(epoch))?);
    waits.collect()
}

impl OsWaiter {
    pub(super) fn blocked(&self) -> &Blocked {
        &self.blocked
    }

    /// Gives the entry back, once no waker of its parker is left.
    pub(super) fn release(&self) {
        // There may be a token from a late waker.
        self.blocked.take();
        // Release: pairs with the acquire in `claim`.
        self.is_used.store(false, Ordering::Release);
    }

    /// Calls `block`, in which the OS thread is blocked for `wait` until it is woken. `number` returns the thread's number. Called by
    /// the thread of this entry, once [`Blocked::may_block`] has returned true.
    pub(super) fn during(&self, wait: &Wait<'_>, number: fn() -> NonZeroU64, block: impl FnOnce()) {
        struct WakeUp<'a>(&'a Blocked);
        impl Drop for WakeUp<'_> {
            fn drop(&mut self) {
                self.0.wake_up();
            }
        }

        if self.blocked.is_asleep() {
            // A signal handler that has interrupted the wait.
            return block();
        }
        let process = PROCESS.load(Ordering::Relaxed);
        if self.os_thread.load(Ordering::Relaxed) == 0
            || self.process.load(Ordering::Relaxed) != process
        {
            let _inside = boundary::enter();
            // SAFETY: gettid has no preconditions.
            let number = unsafe { libc::syscall(libc::SYS_gettid) };
            self.os_thread.store(number as u64, Ordering::Relaxed);
            self.process.store(process, Ordering::Relaxed);
        }
        let stored = Stored {
            wait: NonNull::from(wait).cast(),
            number: number(),
            place: (&raw const process).addr(),
        };
        // SAFETY: by invariant 1 no other thread accesses the cell now.
        let before = unsafe { self.note.get().replace(Some(stored)) };
        self.blocked.fall_asleep();
        {
            // The frame that borrows the wait is this one; it is left after `wake_up`.
            let _wake_up = WakeUp(&self.blocked);
            block();
        }
        // This may be a signal handler that has interrupted the thread where it had noted its wait, and was not asleep yet.
        // SAFETY: as above: it is not asleep any more.
        unsafe { self.note.get().write(before) };
    }

    fn os_thread(&self) -> Option<u64> {
        // Relaxed: the caller has acquired the epoch.
        let is_here = self.process.load(Ordering::Relaxed) == PROCESS.load(Ordering::Relaxed);
        let number = self.os_thread.load(Ordering::Relaxed);
        (is_here && number != 0).then_some(number)
    }

    /// Reads the note, within [`Blocked::read`].
    fn see(&self, epoch: usize) -> Option<Seen> {
        let os_thread = self.os_thread()?;
        // SAFETY: by invariant 2.
        let stored = unsafe { *self.note.get() }?;
        // SAFETY: by invariant 2.
        let wait = unsafe { stored.wait.as_ref() };
        Some(Seen {
            os_thread,
            number: stored.number,
            reason: wait.reason(),
            location: wait.location(),
            place: stored.place,
            epoch,
        })
    }
}
