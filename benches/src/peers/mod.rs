//! The programs of `benches/programs`, written for the peers.

pub(crate) mod bare;
pub(crate) mod by_may;
pub(crate) mod by_tokio;
