//! Waiting in functions of libc that transfer, poll, sleep, and wait for processes, names and locks.
#![forbid(unsafe_code)]

use std::os::fd::RawFd;
use std::time::Instant;

use super::helpers::Helpers;
use super::parker::Parker;
use super::signals;
use crate::boundary;
use crate::descriptor::direction;
use crate::descriptor::poll_set::PollSet;
use crate::descriptor::ready::{Ended, Interest, Ready, Waiting};
use crate::hub::{self, Direction, Hub, Waited};
use crate::seam::offload::Call;

/// Each call occupies its helper until a peer, a process or the holder of a lock acts.
static WAITS: Helpers = Helpers::new("greenpatch-libc");
/// Look-ups beyond this number queue.
static NAMES: Helpers = Helpers::limited("greenpatch-name", 32);

pub(super) fn poll(waiting: &mut Waiting<'_>) -> Option<Ended> {
    wait(waiting, &WAITS)
}

pub(super) fn transfer(waiting: &mut Waiting<'_>) -> Option<Ended> {
    wait(waiting, &WAITS)
}

pub(super) fn sleep(waiting: &mut Waiting<'_>) -> Option<Ended> {
    wait(waiting, &WAITS)
}

pub(super) fn child(waiting: &mut Waiting<'_>) -> Option<Ended> {
    wait(waiting, &WAITS)
}

pub(super) fn name_lookup(waiting: &mut Waiting<'_>) -> Option<Ended> {
    wait(waiting, &NAMES)
}

pub(super) fn file_lock(waiting: &mut Waiting<'_>) -> Option<Ended> {
    wait(waiting, &WAITS)
}

/// Waits on the hub of the thread that runs. None if that may not yield to others, if the OS cannot tell when the
/// descriptors are ready, or if there is no helper.
fn wait(waiting: &mut Waiting<'_>, helpers: &'static Helpers) -> Option<Ended> {
    let hub = hub::switching_for_libc()?;
    let _inside = boundary::enter();
    match waiting {
        Waiting::Ready(ready) => wait_until_ready(hub, ready),
        Waiting::Until(deadline) => sleep_until(hub, *deadline),
        Waiting::Elsewhere(call) => {
            let parker = Parker::for_libc()?;
            let made = helpers.make_elsewhere(&parker, Call::new(call));
            made.is_ok().then_some(Ended::Done)
        }
        Waiting::Transferred => {
            hub.spend_transfer();
            None
        }
    }
}

/// Sleeps. A signal ends the sleep of the root alone, as it ends the other waits of the root.
fn sleep_until(hub: &'static Hub, deadline: Option<Instant>) -> Option<Ended> {
    if hub.runs_root() {
        return wait_until_ready(
            hub,
            &mut Ready {
                interest: Interest::Any(&[]),
                deadline,
                restarts: false,
                attempt: &mut || false,
            },
        );
    }
    loop {
        hub.park(deadline);
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Some(Ended::TimedOut);
        }
    }
}

fn wait_until_ready(hub: &'static Hub, ready: &mut Ready<'_>) -> Option<Ended> {
    match ready.interest {
        Interest::One(fd, direction) => {
            let direction = match direction {
                direction::Direction::Read => Direction::Read,
                direction::Direction::Write => Direction::Write,
            };
            wait_for(hub, fd, direction, ready)
        }
        Interest::Any(descriptors) => {
            let set = PollSet::new(descriptors).ok()?;
            wait_for(hub, set.fd(), Direction::Read, ready)
        }
    }
}

fn wait_for(
    hub: &'static Hub,
    fd: RawFd,
    direction: Direction,
    ready: &mut Ready<'_>,
) -> Option<Ended> {
    loop {
        let key = match hub.watch_number(fd) {
            Ok(key) => key,
            // The number may have been closed meanwhile, which the next attempt reports.
            Err(error) if error.raw_os_error() == Some(libc::EBADF) && (ready.attempt)() => {
                return Some(Ended::Done);
            }
            Err(_) => return None,
        };
        // Since the last attempt the hub has not asked the OS.
        hub.has_blocked(key, direction);
        let mut is_done = None;
        let waited = {
            let attempt = &mut ready.attempt;
            let mut attempt = || {
                let done = attempt();
                if !done {
                    hub.has_blocked(key, direction);
                }
                is_done = Some(done);
                0
            };
            hub.wait_ready(key, direction, ready.deadline, true, None, &mut attempt)
        };
        match waited {
            Waited::Ready | Waited::Doubted | Waited::TimedOut | Waited::Stopped => {
                // What came in time is not lost if this thread is late.
                if is_done.unwrap_or_else(|| (ready.attempt)()) {
                    return Some(Ended::Done);
                }
                if waited == Waited::TimedOut {
                    return Some(Ended::TimedOut);
                }
            }
            Waited::Interrupted => {
                let ends = !ready.restarts || ready.deadline.is_some() || signals::end_calls();
                if ends {
                    return Some(Ended::Interrupted);
                }
                if (ready.attempt)() {
                    return Some(Ended::Done);
                }
            }
        }
    }
}
