//! The descriptors of a hub: the reactor, the tasks that wait, and the attempts made for them.
//!
//! A task that waits passes its next attempt to the hub. The hub makes it as soon as an event indicates that it has a
//! chance, and only then makes the task ready. So the reads of all tasks that one poll of the OS has found follow each
//! other, and the tasks process the bytes after that: kernel and program do not displace each other's code and data from
//! the processor's caches for each task.
//!
//! Invariants:
//! 1. Every entry in the table of descriptors is a [`Waiter`] on the stack of a task that is within `Hub::wait_ready`.
//!    It is taken out before that function returns or unwinds.
//! 2. A waiter that was taken out because an event was [`Found`] stays within `Hub::wait_ready` while it is marked
//!    as found, however often it is woken meanwhile.
#![allow(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::io;
use std::mem;
use std::os::fd::RawFd;
use std::ptr::NonNull;

use super::budget::TICKS_BETWEEN_POLLS;
use super::revalidation::{EPOCH, Revalidation};
use super::run_queue::RunQueue;
use super::task::{Address, Task};
use crate::coroutine;
use crate::reactor::{Descriptors, Direction, Key, Polled, Poller, Readiness};

/// The number of bytes that attempts move before the tasks that want them run: so few that they stay in the processor's
/// cache until then. The other tasks make their attempts themselves.
pub(super) const BYTES_AHEAD: usize = 128 * 1024;
/// While so many tasks are ready, the hub makes no attempts and puts off polls of the OS: the bytes would no longer be in
/// the caches when their task runs.
pub(super) const READY_AHEAD: usize = 256;
/// The largest capacity that the buffer of waiters keeps. A larger buffer is freed.
const MAX_FOUND_CAPACITY: usize = 1024;
/// The largest number of descriptors that are doubted at a time.
const DOUBTED_AT_ONCE: usize = 1024;

/// An attempt at the operation that a task waits for. Returns the number of bytes it has moved that the task will want to
/// see. It reports at once what it found out about the descriptor. It should not wait or panic, which would delay other
/// tasks.
pub(crate) type Attempt<'a> = dyn FnMut() -> usize + 'a;

/// The reactor of a hub, and the descriptors registered with it.
pub(super) struct Driver {
    poller: RefCell<Poller>,
    descriptors: RefCell<Descriptors<NonNull<Waiter<'static>>>>,
    revalidation: Revalidation,
    /// Whether a descriptor was ever registered here.
    has_watched: Cell<bool>,
    /// Whether signals end the waits of all tasks, and not of the root alone.
    interrupts_all: Cell<bool>,
    /// How many of the tasks that were ready after the last poll of the OS have not run yet.
    ready_at_poll: Cell<usize>,
    /// A buffer for the waiters that a poll of the OS has found.
    found: Cell<Vec<NonNull<Waiter<'static>>>>,
}

/// A task that waits for a descriptor.
pub(super) struct Waiter<'a> {
    task: NonNull<Task>,
    key: Key,
    direction: Direction,
    /// None once it has been made.
    attempt: Cell<Option<&'a mut Attempt<'a>>>,
    is_found: Cell<bool>,
    /// The way the wait ended, if not by an event.
    ended: Cell<Option<Waited>>,
    /// The epoch in which the wait began; zero if it has asked the OS about the descriptor.
    epoch: u32,
}

/// How a wait for a descriptor has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waited {
    /// An attempt may have a chance, or has been made.
    Ready,
    /// The deadline has passed.
    TimedOut,
    /// A signal was handled on this OS thread while it slept.
    Interrupted,
    /// The wait has lasted for a whole epoch, and the OS was not asked about the descriptor when it began.
    Doubted,
    /// The task's thread is to unwind: it was cancelled, or is in a time-out that has elapsed.
    Stopped,
}

/// The waiters for which one poll of the OS has found an event, from `next` on. If an attempt panics, the rest are made
/// ready without their attempts.
struct Found<'a> {
    driver: &'a Driver,
    run_queue: &'a RunQueue,
    waiters: Vec<NonNull<Waiter<'static>>>,
    next: usize,
}

impl Driver {
    pub(super) fn new(poller: Poller) -> Self {
        Driver {
            poller: RefCell::new(poller),
            descriptors: RefCell::new(Descriptors::new()),
            revalidation: Revalidation::new(),
            has_watched: Cell::new(false),
            interrupts_all: Cell::new(false),
            ready_at_poll: Cell::new(0),
            found: Cell::new(Vec::new()),
        }
    }

    /// Registers a descriptor, as `Hub::watch` does.
    pub(super) fn watch(&self, run_queue: &RunQueue, fd: RawFd) -> io::Result<Key> {
        self.has_watched.set(true);
        let mut descriptors = self.descriptors.borrow_mut();
        let key = descriptors
            .insert()
            .ok_or_else(|| io::Error::from(io::ErrorKind::QuotaExceeded))?;
        match self.poller.borrow().add(fd, key) {
            Ok(()) => {
                // What the number meant before was closed without notice.
                if let Some(stale) = descriptors.find(fd) {
                    descriptors.remove(stale, |waiter| wake(run_queue, waiter));
                }
                descriptors.set_number(fd, key);
                Ok(key)
            }
            Err(error) => {
                descriptors.remove(key, |_| ());
                // The descriptor is registered already, for another value made of its number.
                match descriptors.find(fd) {
                    Some(other) if error.kind() == io::ErrorKind::AlreadyExists => Ok(other),
                    _ => Err(error),
                }
            }
        }
    }

    /// Returns the key of the latest registration under a number.
    #[cfg(greenpatch_libc)]
    pub(super) fn find(&self, fd: RawFd) -> Option<Key> {
        self.descriptors.borrow().find(fd)
    }

    /// Registers the descriptor that the number refers to now, as `Hub::watch_again` does.
    pub(super) fn watch_again(&self, run_queue: &RunQueue, fd: RawFd, key: Key) -> Option<Key> {
        let mut descriptors = self.descriptors.borrow_mut();
        let new = descriptors.insert()?;
        let added = self.poller.borrow().add(fd, new);
        if added.is_ok() {
            descriptors.set_number(fd, new);
        }
        let is_same = matches!(&added, Err(error) if error.kind() == io::ErrorKind::AlreadyExists);
        let stale = if added.is_ok() { key } else { new };
        descriptors.remove(stale, |waiter| wake(run_queue, waiter));
        if !is_same && added.is_err() {
            descriptors.remove(key, |waiter| wake(run_queue, waiter));
        }
        added.is_ok().then_some(new)
    }

    /// Forgets a descriptor, and wakes the tasks that wait for it.
    pub(super) fn forget(&self, run_queue: &RunQueue, key: Key) {
        let mut descriptors = self.descriptors.borrow_mut();
        descriptors.remove(key, |waiter| wake(run_queue, waiter));
    }

    /// Returns true if a descriptor was ever registered here.
    #[inline]
    pub(super) fn has_watched(&self) -> bool {
        self.has_watched.get()
    }

    /// Returns true if an attempt has a chance, and `None` if the key is stale.
    #[inline]
    pub(super) fn allows(&self, key: Key, direction: Direction) -> Option<bool> {
        self.descriptors.borrow().allows(key, direction)
    }

    /// Remembers that an attempt would have blocked.
    #[inline]
    pub(super) fn has_blocked(&self, key: Key, direction: Direction) {
        self.descriptors.borrow_mut().has_blocked(key, direction);
    }

    /// Remembers that a transfer moved fewer bytes than it could have.
    #[inline]
    pub(super) fn was_short(&self, key: Key, direction: Direction) {
        self.descriptors.borrow_mut().was_short(key, direction);
    }

    /// Returns true if a wait that begins now may ask the OS about its descriptor.
    #[inline]
    pub(super) fn may_ask(&self) -> bool {
        self.revalidation.may_ask(|| self.remind())
    }

    /// Sets the reminder that begins the next epoch. Returns false if it cannot be set.
    #[cold]
    fn remind(&self) -> bool {
        self.poller.borrow_mut().remind(EPOCH).is_ok()
    }

    /// Makes signals that are handled on this OS thread end the waits of all its green threads. For hubs on which the
    /// root runs no user code that the signals could be meant for.
    pub(super) fn interrupt_all(&self) {
        self.interrupts_all.set(true);
    }

    /// Returns true if a task waits for a descriptor.
    pub(super) fn is_waited_for(&self) -> bool {
        let mut is_waited_for = false;
        self.descriptors
            .borrow()
            .all_waiting(|_| is_waited_for = true);
        is_waited_for
    }

    /// Returns true if the root runs no code of a user's.
    pub(super) fn interrupts_all(&self) -> bool {
        self.interrupts_all.get()
    }

    /// Creates a waiter for the running task, for [`enlist`](Self::enlist).
    #[inline]
    pub(super) fn waiter<'a>(
        &self,
        task: NonNull<Task>,
        key: Key,
        direction: Direction,
        has_asked: bool,
        attempt: &'a mut Attempt<'a>,
    ) -> Waiter<'a> {
        Waiter {
            task,
            key,
            direction,
            attempt: Cell::new(Some(attempt)),
            is_found: Cell::new(false),
            ended: Cell::new(None),
            epoch: match has_asked {
                true => 0,
                false => self.revalidation.epoch(),
            },
        }
    }

    /// Puts a waiter into the table. Returns false if an attempt has a chance now, or the key is stale.
    ///
    /// # Safety
    ///
    /// The waiter's task must stay within `Hub::wait_ready` as required by invariants 1 and 2.
    #[inline]
    pub(super) unsafe fn enlist(&self, waiter: &Waiter<'_>) -> bool {
        let mut descriptors = self.descriptors.borrow_mut();
        descriptors.enlist(waiter.key, waiter.direction, waiter.name(), waiter.epoch)
    }

    /// Takes a waiter out. Returns true if an attempt has a chance, and `None` if the key is stale.
    pub(super) fn withdraw(&self, waiter: &Waiter<'_>) -> Option<bool> {
        let mut descriptors = self.descriptors.borrow_mut();
        descriptors.withdraw(waiter.key, waiter.direction, waiter.name())
    }

    /// Returns true if the OS should be asked which descriptors are ready.
    ///
    /// A task that a poll finds queues behind all ready tasks. So while many are ready a later poll is soon enough, and
    /// the bytes that are read then are still in the processor's caches when the task runs. The poll is put off at most
    /// until all tasks that were ready at the last one have run, since they may become ready again and again.
    pub(super) fn is_poll_due(&self, run_queue: &RunQueue) -> bool {
        const TICKS: usize = TICKS_BETWEEN_POLLS as usize;
        let is_watching = self.descriptors.borrow().len() > 0;
        let left = self.ready_at_poll.get().saturating_sub(TICKS);
        self.ready_at_poll.set(left);
        is_watching && (left < TICKS || run_queue.len() < READY_AHEAD)
    }

    /// Polls the reactor by `poll`, makes the attempts of the tasks that waited for the events found, and makes these
    /// tasks ready. `root` is the task that signals are meant for.
    pub(super) fn poll(
        &self,
        run_queue: &RunQueue,
        root: NonNull<Task>,
        poll: impl FnOnce(&mut Poller, &mut dyn FnMut(Key, Readiness)) -> Polled,
    ) {
        let does_attempt = run_queue.len() < READY_AHEAD;
        let mut found = Found {
            driver: self,
            run_queue,
            waiters: self.found.take(),
            next: 0,
        };
        let polled = {
            let mut descriptors = self.descriptors.borrow_mut();
            let mut poller = self.poller.borrow_mut();
            poll(&mut poller, &mut |key, ready| {
                descriptors.set_ready(key, ready, |waiter| {
                    coroutine::prefetch(waiter.as_ptr().cast());
                    found.waiters.push(waiter);
                });
            })
        };
        found.mark();
        found.make_ready(does_attempt);
        if polled != Polled::default() {
            self.handle(run_queue, root, polled);
        }
        self.ready_at_poll.set(run_queue.len());
    }

    #[cold]
    fn handle(&self, run_queue: &RunQueue, root: NonNull<Task>, polled: Polled) {
        if polled.is_interrupted {
            self.interrupt(run_queue, root);
        }
        if polled.is_reminded {
            self.begin_epoch(run_queue);
        }
    }

    /// Ends the waits of the root, or of all tasks, as interrupted.
    fn interrupt(&self, run_queue: &RunQueue, root: NonNull<Task>) {
        let descriptors = self.descriptors.borrow();
        descriptors.all_waiting(|waiter| {
            // SAFETY: by invariant 1.
            let task = unsafe { waiter.as_ref() }.task;
            if self.interrupts_all.get() || task == root {
                end_wait(run_queue, waiter, Waited::Interrupted);
            }
        });
    }

    /// Returns how many waiters are in the table.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        let mut count = 0;
        self.descriptors.borrow().all_waiting(|_| count += 1);
        count
    }

    /// Begins a new epoch: waits that have lasted for a whole one end as doubted.
    fn begin_epoch(&self, run_queue: &RunQueue) {
        let last = self.revalidation.begin_epoch();
        let are_others = {
            let mut descriptors = self.descriptors.borrow_mut();
            descriptors.waits_since(last, DOUBTED_AT_ONCE, |waiter| {
                end_wait(run_queue, waiter, Waited::Doubted);
            })
        };
        if are_others {
            self.remind();
        }
    }
}

fn end_wait(run_queue: &RunQueue, waiter: NonNull<Waiter<'static>>, how: Waited) {
    // SAFETY: by invariant 1, since the waiter is in the table.
    unsafe { waiter.as_ref() }.ended.set(Some(how));
    wake(run_queue, waiter);
}

/// Wakes a waiter that is in the table, or has just been taken out.
fn wake(run_queue: &RunQueue, waiter: NonNull<Waiter<'static>>) {
    // SAFETY: by invariant 1; no task has run since it was in the table.
    run_queue.wake(Address(unsafe { waiter.as_ref() }.task));
}

impl Found<'_> {
    fn mark(&self) {
        for waiter in &self.waiters {
            // SAFETY: the waiter was in the table a moment ago, and no task has run since (invariant 1).
            unsafe { waiter.as_ref() }.is_found.set(true);
        }
    }

    /// Makes the waiters' attempts, if `does_attempt`, and makes their tasks ready.
    fn make_ready(&mut self, does_attempt: bool) {
        let mut moved = 0;
        let mut last = None;
        while let Some(waiter) = self.waiters.get(self.next) {
            // SAFETY: by invariant 2. After the mark is removed, the waiter's task is only made ready here.
            let waiter = unsafe { waiter.as_ref() };
            if let Some(next) = self.waiters.get(self.next + 1) {
                // SAFETY: by invariant 2.
                unsafe { next.as_ref() }.prefetch();
            }
            // An attempt for the same descriptor just before may have found that there is no more.
            // SAFETY: by invariant 2 the task is within `Hub::wait_ready`, which expects that the waiter may be in the
            // table.
            let waits_on = last == Some(waiter.key) && unsafe { self.driver.enlist(waiter) };
            last = Some(waiter.key);
            if !waits_on
                && does_attempt
                && moved < BYTES_AHEAD
                && let Some(attempt) = waiter.attempt.take()
            {
                moved += attempt();
            }
            self.next += 1;
            waiter.is_found.set(false);
            if !waits_on {
                self.run_queue.wake(Address(waiter.task));
            }
        }
    }
}

impl Drop for Found<'_> {
    fn drop(&mut self) {
        for waiter in self.waiters.drain(..).skip(self.next) {
            // SAFETY: by invariant 2, as in `make_ready`.
            let waiter = unsafe { waiter.as_ref() };
            waiter.is_found.set(false);
            self.run_queue.wake(Address(waiter.task));
        }
        let waiters = mem::take(&mut self.waiters);
        if waiters.capacity() <= MAX_FOUND_CAPACITY {
            self.driver.found.set(waiters);
        }
    }
}

impl Waiter<'_> {
    /// Returns true while the hub is going to make the attempt: the waiter must stay where it is.
    #[inline]
    pub(super) fn is_found(&self) -> bool {
        self.is_found.get()
    }

    /// Returns true if the attempt was made.
    pub(super) fn is_tried(&self) -> bool {
        let attempt = self.attempt.take();
        let is_tried = attempt.is_none();
        self.attempt.set(attempt);
        is_tried
    }

    /// Returns how the wait ended, if not by an event.
    #[inline]
    pub(super) fn ended(&self) -> Option<Waited> {
        self.ended.get()
    }

    /// Returns the name by which the table knows the waiter.
    fn name(&self) -> NonNull<Waiter<'static>> {
        NonNull::from(self).cast()
    }

    /// Prefetches the memory that an attempt is going to need: the frames above this one, up to the buffer if that is in
    /// the calling frame, and the task.
    #[inline]
    fn prefetch(&self) {
        for line in 1..8 {
            let here = std::ptr::from_ref(self).cast::<u8>();
            coroutine::prefetch(here.wrapping_add(64 * line));
        }
        coroutine::prefetch(self.task.as_ptr().cast());
    }
}
