//! placeholder

pub use std::thread::panicking;
