//! The programs of `benches/programs`, compiled under the one line: on green threads, once patched.

#[macro_use]
extern crate greenpatch as std;

#[path = "../programs/mod.rs"]
mod programs;

pub use programs::*;
