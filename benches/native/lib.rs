//! The programs of `benches/programs`, compiled as they are: on OS threads.

#[path = "../programs/mod.rs"]
mod programs;

pub use programs::*;
