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
const BUDGET: u32 = 64;

/// Performs an operation, and lets other green threads run while the descriptor is not ready.
///
/// A read is left out if the last one found nothing more and no event has come since; there is most often
/// room to write, so that is tried without asking.
pub(super) fn perform(hub: &'static Hub, operation: &mut Operation<'_>) -> io::Result<usize> {
    let direction = direction_of(operation);
    let mut done = 0;
    let mut deadline = None;
    let mut key = None;
    if direction == Direction::Read {
        key = known(hub, operation);
        if let Some(key) = key
            && hub.allows(key, direction) == Some(false)
            && operation.waits()
        {
            wait(hub, operation, key, &mut deadline)?;
        }
    }
    loop {
        match operation.attempt(Manner::Try, done) {
            Ok(moved) => {
                done += moved;
                if operation.is_short(moved, done)
                    && let Some(key) = key.or_else(|| known(hub, operation))
                {
                    hub.was_short(key, direction);
                }
                if moved == 0 || !operation.goes_on(done) {
                    if hub.produce() >= BUDGET {
                        hub.yield_now();
                    }
                    return Ok(done);
                }
                // There was no room for the rest a moment ago.
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if let Some(key) = key.or_else(|| known(hub, operation)) {
                    hub.has_blocked(key, direction);
                }
                if !operation.waits() {
                    busy::busy();
                    return if done > 0 { Ok(done) } else { Err(error) };
                }
            }
            // It comes again, or the call that follows says what has become of the descriptor.
            Err(_) if done > 0 => return Ok(done),
            Err(error) => return Err(error),
        }
        if !operation.waits() {
            continue;
        }
        let found = match registered(hub, operation) {
            Ok(found) => found,
            // What is always ready, such as a regular file, cannot be looked at.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                return seam::perform(operation);
            }
            Err(error) => return Err(error),
        };
        if let Err(error) = wait(hub, operation, found, &mut deadline) {
            return if done > 0 { Ok(done) } else { Err(error) };
        }
        key = Some(found);
    }
}

/// Waits until an attempt may have a chance, or until the operation's deadline, which is looked up once.
fn wait(
    hub: &'static Hub,
    operation: &Operation<'_>,
    key: Key,
    deadline: &mut Option<Option<Instant>>,
) -> io::Result<()> {
    let deadline = *deadline.get_or_insert_with(|| operation.deadline());
    if hub.wait_ready(key, direction_of(operation), deadline) {
        Ok(())
    } else {
        Err(Operation::timed_out())
    }
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
