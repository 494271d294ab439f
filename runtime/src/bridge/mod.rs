//! Between blocking code and futures, in both directions.
//!
//! Layer: facade.
//! Called by: users.
//! Calls: `interruption`, `seam`, `thread`, `wait`.
//! Never: names a hub.

mod block_on;
mod spawn_blocking;

pub use block_on::block_on;
pub use spawn_blocking::{Blocking, spawn_blocking};
