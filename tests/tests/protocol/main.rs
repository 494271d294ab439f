//! The patch protocol. A test that patches runs in a separate process: see `isolated`.
#![allow(missing_docs, unreachable_pub)]

mod builtin;
mod conformance;
mod events;
mod fixture;
mod items;
mod names;
mod one_call_at_a_time;
mod outcomes;
mod panics;
mod patch_points;
mod restore;
mod scopes;
mod switched_off;
mod veto;
mod warnings;

/// Whether threads that are started here share an OS thread.
fn new_threads_are_green() -> bool {
    let [first, second] = [(); 2].map(|()| greenpatch::thread::spawn(greenpatch::native_thread_id));
    first.join().unwrap() == second.join().unwrap()
}
