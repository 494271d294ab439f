//! Backtraces from the moment at which a hub captures them to the moment at which they have names.
//!
//! A hub captures addresses; one that is held has its stack copied. Names are looked up on the OS thread that makes the dump, or
//! on a new one, when the hubs run on: that takes milliseconds, and more stack than a green thread may have.
#![forbid(unsafe_code)]

use std::backtrace::Backtrace;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::backtrace::{self, Asked};
use super::dump::HubReport;
use super::running::Stack;
use super::turn::Turns;
use crate::frame::Frame;
use crate::hub::{self, Flow, Hub};
use crate::seam::context;

/// A backtrace without names, or why there is none.
pub(super) type Captured = Result<Backtrace, &'static str>;

/// The least number of bytes of stack for the capture of a backtrace. It takes 6 KiB the first time, with the dynamic linker's part,
/// and 2.5 KiB then.
const ROOM: usize = 32 << 10;

/// For how long std's lock for backtraces is waited for.
const PATIENCE: Duration = Duration::from_millis(200);

/// Why there is no backtrace if std's lock for them is held.
const LOCK_IS_HELD: &str = "another thread is writing a backtrace";

/// Returns why no backtrace can be captured here, on a hub's OS thread, if that is so.
pub(super) fn obstacle(hub: &Hub) -> Option<&'static str> {
    let here = 0_u8;
    let here = (&raw const here).addr();
    // In the child of a fork the root may be on the stack of a green thread of the parent's, which is not known.
    let bounds = hub.running_stack().or_else(hub::stack_of_this_thread);
    let is_room = bounds.is_some_and(|(lowest, top)| here < top && here >= lowest + ROOM);
    if !is_room {
        return Some("its hub has answered on a stack that may have too little room");
    }
    (!is_lock_free()).then_some(LOCK_IS_HELD)
}

/// Returns whether std's lock for backtraces becomes free.
///
/// A thread that panics holds it while it writes the backtrace, to whatever does not read. And std reads files while it holds the
/// lock, so a green thread may let others run meanwhile, if functions of libc are greenpatch's: a hub must not wait for its own
/// thread. Once the lock has been free, no thread of the hub takes it before the hub runs on.
fn is_lock_free() -> bool {
    /// One OS thread at most waits for the lock.
    static PROBES: Turns = Turns::new();

    let Some(turn) = PROBES.wait_for(PATIENCE) else {
        return false;
    };
    let (sender, taken) = mpsc::channel();
    let takes_it = thread::Builder::new().name("greenpatch-dump".into());
    let takes_it = takes_it.spawn(move || {
        drop(Backtrace::force_capture());
        drop(turn);
        let _ = sender.send(());
    });
    #[expect(
        clippy::disallowed_methods,
        reason = "a native thread sends, whatever this one does"
    )]
    let taken = taken.recv_timeout(PATIENCE);
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
pub(super) fn resolve(hubs: &mut [HubReport], mut captured: Vec<OfAHub>, held: Vec<OfAHeldHub>) {
    if !captured.is_empty() && !is_lock_free() {
        have_none(hubs, &captured, &[], LOCK_IS_HELD);
        captured.clear();
    }
    if context::green().is_none() {
        return look_up(hubs, captured, held);
    }
    const NO_THREAD: &str = "there is no OS thread for the names";
    have_none(hubs, &captured, &held, NO_THREAD);
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
    /// One OS thread at most looks up names.
    static NAMES: Turns = Turns::new();
    /// The first look-up reads the debug information of the program.
    const LONGEST: Duration = Duration::from_secs(20);
    const IS_HELD: &str = "another thread is looking up names";

    let instructions = stack?.instructions();
    let full = backtrace::asked() == Asked::Full;
    // The lock of the look-up may be held by a thread that waits for this one, or that the child of a fork does not have.
    let turn = NAMES.wait_for(PATIENCE).ok_or(IS_HELD)?;
    let (sender, names) = mpsc::channel();
    let looks_up = thread::Builder::new().name("greenpatch-dump".into());
    let looks_up = looks_up.stack_size(2 << 20).spawn(move || {
        let _ = sender.send(backtrace::frames_at(&instructions, full));
        drop(turn);
    });
    looks_up.map_err(|_| "there is no OS thread for the names")?;
    #[expect(
        clippy::disallowed_methods,
        reason = "a native thread sends, whatever this one does"
    )]
    names.recv_timeout(LONGEST).map_err(|_| IS_HELD)
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
