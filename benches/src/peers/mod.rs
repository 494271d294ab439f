//! The programs of `benches/programs` as the peers have to write them.

pub(crate) mod bare;
pub(crate) mod by_may;
pub(crate) mod by_tokio;
