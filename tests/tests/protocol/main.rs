//! The patch protocol. What patches runs in a process of its own: see `isolated`.
#![allow(missing_docs, unreachable_pub)]
#![expect(clippy::disallowed_methods, reason = "threads of the tests' own")]

mod builtin;
mod events;
mod items;
mod names;
mod off;
mod outcomes;
mod panics;
mod points;
mod restore;
mod scopes;
mod shop;
mod turns;
mod veto;
mod warnings;
