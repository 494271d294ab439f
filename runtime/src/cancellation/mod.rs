//! Time-outs over blocking code, and the cancellation of green threads.
//!
//! Layer: facade.
//! Called by: users.
//! Calls: `interruption`, `seam`, `thread`, `wait`, `panic_strategy`.
//! Never: names a hub.
//!
//! `docs/CANCELLATION.md` lists the waits, and says for each what an interrupt leaves behind.

mod cancel;
mod shield;
mod timeout;
mod timeout_error;

pub use crate::wait::payload::{Cancelled, Elapsed};
pub use cancel::Cancel;
pub use shield::shield;
pub use timeout::timeout;
pub use timeout_error::TimeoutError;
