//! Code that expansions must not disturb, in a crate of edition 2018.
#![forbid(unsafe_code)]
#![deny(warnings)]
#![allow(unreachable_pub, missing_docs)]

#[path = "../../tests/patchable_shapes/mod.rs"]
mod patchable_shapes;
