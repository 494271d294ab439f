//! `Self` resolved outside its impl or trait: in bounds, in the head of the impl, in associated types, for trait
//! objects, and in bodies with impls of their own.
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
