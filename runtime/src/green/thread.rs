//! Starting a green thread, yielding, parking and joining.
#![forbid(unsafe_code)]

use std::io;
use std::ptr::NonNull;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::panic_hook;
use super::parker::Parker;
use crate::coroutine::Size;
use crate::hub::{self, Job};
use crate::seam::context;
use crate::seam::park::{self, Outcome, Wait};
use crate::seam::thread as seam;
use crate::seam::thread::{Start, Started};

/// std's default, too. Only what is touched of it is memory.
const STACK_SIZE: usize = 2 << 20;

pub(super) fn start(start: Start) -> io::Result<Started> {
    let Start { stack_size, runner } = start;
    panic_hook::chain();
    let size = Size::holding(stack_size.unwrap_or_else(default_stack_size))?;
    let hub = hub::place()?;
    let promise = hub.promise(size)?;
    let body = move || {
        let hub = hub::current().expect("a green thread runs on a hub");
        let tell = |context: Option<NonNull<_>>| hub.set_context(context.map(NonNull::cast));
        context::live(runner, tell, hub::retire);
    };
    hub.start(promise, Job::new(body));
    Ok(Started::Green(hub.os_thread()))
}

pub(super) fn yield_now() {
    match hub::not_held() {
        // With nothing else to run here, another OS thread may.
        Some(hub) if hub.yield_now() => {}
        _ => seam::yield_now__original(),
    }
}

pub(super) fn park(wait: &Wait<'_>) -> Outcome {
    match Parker::current() {
        Some(parker) => park::wait(&parker, wait),
        None => seam::park__original(wait),
    }
}

pub(super) fn join(wait: &Wait<'_>) -> Outcome {
    match Parker::current() {
        Some(parker) => park::wait(&parker, wait),
        None => seam::join__original(wait),
    }
}

/// Sets the stack size of green threads that are not given one.
pub(super) fn set_stack_size(bytes: usize) {
    CONFIGURED.store(bytes, Ordering::Relaxed);
}

/// What the `Patcher` was told; zero if nothing.
static CONFIGURED: AtomicUsize = AtomicUsize::new(0);

fn default_stack_size() -> usize {
    static FROM_ENVIRONMENT: OnceLock<Option<usize>> = OnceLock::new();
    match CONFIGURED.load(Ordering::Relaxed) {
        0 => FROM_ENVIRONMENT
            .get_or_init(|| std::env::var("RUST_MIN_STACK").ok()?.parse().ok())
            .unwrap_or(STACK_SIZE),
        configured => configured,
    }
}
