//! Waiting until a descriptor is ready: the loop that every seam which takes an operation goes
//! through on a hub.
#![forbid(unsafe_code)]

use std::io;
use std::os::fd::RawFd;

use super::busy;
use crate::hub::{Direction, Hub, Key};
use crate::seam::io::{self as seam, Manner, Operation};
use crate::seam::watch::Watcher;

/// How many transfers in a row, none of which had to wait, keep others waiting for long enough.
const BUDGET: u32 = 64;

/// Performs an operation, and lets other green threads run while the descriptor is not ready.
///
/// An attempt is left out if the last one found nothing more and no event has come since.
pub(super) fn perform(hub: &'static Hub, operation: &mut Operation<'_>) -> io::Result<usize> {
    let direction = direction_of(operation);
    let mut done = 0;
    let mut deadline = None;
    let mut key = operation.watch().key(hub).map(Key::from_bits);
    let mut is_hopeless = key.is_some_and(|key| hub.allows(key, direction) == Some(false));
    loop {
        if !is_hopeless || !operation.waits() {
            match operation.attempt(Manner::Try, done) {
                Ok(moved) => {
                    done += moved;
                    if let Some(key) = key
                        && operation.is_short(moved, done)
                    {
                        hub.was_short(key, direction);
                    }
                    if moved == 0 || !operation.goes_on(done) {
                        if hub.produce() >= BUDGET {
                            hub.yield_now();
                        }
                        return Ok(done);
                    }
                    is_hopeless = key.is_some_and(|key| hub.allows(key, direction) == Some(false));
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if let Some(key) = key {
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
        }
        let found = match registered(hub, operation, key) {
            Ok(found) => found,
            // What is always ready, such as a regular file, cannot be looked at.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                return seam::perform(operation);
            }
            Err(error) => return Err(error),
        };
        let deadline = *deadline.get_or_insert_with(|| operation.deadline());
        if !hub.wait_ready(found, direction, deadline) {
            return if done > 0 {
                Ok(done)
            } else {
                Err(Operation::timed_out())
            };
        }
        key = Some(found);
        is_hopeless = false;
    }
}

/// The key of the descriptor on this hub, which looks at it from now on; `key` if that holds still.
fn registered(hub: &'static Hub, operation: &Operation<'_>, key: Option<Key>) -> io::Result<Key> {
    if let Some(key) = key
        && hub.allows(key, direction_of(operation)).is_some()
    {
        return Ok(key);
    }
    let (watch, fd) = (operation.watch(), operation.fd());
    let key = hub.watch(fd)?;
    watch.set_key(hub, fd, key.to_bits());
    Ok(key)
}

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
