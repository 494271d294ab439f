//! What a hub sleeps in: until another OS thread notifies it, or a time has come.
//!
//! Layer: reactor, beside `patch` and `coroutine`.
//! Called by: `hub`.
//! Calls: mio; this is the only module that names it.
//! Never: knows a green thread; it wakes nobody, it only returns.
#![allow(unsafe_code)]

use std::io;
use std::time::Duration;

use mio::{Events, Poll, Token, Waker};

/// The token of wake-ups by [`Notifier::notify`].
const NOTIFIED: Token = Token(usize::MAX);
/// How many events one look at the OS takes in.
const BATCH: usize = 256;

/// The sleeping place of one hub.
#[derive(Debug)]
pub(crate) struct Reactor {
    poll: Poll,
    events: Events,
}

/// Ends the sleep of one hub, from any OS thread.
#[derive(Debug)]
pub(crate) struct Notifier {
    waker: Waker,
}

impl Reactor {
    /// Opens the OS's facility for it.
    ///
    /// # Errors
    ///
    /// When the process has no file descriptor left.
    pub(crate) fn new() -> io::Result<(Reactor, Notifier)> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), NOTIFIED)?;
        let events = Events::with_capacity(BATCH);
        Ok((Reactor { poll, events }, Notifier { waker }))
    }

    /// Sleeps until notified, or until `timeout` has passed; may return early for no reason.
    ///
    /// A timeout is kept to the precision of the OS's clock, although epoll counts milliseconds.
    pub(crate) fn wait(&mut self, timeout: Option<Duration>) {
        let timeout = match timeout {
            Some(timeout) if self.sleep_precisely(timeout) => Some(Duration::ZERO),
            timeout => timeout,
        };
        match self.poll.poll(&mut self.events, timeout) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => panic!("the reactor of a hub failed: {error}"),
        }
    }

    /// Sleeps a timeout that epoll would round, if the OS has a call for it.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn sleep_precisely(&self, timeout: Duration) -> bool {
        use std::os::fd::AsRawFd;

        if timeout.is_zero() {
            return true;
        }
        let mut epoll = libc::pollfd {
            fd: self.poll.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        let timeout = libc::timespec {
            tv_sec: timeout.as_secs().try_into().unwrap_or(libc::time_t::MAX),
            tv_nsec: timeout.subsec_nanos().into(),
        };
        // SAFETY: one valid pollfd, a valid timespec, no signal mask. What it returns does not
        // matter: the poll that follows finds out what has happened.
        unsafe { libc::ppoll(&raw mut epoll, 1, &raw const timeout, std::ptr::null()) };
        true
    }

    /// Leaves it to mio, whose kqueue counts nanoseconds.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn sleep_precisely(&self, _timeout: Duration) -> bool {
        false
    }
}

impl Notifier {
    /// Ends the sleep of the hub, or its next one if it does not sleep.
    pub(crate) fn notify(&self) {
        // This fails only if the OS has no memory for the event, and there is no way on then.
        self.waker.wake().expect("the OS can wake a hub");
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_timeout_is_never_early() {
        let (mut reactor, _notifier) = Reactor::new().unwrap();
        for timeout in [Duration::from_micros(300), Duration::from_millis(2)] {
            let before = Instant::now();
            reactor.wait(Some(timeout));
            assert!(before.elapsed() >= timeout);
        }
    }

    #[test]
    fn a_notification_is_kept() {
        let (mut reactor, notifier) = Reactor::new().unwrap();
        notifier.notify();
        reactor.wait(None);
        std::thread::scope(|scope| {
            scope.spawn(|| notifier.notify());
            reactor.wait(None);
        });
    }
}
