//! Waiting on a hub until a descriptor is ready.
//!
//! Who waits leaves the attempt that it is going to make with the hub, which makes it as soon as an event
//! says that it has a chance, and only then lets the task go on. So the reads of all whom one look at the
//! OS has found follow each other, and what the tasks do with the bytes comes after: kernel and program
//! do not displace each other's code and data from the processor's caches for each of them.
//!
//! Invariants:
//! 1. Whoever is in the table of descriptors is a [`Waiter`] on the stack of a task that is within
//!    [`Hub::wait_ready`], and is taken out before that returns or unwinds.
//! 2. Whoever was taken out because an event was [`Found`] stays within [`Hub::wait_ready`] while it is marked
//!    as found, whoever wakes it meanwhile.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::io;
use std::mem;
use std::os::fd::RawFd;
use std::ptr::NonNull;
use std::time::Instant;

use super::task::{Address, Task};
use super::{Hub, Message, ROOM, current};
use crate::coroutine;
use crate::reactor::{Direction, Key, News, Reactor, Readiness};

/// How many bytes the hub has attempts move before the tasks go on that want them: as many as surely stay in
/// the processor's cache until then. The others make their attempts themselves.
pub(super) const BYTES_AHEAD: usize = 128 * 1024;
/// While so many tasks are ready the hub makes no attempts, and puts off looks at the OS: what is found would not be in
/// the caches any more when its turn comes.
pub(super) const READY_AHEAD: usize = 256;

/// An attempt at what a task waits to do. Returns how many bytes it has moved that the task will want to see. It
/// reports at once what it found out about the descriptor. It is not expected to wait or to panic, which would
/// hold up others.
pub(crate) type Attempt<'a> = dyn FnMut() -> usize + 'a;

/// A task that waits for a descriptor.
pub(super) struct Waiter<'a> {
    task: NonNull<Task>,
    key: Key,
    direction: Direction,
    /// None once it has been made.
    attempt: Cell<Option<&'a mut Attempt<'a>>>,
    is_found: Cell<bool>,
    /// Something else than an event has ended the wait.
    ended: Cell<Option<Waited>>,
    /// In which epoch it began; zero if it has.
    epoch: u32,
}

/// How a wait for a descriptor has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waited {
    /// An attempt may have a chance, or has been made.
    Ready,
    /// The deadline has passed.
    TimedOut,
    /// A signal was handled meanwhile, on this OS thread while it slept.
    Interrupted,
    /// It has waited for long, and the OS was not asked about the descriptor when it began.
    Doubted,
}

/// Takes a waiter out of the table, should the wait unwind.
struct Enlisted<'a> {
    hub: &'static Hub,
    waiter: &'a Waiter<'a>,
}

/// Those for whom one look at the OS has found something, from `next` on. Should an attempt panic, the rest go on
/// without.
struct Found<'a> {
    hub: &'a Hub,
    waiters: Vec<NonNull<Waiter<'static>>>,
    next: usize,
}

impl Hub {
    /// Has the reactor look at a descriptor, until [`Hub::forget`].
    ///
    /// # Errors
    ///
    /// `PermissionDenied` for a descriptor that is always ready, and what the OS has no memory for.
    pub(crate) fn watch(&'static self, fd: RawFd) -> io::Result<Key> {
        self.local().has_watched.set(true);
        let mut descriptors = self.local().descriptors.borrow_mut();
        let key = descriptors
            .insert(fd)
            .ok_or_else(|| io::Error::from(io::ErrorKind::QuotaExceeded))?;
        match self.local().reactor.borrow().add(fd, key) {
            Ok(()) => Ok(key),
            Err(error) => {
                descriptors.remove(key, |_| ());
                // Somebody else looks at this very descriptor: another value made of its number.
                match descriptors.find(fd) {
                    Some(other) if error.kind() == io::ErrorKind::AlreadyExists => Ok(other),
                    _ => Err(error),
                }
            }
        }
    }

    /// Makes sure that what the reactor looks at is what the number means now: another descriptor may have been
    /// duplicated onto it. Returns the new key if so, after which the old one is stale. If the new descriptor
    /// cannot be looked at it has none.
    #[cold]
    pub(crate) fn watch_again(&'static self, fd: RawFd, key: Key) -> Option<Key> {
        let mut descriptors = self.local().descriptors.borrow_mut();
        let new = descriptors.insert(fd)?;
        let added = self.local().reactor.borrow().add(fd, new);
        let is_same = matches!(&added, Err(error) if error.kind() == io::ErrorKind::AlreadyExists);
        let stale = if added.is_ok() { key } else { new };
        descriptors.remove(stale, |waiter| self.let_go_on(waiter));
        if !is_same && added.is_err() {
            descriptors.remove(key, |waiter| self.let_go_on(waiter));
        }
        added.is_ok().then_some(new)
    }

    /// Takes back [`Hub::watch`], from any OS thread, before the descriptor is closed. Who still
    /// waits for it, through another value made of its number, wakes and finds out.
    pub(crate) fn forget(&'static self, fd: RawFd, key: Key) {
        self.notifier.remove(fd);
        if current::is(self) {
            self.forget_here(key);
        } else {
            self.send(Message::Forget(key));
        }
    }

    pub(super) fn forget_here(&self, key: Key) {
        let mut descriptors = self.local().descriptors.borrow_mut();
        descriptors.remove(key, |waiter| self.let_go_on(waiter));
    }

    /// Wakes a waiter that is in the table, or has just been taken out.
    fn let_go_on(&self, waiter: NonNull<Waiter<'static>>) {
        // SAFETY: by invariant 1; no task has gone on since it was in the table.
        self.make_ready(Address(unsafe { waiter.as_ref() }.task));
    }

    /// Whether an attempt has a chance; none if nobody looks at that descriptor any more.
    pub(crate) fn allows(&self, key: Key, direction: Direction) -> Option<bool> {
        self.local().descriptors.borrow().allows(key, direction)
    }

    /// Remembers that an attempt would have blocked.
    pub(crate) fn has_blocked(&self, key: Key, direction: Direction) {
        let mut descriptors = self.local().descriptors.borrow_mut();
        descriptors.has_blocked(key, direction);
    }

    /// Remembers that a transfer moved fewer bytes than it could have.
    pub(crate) fn was_short(&self, key: Key, direction: Direction) {
        let mut descriptors = self.local().descriptors.borrow_mut();
        descriptors.was_short(key, direction);
    }

    /// Blocks the running task until an attempt may have a chance.
    ///
    /// The hub may have made the `attempt` by then, once. It does so within another task or the loop. What waits for
    /// the same as another one, which has found that there is no more, waits on. Unless the caller `has_asked` the OS about
    /// the descriptor, a wait that lasts ends as [`Waited::Doubted`].
    pub(crate) fn wait_ready<'a>(
        &'static self,
        key: Key,
        direction: Direction,
        deadline: Option<Instant>,
        has_asked: bool,
        attempt: &'a mut Attempt<'a>,
    ) -> Waited {
        let waiter = Waiter {
            task: self.local().running.get(),
            key,
            direction,
            attempt: Cell::new(Some(attempt)),
            is_found: Cell::new(false),
            ended: Cell::new(None),
            epoch: if has_asked { 0 } else { self.epoch() },
        };
        loop {
            if !self.enlist(&waiter) {
                return Waited::Ready;
            }
            let enlisted = Enlisted {
                hub: self,
                waiter: &waiter,
            };
            self.park(deadline);
            while waiter.is_found.get() {
                self.park(None);
            }
            mem::forget(enlisted);
            // It was taken out for that.
            if waiter.is_tried() || self.withdraw(&waiter) != Some(false) {
                return Waited::Ready;
            }
            if let Some(ended) = waiter.ended.get() {
                return ended;
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Waited::TimedOut;
            }
        }
    }

    /// Ends the waits as doubted that last since an epoch before `epoch`. Says whether there are others to be looked at
    /// later.
    pub(super) fn doubt(&self, epoch: u32, most: usize) -> bool {
        let mut descriptors = self.local().descriptors.borrow_mut();
        descriptors.waits_since(epoch, most, |waiter| self.end_wait(waiter, Waited::Doubted))
    }

    /// Ends the waits as interrupted of that task, or of all.
    pub(super) fn interrupt(&self, task: Option<NonNull<Task>>) {
        let descriptors = self.local().descriptors.borrow();
        descriptors.all_waiting(|waiter| {
            // SAFETY: by invariant 1.
            let of = unsafe { waiter.as_ref() }.task;
            if task.is_none_or(|task| task == of) {
                self.end_wait(waiter, Waited::Interrupted);
            }
        });
    }

    fn end_wait(&self, waiter: NonNull<Waiter<'static>>, how: Waited) {
        // SAFETY: by invariant 1, as it is in the table.
        unsafe { waiter.as_ref() }.ended.set(Some(how));
        self.let_go_on(waiter);
    }

    /// Asks the reactor, makes the attempts of those who waited for what it says, and lets them go on.
    pub(super) fn take_in(
        &self,
        ask: impl FnOnce(&mut Reactor, &mut dyn FnMut(Key, Readiness)) -> News,
    ) {
        let does_attempt = self.local().ready.len() < READY_AHEAD;
        let mut found = Found {
            hub: self,
            waiters: self.local().found.take(),
            next: 0,
        };
        let news = {
            let mut descriptors = self.local().descriptors.borrow_mut();
            let mut reactor = self.local().reactor.borrow_mut();
            ask(&mut reactor, &mut |key, ready| {
                descriptors.set_ready(key, ready, |waiter| {
                    coroutine::prefetch(waiter.as_ptr().cast());
                    found.waiters.push(waiter);
                });
            })
        };
        found.mark();
        found.go_on(does_attempt);
        if news != News::default() {
            self.take_news(news);
        }
        let local = self.local();
        local.behind_a_look.set(local.ready.len());
    }

    /// Puts a waiter into the table, from which it must be taken again. False if an attempt has a chance now,
    /// or the key is stale.
    #[inline]
    fn enlist(&self, waiter: &Waiter<'_>) -> bool {
        let mut descriptors = self.local().descriptors.borrow_mut();
        descriptors.enlist(waiter.key, waiter.direction, waiter.name(), waiter.epoch)
    }

    /// Takes a waiter out, and says whether an attempt has a chance; none if the key is stale.
    fn withdraw(&self, waiter: &Waiter<'_>) -> Option<bool> {
        let mut descriptors = self.local().descriptors.borrow_mut();
        descriptors.withdraw(waiter.key, waiter.direction, waiter.name())
    }
}

impl Found<'_> {
    fn mark(&self) {
        for waiter in &self.waiters {
            // SAFETY: it was in the table a moment ago, and no task has gone on since (invariant 1).
            unsafe { waiter.as_ref() }.is_found.set(true);
        }
    }

    /// Makes their attempts, if it is to, and lets them go on.
    fn go_on(&mut self, does_attempt: bool) {
        let mut moved = 0;
        let mut last = None;
        while let Some(waiter) = self.waiters.get(self.next) {
            // SAFETY: by invariant 2. Once it is not marked any more its task is only made ready here.
            let waiter = unsafe { waiter.as_ref() };
            if let Some(next) = self.waiters.get(self.next + 1) {
                // SAFETY: by invariant 2.
                unsafe { next.as_ref() }.prefetch();
            }
            // One who waits for the same, and was before it, may have found that there is no more.
            let waits_on = last == Some(waiter.key) && self.hub.enlist(waiter);
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
                self.hub.make_ready(Address(waiter.task));
            }
        }
    }
}

impl Drop for Found<'_> {
    fn drop(&mut self) {
        for waiter in self.waiters.drain(..).skip(self.next) {
            // SAFETY: by invariant 2, as in `go_on`.
            let waiter = unsafe { waiter.as_ref() };
            waiter.is_found.set(false);
            self.hub.make_ready(Address(waiter.task));
        }
        let waiters = mem::take(&mut self.waiters);
        if waiters.capacity() <= ROOM {
            self.hub.local().found.set(waiters);
        }
    }
}

impl Waiter<'_> {
    /// As the table knows it.
    fn name(&self) -> NonNull<Waiter<'static>> {
        NonNull::from(self).cast()
    }

    /// Asks the processor for what an attempt is going to need: the frames above this one, up to where the
    /// bytes go if the buffer is in the frame that called, and the task.
    #[inline]
    fn prefetch(&self) {
        for line in 1..8 {
            let place = std::ptr::from_ref(self).cast::<u8>();
            coroutine::prefetch(place.wrapping_add(64 * line));
        }
        coroutine::prefetch(self.task.as_ptr().cast());
    }

    /// Whether its attempt was made.
    fn is_tried(&self) -> bool {
        let attempt = self.attempt.take();
        let is_tried = attempt.is_none();
        self.attempt.set(attempt);
        is_tried
    }
}

impl Drop for Enlisted<'_> {
    fn drop(&mut self) {
        if self.waiter.is_found.get() {
            // Whoever found it is going to look at it, on a stack that is not there any more by then.
            std::process::abort();
        }
        self.hub.withdraw(self.waiter);
    }
}
