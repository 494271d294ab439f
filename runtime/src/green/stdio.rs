//! The standard streams.
#![allow(unsafe_code)]

use std::fmt;

use super::helpers::Helpers;
use super::parker::Parker;
use crate::hub;
use crate::seam::offload::Call;
use crate::seam::stdio as seam;
use crate::seam::stdio::Output;

/// One for each stream, as its lock lets one thread at a time through; and as many again for handles
/// of std's own.
static STREAMS: Helpers = Helpers::new("greenpatch-std", 6);

/// What a stream surely takes when it says that it is ready, and what std holds back of it: together
/// they are less than a page, for which a pipe has room then.
const SMALL: usize = 1024;

pub(super) fn input(call: Call<'_>) {
    match Parker::current() {
        Some(parker) if !is_ready(libc::STDIN_FILENO, libc::POLLIN) => {
            STREAMS.make(&parker, call);
        }
        _ => seam::input__original(call),
    }
}

pub(super) fn output(stream: Output, length: usize, call: Call<'_>) {
    match Parker::current() {
        Some(parker) if length > SMALL || !is_ready(descriptor(stream), libc::POLLOUT) => {
            STREAMS.make(&parker, call);
        }
        _ => seam::output__original(stream, length, call),
    }
}

pub(super) fn print(stream: Output, arguments: fmt::Arguments<'_>) {
    let Some(parker) = Parker::current() else {
        return seam::print__original(stream, arguments);
    };
    // Formatted first: that runs the user's code, and meanwhile std's lock, which other green threads
    // of this OS thread do not respect, must not be held.
    let formatted;
    let mut rest = match arguments.as_str() {
        Some(text) => text,
        None => {
            formatted = arguments.to_string();
            &formatted
        }
    };
    while !rest.is_empty() {
        let (part, after) = rest.split_at(rest.floor_char_boundary(SMALL));
        let fd = descriptor(stream);
        // The printing itself stays on this OS thread, where a test harness may capture it.
        if !is_ready(fd, libc::POLLOUT) {
            STREAMS.make(&parker, Call::new(&mut || wait(fd, libc::POLLOUT)));
        }
        seam::print__original(stream, format_args!("{part}"));
        rest = after;
    }
}

pub(super) fn may_wait() -> bool {
    hub::current().is_none() || hub::switching().is_some()
}

fn descriptor(stream: Output) -> libc::c_int {
    match stream {
        Output::Stdout => libc::STDOUT_FILENO,
        Output::Stderr => libc::STDERR_FILENO,
    }
}

/// Whether a call would not block. What is closed, or no descriptor at all, does not.
fn is_ready(fd: libc::c_int, events: libc::c_short) -> bool {
    poll(fd, events, 0) != 0
}

/// Blocks the OS thread until a call would not block.
fn wait(fd: libc::c_int, events: libc::c_short) {
    while poll(fd, events, -1) == 0 {}
}

/// How many descriptors are ready, or a negative number if none can be looked at.
fn poll(fd: libc::c_int, events: libc::c_short, timeout: libc::c_int) -> libc::c_int {
    let mut descriptor = libc::pollfd {
        fd,
        events,
        revents: 0,
    };
    loop {
        // SAFETY: one valid pollfd.
        let ready = unsafe { libc::poll(&raw mut descriptor, 1, timeout) };
        let interrupted = ready == -1
            && std::io::Error::last_os_error().kind() == std::io::ErrorKind::Interrupted;
        if !interrupted {
            return ready;
        }
    }
}
