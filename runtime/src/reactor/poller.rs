//! Polling the OS for ready descriptors, and sleeping until there is one.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::RawFd;
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

use super::descriptors::Key;
use super::notifier::Notifier;
use super::readiness::Readiness;
use super::reminder::Reminder;
use crate::refused::Refused;

/// The token of wake-ups by [`Notifier::notify`].
const NOTIFIED: Token = Token(usize::MAX);
/// The token of the reminder that [`Poller::remind`] sets.
const REMINDED: Token = Token(usize::MAX - 1);
/// The number of events that one poll takes in. The OS keeps the others, in order: their data should be accessed only
/// shortly before their turn.
const BATCH: usize = 128;

/// The OS call that opens a poller, for error messages.
#[cfg(any(target_os = "linux", target_os = "android"))]
const OPENING: &str = "epoll_create1";
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const OPENING: &str = "kqueue";

/// The shortest timeout for which a precise sleep is not worth two calls to the OS.
const LONG: Duration = Duration::from_millis(2);

/// The poller of one hub.
#[derive(Debug)]
pub(crate) struct Poller {
    poll: Poll,
    events: Events,
    /// Created when a reminder is first set.
    reminder: Option<Reminder>,
}

/// The result of a poll, apart from the readiness of descriptors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Polled {
    /// A signal was handled on this OS thread while it slept, or the process was stopped and continued.
    pub(crate) is_interrupted: bool,
    /// The time passed to [`Poller::remind`] has elapsed.
    pub(crate) is_reminded: bool,
}

impl Poller {
    /// Opens the OS's polling facility.
    ///
    /// # Errors
    ///
    /// If the process has no file descriptor left.
    pub(crate) fn new() -> Result<(Poller, Notifier), Refused> {
        let poll = Poll::new().map_err(Refused::by(OPENING))?;
        let notifier = Notifier::new(poll.registry(), NOTIFIED)?;
        let events = Events::with_capacity(BATCH);
        let poller = Poller {
            poll,
            events,
            reminder: None,
        };
        Ok((poller, notifier))
    }

    /// Sleeps until a descriptor is ready, until notified, or until `timeout` has passed. May return early without a
    /// reason. Passes the readiness of descriptors to `ready`.
    ///
    /// Wakes no later than the OS's clock allows, although epoll counts milliseconds: epoll sleeps whole milliseconds,
    /// and a precise call sleeps the rest of a timeout.
    pub(crate) fn wait(
        &mut self,
        timeout: Option<Duration>,
        ready: impl FnMut(Key, Readiness),
    ) -> Polled {
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
        let mut polled = self.poll(timeout, ready);
        polled.is_interrupted |= is_interrupted;
        polled
    }

    /// Passes the readiness of descriptors to `ready`, without waiting.
    pub(crate) fn poll_now(&mut self, ready: impl FnMut(Key, Readiness)) -> Polled {
        self.poll(Some(Duration::ZERO), ready)
    }

    /// Sets a reminder, which replaces an earlier one: once `after` has elapsed, a poll reports it.
    ///
    /// # Errors
    ///
    /// If the process has no file descriptor left, or the OS does not support timers as descriptors.
    pub(crate) fn remind(&mut self, after: Duration) -> io::Result<()> {
        let reminder = match self.reminder.take() {
            Some(reminder) => reminder,
            None => Reminder::new(self.poll.registry(), REMINDED)?,
        };
        self.reminder.insert(reminder).set(after)
    }

    /// Adds a descriptor to the poller. Its current readiness is reported, too.
    ///
    /// # Errors
    ///
    /// `AlreadyExists` if it was added already, `PermissionDenied` for a descriptor that is always ready; otherwise the
    /// OS's error if it has no memory.
    pub(crate) fn add(&self, fd: RawFd, key: Key) -> io::Result<()> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let interest = interest | Interest::PRIORITY;
        let token = Token(key.0);
        self.poll
            .registry()
            .register(&mut SourceFd(&fd), token, interest)
    }

    fn poll(&mut self, timeout: Option<Duration>, mut ready: impl FnMut(Key, Readiness)) -> Polled {
        let mut polled = Polled::default();
        match self.poll.poll(&mut self.events, timeout) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                polled.is_interrupted = true;
                return polled;
            }
            Err(error) => panic!("the reactor of a hub failed: {error}"),
        }
        for event in &self.events {
            match event.token() {
                NOTIFIED => {}
                REMINDED => polled.is_reminded = true,
                token => ready(Key(token.0), readiness(event)),
            }
        }
        polled
    }

    /// Sleeps for a timeout that epoll would round. Returns false if the OS has no call for it.
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
            tv_sec: timeout.as_secs().min(i32::MAX as u64) as _,
            tv_nsec: timeout.subsec_nanos().into(),
        };
        // SAFETY: the arguments are one valid pollfd, a valid timespec and no signal mask. The number of ready
        // descriptors is not used: the poll that follows finds the events.
        let result =
            unsafe { libc::ppoll(&raw mut epoll, 1, &raw const timeout, std::ptr::null()) };
        *is_interrupted =
            result == -1 && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted;
        true
    }

    /// Returns false: mio's kqueue counts nanoseconds, so the timeout is precise without this.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn sleep_precisely(&self, _timeout: Duration, _is_interrupted: &mut bool) -> bool {
        false
    }
}

#[inline]
fn readiness(event: &mio::event::Event) -> Readiness {
    let bit = |is_set: bool, bit: Readiness| if is_set { bit } else { Readiness::NONE };
    // An attempt in either direction finds the error.
    let error = event.is_error();
    bit(event.is_readable() || error, Readiness::READABLE)
        | bit(event.is_writable() || error, Readiness::WRITABLE)
        | bit(event.is_read_closed(), Readiness::READ_CLOSED)
        | bit(event.is_write_closed(), Readiness::WRITE_CLOSED)
        | bit(event.is_priority(), Readiness::URGENT)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::reactor::{Descriptors, Direction};

    #[test]
    fn a_timeout_takes_few_sleeps() {
        let (mut poller, _notifier) = Poller::new().unwrap();
        for timeout in [Duration::from_micros(300), Duration::from_micros(4700)] {
            let end = Instant::now() + timeout;
            let mut sleeps = 0;
            while Instant::now() < end {
                let left = end.saturating_duration_since(Instant::now());
                poller.wait(Some(left), |_, _| ());
                sleeps += 1;
            }
            assert!(sleeps < 10, "{sleeps} sleeps for {timeout:?}");
        }
    }

    #[test]
    fn an_edge_is_reported_once() {
        use std::io::{Read, Write};
        use std::os::fd::AsRawFd;

        let (mut poller, notifier) = Poller::new().unwrap();
        let mut table = Descriptors::<()>::new();
        let (mut reader, mut writer) = io::pipe().unwrap();
        let key = table.insert().unwrap();
        poller.add(reader.as_raw_fd(), key).unwrap();
        let again = poller.add(reader.as_raw_fd(), key).unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);

        let poll = |poller: &mut Poller| {
            let mut reported = Vec::new();
            poller.poll_now(|key, ready| reported.push((key, ready.allows(Direction::Read))));
            reported
        };
        assert_eq!(poll(&mut poller), []);
        writer.write_all(b"ab").unwrap();
        assert_eq!(poll(&mut poller), [(key, true)]);
        assert_eq!(poll(&mut poller), [], "an edge, not a level");
        reader.read_exact(&mut [0]).unwrap();
        writer.write_all(b"c").unwrap();
        assert_eq!(poll(&mut poller), [(key, true)]);

        notifier.remove(reader.as_raw_fd());
        writer.write_all(b"d").unwrap();
        assert_eq!(poll(&mut poller), []);
        notifier.remove(reader.as_raw_fd());
    }

    #[test]
    fn a_notification_is_not_lost() {
        let (mut poller, notifier) = Poller::new().unwrap();
        notifier.notify();
        poller.wait(None, |_, _| ());
        std::thread::scope(|scope| {
            scope.spawn(|| notifier.notify());
            poller.wait(None, |_, _| ());
        });
    }
}
