//! Ending the process from a green thread, and the end of a hub's OS thread.
//!
//! The process is ended by a separate OS thread. The one that runs the green thread would destroy its own thread-local
//! values, which other green threads may be using; it blocks forever instead.
#![allow(unsafe_code)]

use std::convert::Infallible;
use std::process;
use std::thread;

use super::parker::Parker;
use crate::hub;
use crate::seam::context;
use crate::seam::exit as seam;
use crate::seam::exit::Claim;
use crate::wait::native::Native;
use crate::wait::park::Park;

pub(super) fn exit(code: i32) -> Infallible {
    let Some(context) = context::green() else {
        if hub::current().is_none() {
            return seam::exit__original(code);
        }
        // The root of a hub destroys only its own values. Its green threads run until the hub's mark is reached.
        if seam::claim() == Claim::Late {
            wait_for_the_end();
        }
        publish(code);
        process::exit(code);
    };
    match seam::claim() {
        Claim::First => {}
        Claim::Again => {
            eprintln!("fatal runtime error: process::exit called re-entrantly, aborting");
            process::abort();
        }
        Claim::Late => wait_for_the_end(),
    }
    // As with std's threads, other threads run in the meantime.
    // SAFETY: it is the context of the green thread that runs this code, which therefore has not ended.
    unsafe { context.as_ref() }.locals.destroy();
    publish(code);
    end(code)
}

/// Publishes the status: there is nothing left to do but to end the process. Does not return if another thread does that.
fn publish(code: i32) {
    if let Some(instead) = seam::publish(code) {
        instead.wake();
        wait_for_the_end();
    }
}

/// Ends the process at the end of its last green thread, in the child of a fork.
pub(super) fn last_ends() {
    if seam::claim() == Claim::Late {
        wait_for_the_end();
    }
    publish(0);
    end(0)
}

/// Ends the process on another OS thread.
fn end(code: i32) -> ! {
    hub::stop();
    let ending = thread::Builder::new()
        .name("greenpatch-exit".into())
        .spawn(move || {
            seam::take_over();
            process::exit(code)
        });
    if ending.is_err() {
        // On this one, then. It destroys values of other green threads, too, but none of these runs any more.
        process::exit(code);
    }
    seam::wait_for_the_end();
}

/// Called at the end of a hub's OS thread: `main` has returned, or code outside of greenpatch has called `exit`.
pub(super) fn thread_ends() {
    if hub::is_stopped() {
        return;
    }
    if seam::claim() == Claim::Late {
        // A green thread was the first to exit, but std lets no other thread end the process, since this one was before it
        // there. So this one ends the process with the green thread's status.
        let code = match Parker::current() {
            Some(parker) => status(&parker),
            None => status(&Native::current()),
        };
        hub::stop();
        // SAFETY: glibc allows a destructor or handler of `exit` to call it once more.
        unsafe { libc::exit(code) };
    }
    hub::stop();
}

/// Blocks until the thread that ends the process has published the status, and returns it.
fn status(parker: &impl Park) -> i32 {
    loop {
        match seam::status_or_wake(parker.waker()) {
            Some(code) => return code,
            None => parker.park(None),
        }
    }
}

/// Blocks the current thread until another one has ended the process.
fn wait_for_the_end() -> ! {
    loop {
        match hub::switching() {
            Some(hub) => hub.park(None),
            None => seam::wait_for_the_end(),
        }
    }
}
