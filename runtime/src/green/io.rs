//! Transfers on a hub: how a green thread makes attempts, and waits until a descriptor is ready.
//!
//! The loop itself is [`perform::finish`]; what is here is its first step, which most transfers end with, and the
//! hub's [`Readiness`].
#![forbid(unsafe_code)]

use std::io;
use std::os::fd::RawFd;
use std::time::Instant;

use super::{busy, context, signals};
use crate::boundary;
use crate::descriptor::direction::{self, Manner};
use crate::descriptor::operation::{Kind, Operation};
use crate::descriptor::perform::{self, Readiness};
use crate::descriptor::watch::Watcher;
use crate::hub::{self, Direction, EPOCH, Hub, Key, Waited};
use crate::interruption;
use crate::wait::note::Note;

/// Performs an operation on the hub of the thread that runs, or by `native`, the original of the seam, if that may not
/// leave the processor to others. The replacement of every seam that takes an [`Operation`].
pub(super) fn perform_or(
    operation: &mut Operation<'_>,
    native: fn(&mut Operation<'_>) -> io::Result<usize>,
) -> io::Result<usize> {
    match hub::switching() {
        Some(hub) => perform(hub, operation),
        None => native(operation),
    }
}

/// Performs an operation, and lets other green threads run while the descriptor is not ready.
///
/// A read begins with a wait if the last one found no more and no event has come since. A write is tried first: most
/// often there is room.
pub(super) fn perform(hub: &'static Hub, operation: &mut Operation<'_>) -> io::Result<usize> {
    let _inside = boundary::enter();
    let mut made = None;
    let mut key = None;
    let mut deadline = None;
    if operation.direction() == direction::Direction::Read {
        key = known(hub, operation);
        if let Some(key) = key
            && hub.allows(key, Direction::Read) == Some(false)
            && operation.waits()
        {
            if hub.may_ask() || operation.kind() == Kind::Accept {
                return ask_and_wait(hub, operation, key);
            }
            let until = operation.deadline();
            let note = note_of(operation);
            let mut attempt = || {
                let result = attempt(hub, operation, Some(key), 0);
                let moved = *result.as_ref().unwrap_or(&0);
                made = Some(result);
                moved
            };
            let waited = context::noting(hub, note, |interrupts| {
                let interrupts = Some(interrupts);
                hub.wait_ready(key, Direction::Read, until, false, interrupts, &mut attempt)
            });
            if waited != Waited::Ready {
                return go_on_after(hub, operation, key, waited, until);
            }
            deadline = Some(until);
        }
    }
    let result = match made {
        Some(result) => result,
        None => attempt(hub, operation, key, 0),
    };
    match result {
        Ok(moved) if moved > 0 && !operation.goes_on(moved) => {
            hub.spend_transfer();
            Ok(moved)
        }
        result => perform::finish(operation, &mut Pause::until(hub, deadline), result),
    }
}

/// Performs an operation that begins with a wait, before which the OS is asked about the descriptor.
#[cold]
fn ask_and_wait(hub: &'static Hub, operation: &mut Operation<'_>, key: Key) -> io::Result<usize> {
    let mut pause = Pause::until(hub, None);
    let key = pause.ask(operation, key);
    let made = match operation.waits() {
        true => pause.wait_with(operation, key, 0),
        false => None,
    };
    let result = made.unwrap_or_else(|| attempt(hub, operation, Some(key), 0));
    perform::finish(operation, &mut pause, result)
}

/// Performs an operation after its first wait has ended without an attempt.
#[cold]
fn go_on_after(
    hub: &'static Hub,
    operation: &mut Operation<'_>,
    key: Key,
    waited: Waited,
    deadline: Option<Instant>,
) -> io::Result<usize> {
    let mut pause = Pause::until(hub, Some(deadline));
    let made = pause.end(operation, key, waited);
    let result = made.unwrap_or_else(|| attempt(hub, operation, None, 0));
    perform::finish(operation, &mut pause, result)
}

/// The waits of one operation on a hub.
struct Pause {
    hub: &'static Hub,
    /// Looked up at the first wait.
    deadline: Option<Option<Instant>>,
    /// Whether the OS was asked about the descriptor since the operation began.
    has_asked: bool,
    /// Whether the deadline has passed. Data that came in time is not lost if this thread is late: there is one more
    /// attempt, and only if that would block has the operation timed out.
    is_over: bool,
}

impl Readiness for Pause {
    #[inline(always)]
    fn attempt(&mut self, operation: &mut Operation<'_>, done: usize) -> io::Result<usize> {
        attempt(self.hub, operation, None, done)
    }

    fn continues(&self, _operation: &Operation<'_>) -> bool {
        true
    }

    fn would_block(&mut self, operation: &Operation<'_>, error: io::Error) -> io::Result<()> {
        if !operation.waits() {
            // The descriptor's mode may have been changed past the value.
            self.refresh(operation);
            if !operation.waits() {
                busy::busy();
                return Err(error);
            }
        }
        if self.is_over && !self.is_put_off(operation) {
            return Err(Operation::timed_out());
        }
        Ok(())
    }

    fn wait(
        &mut self,
        operation: &mut Operation<'_>,
        done: usize,
    ) -> io::Result<Option<io::Result<usize>>> {
        if !operation.waits() {
            return Ok(None);
        }
        let key = match registered(self.hub, operation) {
            Ok((key, is_new)) => {
                if is_new {
                    self.refresh(operation);
                }
                key
            }
            // A descriptor that is always ready, such as a regular file's, cannot be looked at.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied && done == 0 => {
                return Ok(Some(perform::perform(operation)));
            }
            Err(error) => return Err(error),
        };
        Ok(match operation.waits() {
            true => self.wait_with(operation, key, done),
            false => None,
        })
    }

    fn complete(&mut self) {
        self.hub.spend_transfer();
    }
}

impl Pause {
    /// With a deadline that has been looked up, if there was a wait.
    fn until(hub: &'static Hub, deadline: Option<Option<Instant>>) -> Self {
        Pause {
            hub,
            deadline,
            has_asked: false,
            is_over: false,
        }
    }

    /// Waits until an attempt may succeed, until the deadline, or until a signal ends the operation. Returns the result
    /// of the attempt if the hub has made it by then, or the error that ends the operation.
    #[inline]
    fn wait_with(
        &mut self,
        operation: &mut Operation<'_>,
        mut key: Key,
        done: usize,
    ) -> Option<io::Result<usize>> {
        let hub = self.hub;
        let deadline = match self.deadline {
            Some(deadline) => deadline,
            None => {
                if !self.has_asked && (hub.may_ask() || operation.kind() == Kind::Accept) {
                    key = self.ask(operation, key);
                    if !operation.waits() {
                        return None;
                    }
                }
                *self.deadline.insert(operation.deadline())
            }
        };
        let direction = direction_of(operation);
        let has_asked = self.has_asked;
        let mut made = None;
        let note = note_of(operation);
        let mut attempt = || {
            let result = perform::attempt_rest(operation, done, |operation| {
                attempt(hub, operation, Some(key), done)
            });
            // Bytes that were sent are not touched again.
            let moved = match direction {
                Direction::Read => *result.as_ref().unwrap_or(&0),
                Direction::Write => 0,
            };
            made = Some(result);
            moved
        };
        let waited = context::noting(hub, note, |interrupts| {
            let interrupts = Some(interrupts);
            hub.wait_ready(
                key,
                direction,
                deadline,
                has_asked,
                interrupts,
                &mut attempt,
            )
        });
        match waited {
            Waited::Ready => made,
            // The bytes that were moved are reported. The thread unwinds from its next wait.
            Waited::Stopped if done > 0 => Some(Err(io::ErrorKind::Interrupted.into())),
            waited => self.end(operation, key, waited),
        }
    }

    /// Notes how a wait has ended in which no attempt was made. Returns the error that ends the operation, if one does.
    #[cold]
    fn end(
        &mut self,
        operation: &Operation<'_>,
        key: Key,
        waited: Waited,
    ) -> Option<io::Result<usize>> {
        match waited {
            Waited::Ready => {}
            Waited::TimedOut => self.is_over = true,
            // No bytes were moved, and nothing was accepted.
            Waited::Stopped => interruption::unwind(),
            Waited::Interrupted => {
                // The OS does not restart a call that has a timeout.
                let ends = self.deadline.flatten().is_some() || signals::end_calls();
                if ends && operation.kind() == Kind::Transfer {
                    return Some(Err(io::Error::from_raw_os_error(libc::EINTR)));
                }
            }
            Waited::Doubted => {
                // It has waited for so long at least.
                let began = Instant::now().checked_sub(EPOCH);
                let began = self.began(operation).or(began);
                self.ask(operation, key);
                self.deadline = Some(operation.deadline_from(began));
            }
        }
        None
    }

    /// When the operation began to wait, if it has a deadline.
    fn began(&self, operation: &Operation<'_>) -> Option<Instant> {
        self.deadline.flatten()?.checked_sub(operation.timeout()?)
    }

    /// Asks the OS, once for each operation, for the descriptor's mode and timeout.
    fn refresh(&mut self, operation: &Operation<'_>) {
        if !self.has_asked {
            self.has_asked = true;
            operation.refresh();
        }
    }

    /// The same, and whether the hub looks at the right descriptor. Returns its key from now on.
    #[cold]
    fn ask(&mut self, operation: &Operation<'_>, key: Key) -> Key {
        self.refresh(operation);
        match self.hub.watch_again(operation.fd(), key) {
            Some(new) => {
                let watch = operation.watch();
                watch.set_key(self.hub, operation.fd(), new.to_bits());
                new
            }
            None => key,
        }
    }

    /// Whether the OS, the deadline having passed, has a later one by now.
    #[cold]
    fn is_put_off(&mut self, operation: &Operation<'_>) -> bool {
        if self.has_asked {
            return false;
        }
        let began = self.began(operation);
        self.refresh(operation);
        let deadline = operation.deadline_from(began);
        self.deadline = Some(deadline);
        self.is_over = deadline.is_some_and(|deadline| Instant::now() >= deadline);
        !self.is_over
    }
}

/// Makes one attempt, after `done` bytes have been moved, and notes at once what it says about the descriptor: an event
/// that comes later is newer.
#[inline(always)]
fn attempt(
    hub: &'static Hub,
    operation: &mut Operation<'_>,
    key: Option<Key>,
    done: usize,
) -> io::Result<usize> {
    let direction = direction_of(operation);
    let result = operation.attempt(Manner::Try, done);
    match &result {
        Ok(moved) => {
            if operation.is_short(*moved, done + moved)
                && let Some(key) = key.or_else(|| known(hub, operation))
            {
                hub.was_short(key, direction);
            }
        }
        Err(error) => {
            if error.kind() == io::ErrorKind::WouldBlock
                && let Some(key) = key.or_else(|| known(hub, operation))
            {
                hub.has_blocked(key, direction);
            }
        }
    }
    result
}

/// Returns the key under which this hub looked at the descriptor when it last waited for it.
fn known(hub: &'static Hub, operation: &Operation<'_>) -> Option<Key> {
    operation.watch().key(hub).map(Key::from_bits)
}

/// Returns the key of the descriptor on this hub, which looks at it from now on, and whether it did not before.
fn registered(hub: &'static Hub, operation: &Operation<'_>) -> io::Result<(Key, bool)> {
    if let Some(key) = known(hub, operation)
        && hub.allows(key, direction_of(operation)).is_some()
    {
        return Ok((key, false));
    }
    let (watch, fd) = (operation.watch(), operation.fd());
    let key = hub.watch(fd)?;
    watch.set_key(hub, fd, key.to_bits());
    Ok((key, true))
}

#[inline]
fn direction_of(operation: &Operation<'_>) -> Direction {
    match operation.direction() {
        direction::Direction::Read => Direction::Read,
        direction::Direction::Write => Direction::Write,
    }
}

impl Watcher for Hub {
    fn forget(&'static self, fd: RawFd, key: usize) {
        Hub::forget(self, fd, Key::from_bits(key));
    }
}

/// Returns what reports say that a thread waits for which is about to wait with this operation.
fn note_of(operation: &Operation<'_>) -> Note<'static, 'static> {
    Note::Descriptor {
        fd: operation.fd(),
        writes: operation.direction() == direction::Direction::Write,
    }
}
