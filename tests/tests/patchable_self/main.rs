//! What an impl, or a trait, says of `Self`, said outside of it: in bounds, in the head of the impl, in
//! associated types, of trait objects, and in bodies that have impls of their own.
#![forbid(unsafe_code)]
#![deny(warnings)]
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::needless_lifetimes,
    clippy::multiple_bound_locations
)]

mod bodies;
mod bounds;
mod heads;
mod objects;
mod with_async_trait;
