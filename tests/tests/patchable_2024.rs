//! Code that expansions must not disturb, in a crate of edition 2024.
#![forbid(unsafe_code)]
#![deny(warnings)]
#![allow(unreachable_pub, missing_docs)]

mod patchable_shapes;
