//! Waiting until a descriptor is ready: the loop that every seam which takes an operation goes
//! through on a hub.
#![forbid(unsafe_code)]

use std::io;
use std::os::fd::RawFd;
use std::time::Instant;

use super::busy;
use crate::hub::{Direction, Hub, Key};
use crate::seam::io::{self as seam, Manner, Operation};
use crate::seam::watch::Watcher;

/// How many transfers in a row, none of which had to wait, keep others waiting for long enough.
const BUDGET: u16 = 64;

/// Performs an operation, and lets other green threads run while the descriptor is not ready.
///
/// A read is left out if the last one found nothing more and no event has come since; there is most often
/// room to write, so that is tried without asking.
pub(super) fn perform(hub: &'static Hub, operation: &mut Operation<'_>) -> io::Result<usize> {
    let mut pause = Pause::default();
    let mut made = None;
    let mut key = None;
    if operation.direction() == seam::Direction::Read {
        key = known(hub, operation);
        if let Some(key) = key
            && hub.allows(key, Direction::Read) == Some(false)
            && operation.waits()
        {
            made = pause.wait(hub, operation, key, 0);
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
        result => go_on(hub, operation, result, pause),
    }
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
                    busy::busy();
                    return if done > 0 { Ok(done) } else { Err(error) };
                }
                if pause.is_over {
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
                Ok(key) => key,
                // As with any other error.
                Err(_) if done > 0 => return Ok(done),
                // What is always ready, such as a regular file, cannot be looked at.
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    return seam::perform(operation);
                }
                Err(error) => return Err(error),
            };
            made = pause.wait(hub, operation, key, done);
        }
        result = made.unwrap_or_else(|| attempt(hub, operation, None, done));
    }
}

/// The waits of one operation.
#[derive(Default)]
struct Pause {
    /// Looked up at the first wait.
    deadline: Option<Option<Instant>>,
    /// Whether the deadline has passed. What came in time is not lost if this thread is late: there is one more
    /// attempt, and only if that finds nothing has the time run out.
    is_over: bool,
}

impl Pause {
    /// Waits until an attempt may have a chance, or until the deadline. Hands out the result of the attempt if the hub
    /// has made it by then.
    #[inline]
    fn wait(
        &mut self,
        hub: &'static Hub,
        operation: &mut Operation<'_>,
        key: Key,
        done: usize,
    ) -> Option<io::Result<usize>> {
        let deadline = *self.deadline.get_or_insert_with(|| operation.deadline());
        let direction = direction_of(operation);
        let mut result = None;
        let mut attempt = || {
            let made = attempt(hub, operation, Some(key), done);
            // What was sent is not looked at again.
            let moved = match direction {
                Direction::Read => *made.as_ref().unwrap_or(&0),
                Direction::Write => 0,
            };
            result = Some(made);
            moved
        };
        self.is_over = !hub.wait_ready(key, direction, deadline, &mut attempt);
        result
    }
}

/// Lets others run who have waited long enough for this thread's transfers.
#[inline]
fn count(hub: &'static Hub) {
    if hub.produce() >= BUDGET {
        hub.yield_now();
    }
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
    // An attempt would take the error with it, which is the next call's.
    if done > 0 && operation.has_failed() {
        return Ok(0);
    }
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

/// The key of the descriptor on this hub, which looks at it from now on.
fn registered(hub: &'static Hub, operation: &Operation<'_>) -> io::Result<Key> {
    if let Some(key) = known(hub, operation)
        && hub.allows(key, direction_of(operation)).is_some()
    {
        return Ok(key);
    }
    let (watch, fd) = (operation.watch(), operation.fd());
    let key = hub.watch(fd)?;
    watch.set_key(hub, fd, key.to_bits());
    Ok(key)
}

#[inline]
fn direction_of(operation: &Operation<'_>) -> Direction {
    match operation.direction() {
        seam::Direction::Read => Direction::Read,
        seam::Direction::Write => Direction::Write,
    }
}

impl Watcher for Hub {
    fn forget(&'static self, fd: RawFd, key: usize) {
        Hub::forget(self, fd, Key::from_bits(key));
    }
}
