//! Ending the process from a green thread, and what a hub does when its OS thread ends.
//!
//! The process ends on an OS thread of its own: the one that runs the green thread has thread-local values that
//! are not the green thread's to destroy, and others may be inside of them. It blocks for ever instead.
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
        // The root of a hub: what it destroys is its own. Its others run until the hub's mark is reached.
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
    // As with std's threads, the others run meanwhile.
    // SAFETY: it is the context of the green thread that runs this, so that has not ended.
    unsafe { context.as_ref() }.locals.destroy();
    publish(code);
    end(code)
}

/// Says that there is nothing left to do but to end the process. Returns unless another thread does so instead.
fn publish(code: i32) {
    if let Some(instead) = seam::publish(code) {
        instead.wake();
        wait_for_the_end();
    }
}

/// Ends the process with its last green thread, in a child that a fork made.
pub(super) fn last_ends() {
    if seam::claim() == Claim::Late {
        wait_for_the_end();
    }
    publish(0);
    end(0)
}

/// Ends the process on another OS thread than this one.
fn end(code: i32) -> ! {
    hub::stop();
    let ending = thread::Builder::new()
        .name("greenpatch-exit".into())
        .spawn(move || {
            seam::take_over();
            process::exit(code)
        });
    if ending.is_err() {
        // Here, then: more is destroyed than should be, but nothing runs any more that could use it.
        process::exit(code);
    }
    seam::wait_for_the_end();
}

/// What a hub's OS thread does when it ends, `main` having returned, or code that knows nothing of greenpatch
/// having called `exit`.
pub(super) fn thread_ends() {
    if hub::is_stopped() {
        return;
    }
    if seam::claim() == Claim::Late {
        // A thread of ours was first to ask for the end, but std lets none of them end the process any more, since
        // this one was before it there. So it ends with that one's status from here.
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

/// Waits until the thread that ends the process has nothing left to do, for the status.
fn status(parker: &impl Park) -> i32 {
    loop {
        match seam::status_or_wake(parker.waker()) {
            Some(code) => return code,
            None => parker.park(None),
        }
    }
}

/// Blocks the thread that runs until another one has ended the process.
fn wait_for_the_end() -> ! {
    loop {
        match hub::switching() {
            Some(hub) => hub.park(None),
            None => seam::wait_for_the_end(),
        }
    }
}
