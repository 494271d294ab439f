//! Waiting until a descriptor is ready: the loop that every seam which takes an operation goes
//! through on a hub.
#![forbid(unsafe_code)]

use std::io;
use std::os::fd::RawFd;
use std::time::Instant;

use super::{busy, signals};
use crate::descriptor::direction;
use crate::descriptor::direction::Manner;
use crate::descriptor::operation::{self as seam, Kind, Operation};
use crate::descriptor::watch::Watcher;
use crate::hub::{Direction, EPOCH, Hub, Key, Waited};

/// How many transfers in a row, none of which had to wait, keep others waiting for long enough.
const BUDGET: u16 = 64;

/// Performs an operation, and lets other green threads run while the descriptor is not ready.
///
/// A read is left out if the last one found nothing more and no event has come since; there is most often
/// room to write, so that is tried without asking.
pub(super) fn perform(hub: &'static Hub, operation: &mut Operation<'_>) -> io::Result<usize> {
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
            let mut attempt = || {
                let result = attempt(hub, operation, Some(key), 0);
                let moved = *result.as_ref().unwrap_or(&0);
                made = Some(result);
                moved
            };
            let waited = hub.wait_ready(key, Direction::Read, until, false, &mut attempt);
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
            count(hub);
            Ok(moved)
        }
        result => go_on(hub, operation, result, Pause::until(deadline)),
    }
}

/// Performs an operation that begins with a wait, before which the OS is asked about the descriptor.
#[cold]
fn ask_and_wait(hub: &'static Hub, operation: &mut Operation<'_>, key: Key) -> io::Result<usize> {
    let mut pause = Pause::until(None);
    let key = pause.ask(hub, operation, key);
    let made = match operation.waits() {
        true => pause.wait(hub, operation, key, 0),
        false => None,
    };
    let result = made.unwrap_or_else(|| attempt(hub, operation, Some(key), 0));
    go_on(hub, operation, result, pause)
}

/// Performs an operation that has begun with a wait in which nothing came.
#[cold]
fn go_on_after(
    hub: &'static Hub,
    operation: &mut Operation<'_>,
    key: Key,
    waited: Waited,
    deadline: Option<Instant>,
) -> io::Result<usize> {
    let mut pause = Pause::until(Some(deadline));
    let made = pause.end(hub, operation, key, waited);
    let result = made.unwrap_or_else(|| attempt(hub, operation, None, 0));
    go_on(hub, operation, result, pause)
}

/// Performs the rest of an operation, the first attempt of which was not all.
#[cold]
fn go_on(
    hub: &'static Hub,
    operation: &mut Operation<'_>,
    mut result: io::Result<usize>,
    mut pause: Pause,
) -> io::Result<usize> {
    let mut done = 0;
    loop {
        match result {
            Ok(moved) => {
                done += moved;
                if moved == 0 || !operation.goes_on(done) {
                    count(hub);
                    return operation.ended(Ok(done));
                }
                // There was no room for the rest a moment ago.
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if !operation.waits() {
                    // Its user may have changed that past the value.
                    pause.refresh(operation);
                    if !operation.waits() {
                        busy::busy();
                        return if done > 0 { Ok(done) } else { Err(error) };
                    }
                }
                if pause.is_over && !pause.is_put_off(operation) {
                    let timed_out = Err(Operation::timed_out());
                    return if done > 0 { Ok(done) } else { timed_out };
                }
            }
            Err(error) if done > 0 => {
                operation.keep(error);
                return Ok(done);
            }
            Err(error) => return operation.ended(Err(error)),
        }
        let mut made = None;
        if operation.waits() {
            let key = match registered(hub, operation) {
                Ok((key, is_new)) => {
                    if is_new {
                        pause.refresh(operation);
                    }
                    key
                }
                // As with any other error.
                Err(_) if done > 0 => return Ok(done),
                // What is always ready, such as a regular file, cannot be looked at.
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    return seam::perform(operation);
                }
                Err(error) => return Err(error),
            };
            if operation.waits() {
                made = pause.wait(hub, operation, key, done);
            }
        }
        result = made.unwrap_or_else(|| attempt_rest(hub, operation, None, done));
    }
}

/// The waits of one operation.
struct Pause {
    /// Looked up at the first wait.
    deadline: Option<Option<Instant>>,
    /// Whether the OS was asked about the descriptor since the operation began.
    has_asked: bool,
    /// Whether the deadline has passed. What came in time is not lost if this thread is late: there is one more
    /// attempt, and only if that finds nothing has the time run out.
    is_over: bool,
}

impl Pause {
    /// With a deadline that has been looked up, if there was a wait.
    fn until(deadline: Option<Option<Instant>>) -> Self {
        Pause {
            deadline,
            has_asked: false,
            is_over: false,
        }
    }

    /// Waits until an attempt may have a chance, until the deadline, or until a signal ends the operation. Hands out its
    /// result, or that of the attempt if the hub has made it by then.
    #[inline]
    fn wait(
        &mut self,
        hub: &'static Hub,
        operation: &mut Operation<'_>,
        mut key: Key,
        done: usize,
    ) -> Option<io::Result<usize>> {
        let deadline = match self.deadline {
            Some(deadline) => deadline,
            None => {
                if !self.has_asked && (hub.may_ask() || operation.kind() == Kind::Accept) {
                    key = self.ask(hub, operation, key);
                    if !operation.waits() {
                        return None;
                    }
                }
                *self.deadline.insert(operation.deadline())
            }
        };
        let direction = direction_of(operation);
        let mut made = None;
        let mut attempt = || {
            let result = attempt_rest(hub, operation, Some(key), done);
            // What was sent is not looked at again.
            let moved = match direction {
                Direction::Read => *result.as_ref().unwrap_or(&0),
                Direction::Write => 0,
            };
            made = Some(result);
            moved
        };
        match hub.wait_ready(key, direction, deadline, self.has_asked, &mut attempt) {
            Waited::Ready => made,
            waited => self.end(hub, operation, key, waited),
        }
    }

    /// What follows from a wait that has ended without a chance.
    #[cold]
    fn end(
        &mut self,
        hub: &'static Hub,
        operation: &Operation<'_>,
        key: Key,
        waited: Waited,
    ) -> Option<io::Result<usize>> {
        match waited {
            Waited::Ready => {}
            Waited::TimedOut => self.is_over = true,
            Waited::Interrupted => {
                // With a timeout the OS does not make a call anew.
                let ends = self.deadline.flatten().is_some() || signals::end_calls();
                if ends && operation.kind() == Kind::Transfer {
                    return Some(Err(io::Error::from_raw_os_error(libc::EINTR)));
                }
            }
            Waited::Doubted => {
                // It has waited for so long at least.
                let began = Instant::now().checked_sub(EPOCH);
                let began = self.began(operation).or(began);
                self.ask(hub, operation, key);
                self.deadline = Some(operation.deadline_from(began));
            }
        }
        None
    }

    /// When the operation began to wait, if it has a deadline.
    fn began(&self, operation: &Operation<'_>) -> Option<Instant> {
        self.deadline.flatten()?.checked_sub(operation.timeout()?)
    }

    /// Asks the OS, once, what the operation goes by.
    fn refresh(&mut self, operation: &Operation<'_>) {
        if !self.has_asked {
            self.has_asked = true;
            operation.refresh();
        }
    }

    /// The same, and whether the hub looks at the right descriptor. Returns its key from now on.
    #[cold]
    fn ask(&mut self, hub: &'static Hub, operation: &Operation<'_>, key: Key) -> Key {
        self.refresh(operation);
        match hub.watch_again(operation.fd(), key) {
            Some(new) => {
                let watch = operation.watch();
                watch.set_key(hub, operation.fd(), new.to_bits());
                new
            }
            None => key,
        }
    }

    /// Whether, the deadline having passed, the OS has a later one by now.
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

/// Lets other threads run that have waited long enough for the transfers of this one.
#[inline]
fn count(hub: &'static Hub) {
    if hub.produce() >= BUDGET {
        hub.yield_now();
    }
}

/// Makes an attempt at what is left, unless an error has come meanwhile: it would take that with it, which is the next
/// call's.
#[inline(always)]
fn attempt_rest(
    hub: &'static Hub,
    operation: &mut Operation<'_>,
    key: Option<Key>,
    done: usize,
) -> io::Result<usize> {
    if done > 0 && operation.has_failed() {
        return Ok(0);
    }
    attempt(hub, operation, key, done)
}

/// Makes one attempt, after `done` bytes are through, and remembers at once what it says about the
/// descriptor: an event that comes later knows better.
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

/// The key under which this hub looked at the descriptor when it last waited for it.
fn known(hub: &'static Hub, operation: &Operation<'_>) -> Option<Key> {
    operation.watch().key(hub).map(Key::from_bits)
}

/// The key of the descriptor on this hub, which looks at it from now on; and whether it did not before.
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
