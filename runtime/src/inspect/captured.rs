//! Backtraces from the moment at which a hub captures them to the moment at which they have names.
//!
//! A hub captures addresses; one that is held has its stack copied. Names are looked up on the OS thread that makes the dump, when the hubs run on: that takes
//! milliseconds, and more stack than a green thread may have.
#![forbid(unsafe_code)]

use std::backtrace::Backtrace;
use std::thread;

use super::backtrace::{self, Asked};
use super::dump::HubReport;
use super::os;
use super::running::Stack;
use crate::frame::Frame;
use crate::hub::{Flow, Hub};
use crate::seam::context;

/// A backtrace without names, or why there is none.
pub(super) type Captured = Result<Backtrace, &'static str>;

/// The least number of bytes of stack for the capture of a backtrace. It takes 6 KiB the first time, with the dynamic linker's part,
/// and 2.5 KiB then.
const ROOM: usize = 32 << 10;

/// Why there is no backtrace if std's lock for them is held.
#[cfg(greenpatch_libc)]
const NAMES_ARE_LOOKED_UP: &str = "another thread is looking up the names of a backtrace";

/// Returns why no backtrace can be captured here, on a hub's OS thread, if that is so.
pub(super) fn obstacle(hub: &Hub) -> Option<&'static str> {
    let here = 0_u8;
    let here = (&raw const here).addr();
    // In the child of a fork the root may be on the stack of a green thread of the parent's, which is not known.
    let bounds = hub.running_stack().or_else(os::stack);
    let is_room = bounds.is_some_and(|(lowest, top)| here < top && here >= lowest + ROOM);
    if !is_room {
        return Some("its hub has answered on a stack that may have too little room");
    }
    #[cfg(greenpatch_libc)]
    if !is_lock_free() {
        return Some(NAMES_ARE_LOOKED_UP);
    }
    None
}

/// Returns whether std's lock for backtraces becomes free.
///
/// std reads files while it holds the lock, and a green thread may let others run meanwhile, if functions of libc are greenpatch's.
/// A hub must not wait for its own thread. Once the lock has been free, no thread of the hub takes it before the hub runs on.
#[cfg(greenpatch_libc)]
fn is_lock_free() -> bool {
    use std::sync::mpsc;
    use std::time::Duration;

    let (sender, taken) = mpsc::channel();
    let takes_it = thread::Builder::new().name("greenpatch-dump".into());
    let takes_it = takes_it.spawn(move || {
        drop(Backtrace::force_capture());
        let _ = sender.send(());
    });
    #[expect(
        clippy::disallowed_methods,
        reason = "a native thread sends, whatever this one does"
    )]
    let taken = taken.recv_timeout(Duration::from_millis(200));
    takes_it.is_ok() && taken.is_ok()
}

/// Captures the backtrace of a task that has started, on its hub's OS thread, unless there is an obstacle.
pub(super) fn capture(flow: &Flow<'_>, obstacle: Option<&'static str>) -> Option<Captured> {
    Some(match (flow, obstacle) {
        (Flow::NotStarted, _) => return None,
        (_, Some(obstacle)) => Err(obstacle),
        (Flow::Here, None) => Ok(Backtrace::force_capture()),
        (Flow::Suspended(task), None) => task
            .backtrace()
            .ok_or("the switch of this platform does not tell"),
    })
}

/// The backtraces of a hub's threads, each with the index of the thread, and the index of the hub.
pub(super) type OfAHub = (usize, Vec<(usize, Captured)>);

/// The stack of the thread that runs on a held hub, and the index of the hub.
pub(super) type OfAHeldHub = (usize, Result<Stack, &'static str>);

/// Looks up the names, and gives each thread its backtrace.
pub(super) fn resolve(hubs: &mut [HubReport], captured: Vec<OfAHub>, held: Vec<OfAHeldHub>) {
    // One of this hub's threads would not run before the names are there. Those of other hubs do.
    #[cfg(greenpatch_libc)]
    if crate::hub::current().is_some() && !is_lock_free() {
        return have_none(hubs, &captured, &held, NAMES_ARE_LOOKED_UP);
    }
    if context::green().is_none() {
        return look_up(hubs, captured, held);
    }
    have_none(
        hubs,
        &captured,
        &held,
        "there is no OS thread for the names",
    );
    thread::scope(|scope| {
        let builder = thread::Builder::new().name("greenpatch-dump".into());
        let looks_up = builder
            .stack_size(2 << 20)
            .spawn_scoped(scope, || look_up(hubs, captured, held));
        if let Ok(looks_up) = looks_up {
            let _ = looks_up.join();
        }
    });
}

/// Gives each thread the reason why it has no backtrace, so far.
fn have_none(
    hubs: &mut [HubReport],
    captured: &[OfAHub],
    held: &[OfAHeldHub],
    reason: &'static str,
) {
    for (hub, backtraces) in captured {
        for (thread, _) in backtraces {
            hubs[*hub].threads[*thread].no_backtrace = Some(reason);
        }
    }
    for (hub, _) in held {
        if let Some(running) = &mut hubs[*hub].running {
            running.no_backtrace = Some(reason);
        }
    }
}

/// Returns the frames of a thread that runs, or why there are none.
pub(super) fn of_running(stack: Result<Stack, &'static str>) -> Result<Vec<Frame>, &'static str> {
    let captured = stack?.backtrace()?;
    let full = backtrace::asked() == Asked::Full;
    Ok(backtrace::frames_of_interrupted(
        &captured.to_string(),
        full,
    ))
}

fn look_up(hubs: &mut [HubReport], captured: Vec<OfAHub>, held: Vec<OfAHeldHub>) {
    let full = backtrace::asked() == Asked::Full;
    for (hub, stack) in held {
        if let Some(running) = &mut hubs[hub].running {
            (running.backtrace, running.no_backtrace) = match of_running(stack) {
                Ok(frames) => (Some(frames), None),
                Err(reason) => (None, Some(reason)),
            };
        }
    }
    for (hub, backtraces) in captured {
        for (thread, captured) in backtraces {
            let thread = &mut hubs[hub].threads[thread];
            (thread.backtrace, thread.no_backtrace) = match captured {
                Ok(captured) => (Some(backtrace::frames(&captured.to_string(), full)), None),
                Err(reason) => (None, Some(reason)),
            };
        }
    }
}
