//! Sleeping.
#![forbid(unsafe_code)]

use std::time::{Duration, Instant};

use super::context;
use crate::hub;
use crate::interruption;
use crate::seam::time as seam;
use crate::wait::note::Note;

pub(super) fn sleep(duration: Duration) {
    let Some(hub) = hub::switching() else {
        return seam::sleep__original(duration);
    };
    // A deadline that the clock cannot represent is never reached.
    let deadline = Instant::now().checked_add(duration);
    let was_interrupted = context::noting(hub, Note::Sleep, |interrupts| {
        loop {
            if !interrupts.are_active() {
                hub.park(deadline);
            } else if hub.park_interruptibly(interrupts, deadline) {
                return true;
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return false;
            }
        }
    });
    if was_interrupted {
        interruption::unwind();
    }
}
