//! Moving bytes through a descriptor that may not be ready: the operation that all such seams share.
//!
//! A std-shaped type does not know how its caller blocks. It describes an [`Operation`] — on which
//! descriptor, in which direction, and how to make one attempt in a given [`Manner`] — and
//! hands it to the seam of its feature, whose native original is [`perform`]:
//!
//! ```text
//!   native: attempt(Block)                                 the OS blocks the thread
//!   green:  attempt(Try) ── would block ──▶ wait on the hub, which makes attempt(Try) when ready …
//! ```
//!
//! Where the OS can be asked not to block for one call, as for sockets (`MSG_DONTWAIT`), an attempt in
//! the manner `Try` asks for that, so the descriptor itself stays as it is for native threads and for
//! other processes. Where it cannot, the attempt calls [`Watch::make_nonblocking`]; from then on an
//! attempt in the manner `Block` may fail with `WouldBlock`, too, and the native original waits in
//! `poll`. That the descriptor's user wants to block is remembered in its [`Watch`]. Accepting alone is done with
//! the listener not blocking for the length of the attempt ([`Watch::without_blocking`]).
#![forbid(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::time::{Duration, Instant};

use crate::descriptor::direction::{Direction, Manner};
use crate::descriptor::poll::has_error;
use crate::descriptor::socket;
use crate::descriptor::watch::Watch;

/// What the number of bytes says that an attempt has moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// Nothing: the attempt moves no bytes, or messages, or leaves them there.
    Unknown,
    /// A stream was asked for up to so many: if fewer came, there were no more.
    UpTo(usize),
    /// A stream was given so many: the operation goes on until all are through, as a call that blocks
    /// does.
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

/// What an operation is, as far as signals and the user's wishes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Moves bytes or messages. A signal ends it.
    Transfer,
    /// Accepts a connection, which goes on after a signal.
    Accept,
    /// Anything else that goes on after a signal.
    Other,
}

/// How an operation makes its attempts. The most frequent ones are known by name: what the kernel returns from
/// has every return after it mispredicted, so that each call less counts.
enum Attempt<'a> {
    Receive(&'a mut [u8]),
    Send(&'a [u8]),
    Call(&'a mut Call<'a>),
}

/// Makes one attempt, with how much is done already, and returns how much more it did. In the manner `Try` it may be
/// called within another thread than the one that waits, on that thread's stack: it is a call to the OS and little
/// more, which neither waits, nor panics, nor calls anything that is patchable.
pub(crate) type Call<'a> = dyn FnMut(Manner, usize) -> io::Result<usize> + 'a;

/// Until when it may wait.
#[derive(Clone, Copy, Debug)]
enum Limit {
    /// As the timeouts of the descriptor say.
    Socket,
    /// Until then, whatever the manner; none is for ever.
    At(Option<Instant>),
}

impl<'a> Operation<'a> {
    /// An operation on the descriptor that `watch` is of.
    #[inline]
    pub(crate) fn new(
        fd: BorrowedFd<'a>,
        watch: &'a Watch,
        direction: Direction,
        size: Size,
        attempt: &'a mut Call<'a>,
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

    /// Sends all of it to a socket.
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

    /// Says what it is.
    #[inline]
    pub(crate) fn of_kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// Lets it wait until `deadline`, even if its user has asked the descriptor not to block; every
    /// attempt is one that does not block.
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

    /// Whether it is to wait for a descriptor that is not ready, as its user wishes.
    #[inline]
    pub(crate) fn waits(&self) -> bool {
        matches!(self.limit, Limit::At(_)) || !self.watch.is_nonblocking(self.fd)
    }

    #[inline]
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether an attempt that would block is to be followed by a wait on an OS thread: the OS was kept from
    /// waiting itself.
    #[inline]
    pub(crate) fn waits_natively(&self) -> bool {
        match self.limit {
            Limit::At(_) => true,
            Limit::Socket => self.watch.is_made_nonblocking(),
        }
    }

    /// How long it may wait, unless it has a fixed deadline.
    #[inline]
    pub(crate) fn timeout(&self) -> Option<Duration> {
        match self.limit {
            Limit::At(_) => None,
            Limit::Socket => self.watch.timeout(self.fd, self.direction),
        }
    }

    /// Until when it may wait, from now.
    #[inline]
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self.limit {
            Limit::At(deadline) => deadline,
            Limit::Socket => {
                let timeout = self.timeout()?;
                // A time that the clock cannot say is never.
                Instant::now().checked_add(timeout)
            }
        }
    }

    /// Until when it may wait if it has begun to then; without that, from now.
    pub(crate) fn deadline_from(&self, began: Option<Instant>) -> Option<Instant> {
        match (self.limit, began) {
            (Limit::Socket, Some(began)) => began.checked_add(self.timeout()?),
            _ => self.deadline(),
        }
    }

    /// Asks the OS again what [`waits`](Self::waits) and [`deadline`](Self::deadline) go by.
    #[cold]
    pub(crate) fn refresh(&self) {
        if let Limit::Socket = self.limit {
            let may_be_lent = self.kind == Kind::Accept;
            self.watch.refresh(self.fd, self.direction, may_be_lent);
        }
    }

    /// Makes one attempt, after `done` bytes are through.
    #[inline(always)]
    pub(crate) fn attempt(&mut self, manner: Manner, done: usize) -> io::Result<usize> {
        match &mut self.attempt {
            Attempt::Receive(buffer) => socket::receive(self.fd, buffer, manner, 0),
            Attempt::Send(bytes) => socket::send(self.fd, &bytes[done..], manner),
            Attempt::Call(call) => call(manner, done),
        }
    }

    /// Whether an attempt that moved so many bytes, and made it `done` in all, could have moved more.
    #[inline]
    pub(crate) fn is_short(&self, moved: usize, done: usize) -> bool {
        match self.size {
            Size::Unknown => false,
            Size::UpTo(asked) => 0 < moved && moved < asked,
            Size::All(given) => done < given,
        }
    }

    /// Whether something is left to do after `done` bytes.
    #[inline]
    pub(crate) fn goes_on(&self, done: usize) -> bool {
        matches!(self.size, Size::All(given) if done < given)
    }

    /// Whether the OS has an error for the next call. It stays there.
    #[cold]
    pub(crate) fn has_failed(&self) -> bool {
        has_error(self.fd())
    }

    /// Keeps the error of an attempt at the rest of a transfer, which has come between the look that
    /// [`has_failed`](Self::has_failed) is and the attempt: the OS tells it once, and it is the next call's.
    #[cold]
    pub(crate) fn keep(&self, error: io::Error) {
        if let Some(code) = error.raw_os_error()
            && error.kind() != io::ErrorKind::Interrupted
        {
            self.watch.keep_error(self.fd, code);
        }
    }

    /// What a call says whose attempts have ended so: the error that was kept goes before the end or another
    /// error, which follow from it.
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
        self.watch.take_kept_error().map_or(result, Err)
    }

    /// The error for a wait that has lasted too long, as the OS gives it.
    pub(crate) fn timed_out() -> io::Error {
        io::Error::from_raw_os_error(libc::EAGAIN)
    }
}
