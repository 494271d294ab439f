//! Waiting in functions of libc.
#![forbid(unsafe_code)]

use std::error::Error;

use super::helpers::Helpers;
use super::parker::Parker;
use crate::boundary;
use crate::hub;
use crate::libc;
use crate::patch::Settings;
use crate::seam::offload::Call;
use crate::wait::park::{Outcome, Wait};

/// Each call occupies its helper until another thread, or another process, wakes it.
static WAITS: Helpers = Helpers::new("greenpatch-libc");

/// Makes sure that the functions are linked in.
pub(super) fn link(_: &Settings) -> Result<(), Box<dyn Error + Send + Sync>> {
    libc::link();
    Ok(())
}

pub(super) fn sched_yield() -> bool {
    hub::switching_for_libc().is_some_and(|hub| hub.yield_now())
}

pub(super) fn futex(wait: &Wait<'_>) -> Option<Outcome> {
    block(wait)
}

pub(super) fn futex_elsewhere(call: Call<'_>) -> bool {
    elsewhere(call)
}

pub(super) fn mutex(wait: &Wait<'_>) -> Option<Outcome> {
    block(wait)
}

pub(super) fn condition(wait: &Wait<'_>) -> Option<Outcome> {
    block(wait)
}

pub(super) fn rwlock(wait: &Wait<'_>) -> Option<Outcome> {
    block(wait)
}

pub(super) fn semaphore(wait: &Wait<'_>) -> Option<Outcome> {
    block(wait)
}

pub(super) fn pthread_once(wait: &Wait<'_>) -> Option<Outcome> {
    block(wait)
}

pub(super) fn pthread_join(call: Call<'_>) -> bool {
    elsewhere(call)
}

pub(super) fn pthread_barrier(call: Call<'_>) -> bool {
    elsewhere(call)
}

/// Blocks the thread that runs, if it is on a hub and may leave the processor to others there.
fn block(wait: &Wait<'_>) -> Option<Outcome> {
    let parker = Parker::for_libc()?;
    let _inside = boundary::enter();
    Some(parker.wait(wait))
}

/// Has a helper make a call while the thread that runs waits. Returns false if the call was not made.
fn elsewhere(call: Call<'_>) -> bool {
    Parker::for_libc().is_some_and(|parker| WAITS.make_elsewhere(&parker, call).is_ok())
}
