//! The interruption of the current thread's waits: by which time-outs, when not, and the unwinding that follows.
//!
//! Layer: interruption, above `seam`, below the std-shaped modules.
//! Called by: `thread`, `sync`, `panic`, `bridge`, `cancellation`; `green`.
//! Calls: `boundary`, `seam`, `thread_state`, `wait`.
//! Never: names a hub.
//!
//! What may end the waits of one thread early is its [`Interrupts`]. It belongs to that thread: what is here finds it, and
//! `seam/interrupt.rs` has what can be done to another thread.
#![allow(unsafe_code)]

mod scope;
mod shield;
mod timed;
mod unwinding;

use std::ptr::NonNull;

use crate::seam::context;
use crate::wait::interrupts::Interrupts;

pub(crate) use scope::with_cancelled_scope;
pub(crate) use shield::shield;
pub(crate) use timed::Timed;
pub(crate) use unwinding::{begins_to_panic, caught, is_unwinding, poisons, resume, unwind};

/// Access to what may end the waits of the current thread early. A value of this type stays on the stack of that thread.
struct Current(NonNull<Interrupts>);

impl Current {
    fn get() -> Current {
        Current(match context::green() {
            // SAFETY: it is the context of the green thread that runs this code, which therefore has not ended.
            Some(context) => NonNull::from(&unsafe { context.as_ref() }.waiting.interrupts),
            // SAFETY: what belongs to an OS thread lives as long as that.
            None => NonNull::from(&unsafe { context::native_waiting().as_ref() }.interrupts),
        })
    }

    fn interrupts(&self) -> &Interrupts {
        // SAFETY: they stay where they are until their thread has ended. This value is not `Send`, so that thread has it, and it is
        // part of local variables alone ([`shield`], [`timeout`](crate::timeout)): they are gone when the thread's closure has returned.
        unsafe { self.0.as_ref() }
    }
}
