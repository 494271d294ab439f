//! Programs that use std alone. The implementations that run them are compared.
//!
//! This file and those beside it are compiled twice, in the crates `native` and `green`. Each program
//! does what it does once. Most return how long that took and how many operations it was: a [`Lap`].

use std::io;
use std::time::Duration;

pub mod condvar;
pub mod echo;
pub mod held;
pub mod http;
pub mod mpsc;
pub mod mutex;
pub mod pingpong;
pub mod sleepers;
pub mod spawn_join;
pub mod spike;
pub mod switch;
pub mod timers;
pub mod uneven;

/// How long so many operations took; or why they did not come about.
pub type Lap = io::Result<(Duration, u64)>;
