//! One operation on a descriptor that may not be ready. All seams that transfer share it.
//!
//! A std-shaped type does not know how its caller blocks. It describes an [`Operation`] (the descriptor, the
//! direction, and how to make one attempt in a given [`Manner`]) and passes it to the seam of its feature. The
//! native original of the seam is [`perform`](super::perform::perform):
//!
//! ```text
//!   native: attempt(Block)                                 the OS blocks the thread
//!   green:  attempt(Try) ── would block ──▶ wait on the hub, which makes attempt(Try) when ready …
//! ```
//!
//! Where the OS can be asked not to block for one call, as for sockets (`MSG_DONTWAIT`), an attempt in the manner
//! `Try` does so. The mode of the descriptor does not change for native threads and other processes. Where the OS
//! cannot be asked, the attempt calls [`Watch::make_nonblocking`]. From then on an attempt in the manner `Block` may fail
//! with `WouldBlock`, too, and the native original waits in `poll`. The [`Watch`] stores that the descriptor blocks for
//! its user. Accepting is different: it makes the listener non-blocking for the duration of the attempt
//! ([`Watch::without_blocking`]).
#![forbid(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::time::{Duration, Instant};

use crate::descriptor::direction::{Direction, Manner};
use crate::descriptor::poll::has_error;
use crate::descriptor::socket;
use crate::descriptor::watch::Watch;

/// What the number of bytes that an attempt has moved indicates about the descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// Nothing: the attempt moves no bytes, or messages, or does not consume them.
    Unknown,
    /// Up to this many bytes are read from a stream; fewer indicate that no more are available.
    UpTo(usize),
    /// This many bytes are written to a stream. The operation continues until all are written, as a blocking call does.
    All(usize),
}

/// One operation on a descriptor.
pub(crate) struct Operation<'a> {
    fd: BorrowedFd<'a>,
    watch: &'a Watch,
    direction: Direction,
    size: Size,
    limit: Limit,
    kind: Kind,
    attempt: Attempt<'a>,
}

/// The kind of an operation, which decides how signals and the descriptor's mode affect it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Moves bytes or messages. A signal ends it.
    Transfer,
    /// Accepts a connection. Continues after a signal.
    Accept,
    /// Anything else. Continues after a signal.
    Other,
}

/// How an operation makes its attempts. The most frequent ones are variants instead of closures: after a system call
/// each return is mispredicted, so that one call less is measurable.
enum Attempt<'a> {
    Receive(&'a mut [u8]),
    Send(&'a [u8]),
    Call(&'a mut AttemptFn<'a>),
}

/// Makes one attempt after the given number of bytes has been moved, and returns how many more it has moved.
///
/// In the manner `Try` it may be called on the stack of another thread than the one that waits. It makes a system call
/// and little else; it does not wait, panic, or call a patchable function.
pub(crate) type AttemptFn<'a> = dyn FnMut(Manner, usize) -> io::Result<usize> + 'a;

/// When an operation times out.
#[derive(Clone, Copy, Debug)]
enum Limit {
    /// By the timeouts of the descriptor.
    Socket,
    /// At this time, in either manner; never if `None`.
    At(Option<Instant>),
}

impl<'a> Operation<'a> {
    /// Creates an operation on the descriptor that `watch` belongs to.
    #[inline]
    pub(crate) fn new(
        fd: BorrowedFd<'a>,
        watch: &'a Watch,
        direction: Direction,
        size: Size,
        attempt: &'a mut AttemptFn<'a>,
    ) -> Self {
        Operation {
            fd,
            watch,
            direction,
            size,
            limit: Limit::Socket,
            kind: Kind::Other,
            attempt: Attempt::Call(attempt),
        }
    }

    /// Receives from a socket.
    #[inline]
    pub(crate) fn receive(
        fd: BorrowedFd<'a>,
        watch: &'a Watch,
        size: Size,
        buffer: &'a mut [u8],
    ) -> Self {
        Operation {
            fd,
            watch,
            direction: Direction::Read,
            size,
            limit: Limit::Socket,
            kind: Kind::Transfer,
            attempt: Attempt::Receive(buffer),
        }
    }

    /// Sends all bytes to a socket.
    #[inline]
    pub(crate) fn send(fd: BorrowedFd<'a>, watch: &'a Watch, bytes: &'a [u8]) -> Self {
        Operation {
            fd,
            watch,
            direction: Direction::Write,
            size: Size::All(bytes.len()),
            limit: Limit::Socket,
            kind: Kind::Transfer,
            attempt: Attempt::Send(bytes),
        }
    }

    /// Sets the kind.
    #[inline]
    pub(crate) fn of_kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// Sets a fixed deadline. The operation waits whatever the mode that the user of the descriptor has set; no attempt
    /// may block.
    pub(crate) fn until(mut self, deadline: Option<Instant>) -> Self {
        self.limit = Limit::At(deadline);
        self
    }

    #[inline]
    pub(crate) fn fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }

    #[inline]
    pub(super) fn descriptor(&self) -> BorrowedFd<'a> {
        self.fd
    }

    #[inline]
    pub(crate) fn watch(&self) -> &'a Watch {
        self.watch
    }

    #[inline]
    pub(crate) fn direction(&self) -> Direction {
        self.direction
    }

    /// Returns whether the operation waits for a descriptor that is not ready, by the mode that its user has set.
    #[inline]
    pub(crate) fn waits(&self) -> bool {
        matches!(self.limit, Limit::At(_)) || !self.watch.is_nonblocking(self.fd)
    }

    #[inline]
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns whether an OS thread waits after an attempt that would block: the descriptor was made non-blocking, so
    /// the OS could not wait itself.
    #[inline]
    pub(crate) fn waits_natively(&self) -> bool {
        match self.limit {
            Limit::At(_) => true,
            Limit::Socket => self.watch.is_made_nonblocking(),
        }
    }

    /// Returns the timeout, unless there is a fixed deadline.
    #[inline]
    pub(crate) fn timeout(&self) -> Option<Duration> {
        match self.limit {
            Limit::At(_) => None,
            Limit::Socket => self.watch.timeout(self.fd, self.direction),
        }
    }

    /// Returns the deadline of an operation that begins now.
    #[inline]
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self.limit {
            Limit::At(deadline) => deadline,
            Limit::Socket => {
                let timeout = self.timeout()?;
                // A time that the clock cannot represent is never reached.
                Instant::now().checked_add(timeout)
            }
        }
    }

    /// Returns the deadline of an operation that began at the given time, or else now.
    pub(crate) fn deadline_from(&self, began: Option<Instant>) -> Option<Instant> {
        match (self.limit, began) {
            (Limit::Socket, Some(began)) => began.checked_add(self.timeout()?),
            _ => self.deadline(),
        }
    }

    /// Asks the OS again for the mode and the timeout that [`waits`](Self::waits) and [`deadline`](Self::deadline) use.
    #[cold]
    pub(crate) fn refresh(&self) {
        if let Limit::Socket = self.limit {
            let may_be_temporary = self.kind == Kind::Accept;
            self.watch
                .refresh(self.fd, self.direction, may_be_temporary);
        }
    }

    /// Makes one attempt, after `done` bytes have been moved.
    #[inline(always)]
    pub(crate) fn attempt(&mut self, manner: Manner, done: usize) -> io::Result<usize> {
        match &mut self.attempt {
            Attempt::Receive(buffer) => socket::receive(self.fd, buffer, manner, 0),
            Attempt::Send(bytes) => socket::send(self.fd, &bytes[done..], manner),
            Attempt::Call(call) => call(manner, done),
        }
    }

    /// Returns whether an attempt that moved `moved` bytes, `done` in all, was stopped by the descriptor.
    #[inline]
    pub(crate) fn is_short(&self, moved: usize, done: usize) -> bool {
        match self.size {
            Size::Unknown => false,
            Size::UpTo(asked) => 0 < moved && moved < asked,
            Size::All(given) => done < given,
        }
    }

    /// Returns whether bytes are left to move after `done` bytes.
    #[inline]
    pub(crate) fn goes_on(&self, done: usize) -> bool {
        matches!(self.size, Size::All(given) if done < given)
    }

    /// Returns whether the OS has an error for the next call, without clearing it.
    #[cold]
    pub(crate) fn has_failed(&self) -> bool {
        has_error(self.fd())
    }

    /// Defers the error of an attempt at the rest of a transfer to the next call. It has occurred between
    /// [`has_failed`](Self::has_failed) and the attempt, and the OS reports it once.
    #[cold]
    pub(crate) fn defer(&self, error: io::Error) {
        if let Some(code) = error.raw_os_error()
            && error.kind() != io::ErrorKind::Interrupted
        {
            self.watch.defer_error(self.fd, code);
        }
    }

    /// Returns the result of a call after its attempts have ended with `result`. A deferred error takes precedence over the
    /// end of the stream and over another error, which are its consequences.
    #[cold]
    pub(crate) fn ended(&self, result: io::Result<usize>) -> io::Result<usize> {
        let is_moved = match (&result, self.direction) {
            (Ok(moved), Direction::Read) => *moved > 0,
            (Ok(_), Direction::Write) => true,
            (Err(_), _) => false,
        };
        if is_moved {
            return result;
        }
        self.watch.take_deferred_error().map_or(result, Err)
    }

    /// Returns the error of a transfer that has timed out, as the OS reports it.
    pub(crate) fn timed_out() -> io::Error {
        io::Error::from_raw_os_error(libc::EAGAIN)
    }
}
