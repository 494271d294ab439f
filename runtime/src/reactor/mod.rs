//! What a hub sleeps in: until a descriptor is ready, another OS thread notifies it, or a time has come.
//!
//! Layer: reactor, beside `patch` and `coroutine`.
//! Called by: `hub`.
//! Calls: `refused`, and mio; this is the only module that names mio.
//! Never: knows a green thread; it wakes nobody, it only returns.
//!
//! Descriptors are looked at edge by edge: an event tells once that something has changed, and
//! [`Descriptors`] remembers it until an attempt has found out otherwise. So a descriptor is
//! registered once, and a wait costs no call to the OS of its own.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Registry, Token, Waker};

use crate::refused::Refused;

mod descriptors;
mod readiness;
mod reminder;

pub(crate) use descriptors::{Descriptors, Key};
pub(crate) use readiness::{Direction, Readiness};

use reminder::Reminder;

/// The token of wake-ups by [`Notifier::notify`].
const NOTIFIED: Token = Token(usize::MAX);
/// The token of the reminder that [`Reactor::remind`] sets.
const REMINDED: Token = Token(usize::MAX - 1);
/// How many events one look at the OS takes in. The OS keeps the others, in order: what they are about had better be
/// touched when its turn is near.
const BATCH: usize = 128;

/// The calls that mio makes for a reactor, of which an error is to say which failed.
#[cfg(any(target_os = "linux", target_os = "android"))]
const OPENING: &str = "epoll_create1";
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const OPENING: &str = "kqueue";
#[cfg(any(target_os = "linux", target_os = "android"))]
const ADDING_A_WAKER: &str = "eventfd";
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const ADDING_A_WAKER: &str = "kevent";

/// A timeout from which on it is not worth two calls to the OS to keep it in one sleep.
const LONG: Duration = Duration::from_millis(2);

/// The sleeping place of one hub.
#[derive(Debug)]
pub(crate) struct Reactor {
    poll: Poll,
    events: Events,
    /// Made when one is first set.
    reminder: Option<Reminder>,
}

/// What a look or a sleep has found out beside what descriptors are ready for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    /// A signal was handled on this OS thread while it slept, or the process was stopped and goes on.
    pub(crate) is_interrupted: bool,
    /// The time has passed that [`Reactor::remind`] was given.
    pub(crate) is_reminded: bool,
}

/// What any OS thread may do with the sleeping place of a hub.
#[derive(Debug)]
pub(crate) struct Notifier {
    waker: Waker,
    registry: Registry,
    /// The process that it was made in, by the number of forks.
    process: u32,
}

/// How many forks lie between this process and the one that loaded greenpatch.
static FORKS: AtomicU32 = AtomicU32::new(0);

/// Takes note that this process is a fork of another. What that one looks at through reactors is its own: a child
/// shares the OS's facility with it, and must not change it.
pub(crate) fn forked() {
    // Relaxed, here and below: a new process has one thread, and starts the others.
    FORKS.fetch_add(1, Ordering::Relaxed);
}

/// How many forks lie between this process and the one that loaded greenpatch.
pub(crate) fn forks() -> u32 {
    FORKS.load(Ordering::Relaxed)
}

impl Reactor {
    /// Opens the OS's facility for it.
    ///
    /// # Errors
    ///
    /// When the process has no file descriptor left.
    pub(crate) fn new() -> Result<(Reactor, Notifier), Refused> {
        let poll = Poll::new().map_err(Refused::by(OPENING))?;
        let waker = Waker::new(poll.registry(), NOTIFIED).map_err(Refused::by(ADDING_A_WAKER))?;
        let registry = poll.registry().try_clone().map_err(Refused::by("fcntl"))?;
        let events = Events::with_capacity(BATCH);
        let reactor = Reactor {
            poll,
            events,
            reminder: None,
        };
        Ok((
            reactor,
            Notifier {
                waker,
                registry,
                process: forks(),
            },
        ))
    }

    /// Sleeps until a descriptor is ready, until notified, or until `timeout` has passed; may return
    /// early for no reason. Hands what descriptors are ready for to `ready`.
    ///
    /// It wakes no later than the OS's clock allows, although epoll counts milliseconds: whole
    /// milliseconds are slept in epoll, and the rest of a timeout by a call that is precise.
    pub(crate) fn wait(
        &mut self,
        timeout: Option<Duration>,
        ready: impl FnMut(Key, Readiness),
    ) -> News {
        let mut is_interrupted = false;
        let timeout = match timeout {
            Some(timeout) if timeout >= LONG => Some(Duration::from_millis(
                timeout.as_millis().try_into().unwrap_or(u64::MAX),
            )),
            Some(timeout) if self.sleep_precisely(timeout, &mut is_interrupted) => {
                Some(Duration::ZERO)
            }
            timeout => timeout,
        };
        let mut news = self.poll(timeout, ready);
        news.is_interrupted |= is_interrupted;
        news
    }

    /// Looks what descriptors are ready for, without waiting.
    pub(crate) fn look(&mut self, ready: impl FnMut(Key, Readiness)) -> News {
        self.poll(Some(Duration::ZERO), ready)
    }

    /// Has a look or a sleep say so once that time has passed; in place of an earlier reminder.
    ///
    /// # Errors
    ///
    /// When no descriptor is left, and where the OS has none for it.
    pub(crate) fn remind(&mut self, after: Duration) -> io::Result<()> {
        let reminder = match self.reminder.take() {
            Some(reminder) => reminder,
            None => Reminder::new(self.poll.registry(), REMINDED)?,
        };
        self.reminder.insert(reminder).set(after)
    }

    /// Has a descriptor looked at from now on. What it is ready for already is told, too.
    ///
    /// # Errors
    ///
    /// `AlreadyExists` if it is looked at already, `PermissionDenied` for a descriptor that is always
    /// ready, and what the OS has no memory for.
    pub(crate) fn add(&self, fd: RawFd, key: Key) -> io::Result<()> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let interest = interest | Interest::PRIORITY;
        let token = Token(key.0);
        self.poll
            .registry()
            .register(&mut SourceFd(&fd), token, interest)
    }

    fn poll(&mut self, timeout: Option<Duration>, mut ready: impl FnMut(Key, Readiness)) -> News {
        let mut news = News::default();
        match self.poll.poll(&mut self.events, timeout) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                news.is_interrupted = true;
                return news;
            }
            Err(error) => panic!("the reactor of a hub failed: {error}"),
        }
        for event in &self.events {
            match event.token() {
                NOTIFIED => {}
                REMINDED => news.is_reminded = true,
                token => ready(Key(token.0), readiness(event)),
            }
        }
        news
    }

    /// Sleeps a timeout that epoll would round, if the OS has a call for it.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn sleep_precisely(&self, timeout: Duration, is_interrupted: &mut bool) -> bool {
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
        let result =
            unsafe { libc::ppoll(&raw mut epoll, 1, &raw const timeout, std::ptr::null()) };
        *is_interrupted =
            result == -1 && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted;
        true
    }

    /// Leaves it to mio, whose kqueue counts nanoseconds.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn sleep_precisely(&self, _timeout: Duration, _is_interrupted: &mut bool) -> bool {
        false
    }
}

#[inline]
fn readiness(event: &mio::event::Event) -> Readiness {
    let bit = |is_set: bool, bit: Readiness| if is_set { bit } else { Readiness::NONE };
    // An error is found by whoever tries, in either direction.
    let error = event.is_error();
    bit(event.is_readable() || error, Readiness::READABLE)
        | bit(event.is_writable() || error, Readiness::WRITABLE)
        | bit(event.is_read_closed(), Readiness::READ_CLOSED)
        | bit(event.is_write_closed(), Readiness::WRITE_CLOSED)
        | bit(event.is_priority(), Readiness::URGENT)
}

impl Notifier {
    /// Has a descriptor looked at no more. Nothing happens if it was not, or is closed.
    pub(crate) fn remove(&self, fd: RawFd) {
        if self.process == forks() {
            let _ = self.registry.deregister(&mut SourceFd(&fd));
        }
    }

    /// Ends the sleep of the hub, or its next one if it does not sleep.
    pub(crate) fn notify(&self) {
        if self.process != forks() {
            return;
        }
        // This fails only if the OS has no memory for the event, and there is no way on then.
        self.waker.wake().expect("the OS can wake a hub");
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_timeout_takes_few_sleeps() {
        let (mut reactor, _notifier) = Reactor::new().unwrap();
        for timeout in [Duration::from_micros(300), Duration::from_micros(4700)] {
            let end = Instant::now() + timeout;
            let mut sleeps = 0;
            while Instant::now() < end {
                let left = end.saturating_duration_since(Instant::now());
                reactor.wait(Some(left), |_, _| ());
                sleeps += 1;
            }
            assert!(sleeps < 10, "{sleeps} sleeps for {timeout:?}");
        }
    }

    #[test]
    fn an_edge_is_told_once() {
        use std::io::{Read, Write};
        use std::os::fd::AsRawFd;

        let (mut reactor, notifier) = Reactor::new().unwrap();
        let mut table = Descriptors::<()>::new();
        let (mut reader, mut writer) = io::pipe().unwrap();
        let key = table.insert(reader.as_raw_fd()).unwrap();
        reactor.add(reader.as_raw_fd(), key).unwrap();
        let again = reactor.add(reader.as_raw_fd(), key).unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);

        let look = |reactor: &mut Reactor| {
            let mut told = Vec::new();
            reactor.look(|key, ready| told.push((key, ready.allows(Direction::Read))));
            told
        };
        assert_eq!(look(&mut reactor), []);
        writer.write_all(b"ab").unwrap();
        assert_eq!(look(&mut reactor), [(key, true)]);
        assert_eq!(look(&mut reactor), [], "an edge, not a level");
        reader.read_exact(&mut [0]).unwrap();
        writer.write_all(b"c").unwrap();
        assert_eq!(look(&mut reactor), [(key, true)]);

        notifier.remove(reader.as_raw_fd());
        writer.write_all(b"d").unwrap();
        assert_eq!(look(&mut reactor), []);
        notifier.remove(reader.as_raw_fd());
    }

    #[test]
    fn a_notification_is_kept() {
        let (mut reactor, notifier) = Reactor::new().unwrap();
        notifier.notify();
        reactor.wait(None, |_, _| ());
        std::thread::scope(|scope| {
            scope.spawn(|| notifier.notify());
            reactor.wait(None, |_, _| ());
        });
    }
}
