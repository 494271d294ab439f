//! The standard streams.
#![allow(unsafe_code)]

use std::mem::{self, MaybeUninit};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::{fmt, io, thread};

use super::helpers::Helpers;
use super::parker::Parker;
use crate::descriptor::poll;
use crate::hub;
use crate::seam::offload::Call;
use crate::seam::stdio as seam;
use crate::seam::stdio::Output;
use crate::wait::park::{Wait, WaitEntry};
use crate::wait::reason::{Kind, Reason};

/// In effect one helper for each stream, since the lock of a stream admits one thread at a time.
static STREAMS: Helpers = Helpers::new("greenpatch-std");

/// The number of bytes that a stream accepts without blocking when it is ready. Together with what std buffers, up to
/// 1,024 bytes, it is a page, for which a pipe that is ready has room.
const SMALL: usize = 3 << 10;

/// The room in a pipe that may be lost to partly filled pages at both ends of its content, and to what std buffers.
const MARGIN: usize = 16 << 10;

pub(super) fn input(call: Call<'_>) -> io::Result<()> {
    match Parker::current() {
        Some(parker) if !poll::is_ready(libc::STDIN_FILENO, libc::POLLIN) => {
            STREAMS.make(&parker, call)
        }
        _ => seam::input__original(call),
    }
}

pub(super) fn output(stream: Output, length: usize, call: Call<'_>) -> io::Result<()> {
    note_a_write(stream);
    match Parker::current() {
        Some(parker) if !takes(descriptor(stream), length) => STREAMS.make(&parker, call),
        _ => seam::output__original(stream, length, call),
    }
}

/// The number of writes to each stream. Relaxed throughout: the thread that holds the stream compares it with a value that
/// it has read itself.
static WRITES: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];

fn writes(stream: Output) -> &'static AtomicU32 {
    match stream {
        Output::Stdout => &WRITES[0],
        Output::Stderr => &WRITES[1],
    }
}

/// Counts a write, and returns the number of writes including it.
fn note_a_write(stream: Output) -> u32 {
    writes(stream)
        .fetch_add(1, Ordering::Relaxed)
        .wrapping_add(1)
}

/// Prints piece by piece, as std does: each is written to the stream before the next one is formatted, which runs user
/// code. std's lock is not held in between: it does not exclude other green threads of the same OS thread.
pub(super) fn print(stream: Output, arguments: fmt::Arguments<'_>) {
    if Parker::current().is_none() {
        return seam::print__original(stream, arguments);
    }
    let mut pieces = Pieces {
        stream,
        room: 0,
        last: 0,
        error: None,
    };
    if fmt::write(&mut pieces, arguments).is_err() {
        let Some(error) = pieces.error else {
            panic!(
                "a formatting trait implementation returned an error when the underlying stream did not"
            );
        };
        let label = match stream {
            Output::Stdout => "stdout",
            Output::Stderr => "stderr",
        };
        panic!("failed printing to {label}: {error}");
    }
}

/// A writer that prints, and keeps the last error, as std does.
struct Pieces {
    stream: Output,
    /// The number of bytes that the stream still accepts, unless there was another write since it was polled.
    room: usize,
    /// The number of this writer's last write.
    last: u32,
    error: Option<io::Error>,
}

impl fmt::Write for Pieces {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let printed = self.print(text);
        self.last = note_a_write(self.stream);
        printed.map_err(|error| {
            self.error = Some(error);
            fmt::Error
        })
    }
}

impl Pieces {
    fn print(&mut self, text: &str) -> io::Result<()> {
        let Some(parker) = Parker::current() else {
            return seam::print_piece(self.stream, text);
        };
        let fd = descriptor(self.stream);
        if writes(self.stream).load(Ordering::Relaxed) != self.last {
            // Formatting the arguments has printed, too.
            self.room = 0;
        }
        if text.len() > self.room && !takes(fd, text.len()) {
            if text.len() > SMALL {
                self.room = 0;
                return print_elsewhere(&parker, self.stream, text);
            }
            // Without a helper the call below waits itself.
            let _ = STREAMS.make(
                &parker,
                Call::new(&mut || poll::wait_for(fd, libc::POLLOUT)),
            );
            self.room = SMALL;
        } else if text.len() > self.room {
            self.room = SMALL;
        }
        self.room = self.room.saturating_sub(text.len());
        seam::print_piece(self.stream, text)
    }
}

/// Prints on an OS thread that is started for it. It inherits from this one where std's macros print to, which a test
/// harness may have changed; a helper does not.
fn print_elsewhere(parker: &Parker, stream: Output, text: &str) -> io::Result<()> {
    let printed = Arc::new(Printed(Mutex::new(State::Printing(None))));
    let started = thread::Builder::new().name("greenpatch-std".into()).spawn({
        let (printed, text) = (printed.clone(), text.to_owned());
        move || printed.set(seam::print_piece(stream, &text))
    });
    if started.is_err() {
        return seam::print_piece(stream, text);
    }
    parker.wait(&Wait::new(&*printed, None));
    match mem::replace(&mut *printed.lock(), State::Printing(None)) {
        State::Printed(result) => result,
        State::Printing(_) => unreachable!("the wait lasts until it is printed"),
    }
}

/// The state shared by the thread that prints and the green thread that waits for it.
struct Printed(Mutex<State>);

enum State {
    /// The text is being printed. Holds the waker of the green thread once that waits.
    Printing(Option<Waker>),
    /// The text has been printed, with this result.
    Printed(io::Result<()>),
}

impl Printed {
    fn set(&self, result: io::Result<()>) {
        let before = mem::replace(&mut *self.lock(), State::Printed(result));
        if let State::Printing(Some(waker)) = before {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WaitEntry for Printed {
    fn register(&self, waker: Waker, _patience: u32) -> bool {
        match &mut *self.lock() {
            State::Printing(waiting) => {
                *waiting = Some(waker);
                true
            }
            State::Printed(_) => false,
        }
    }

    fn is_waiting(&self) -> bool {
        matches!(*self.lock(), State::Printing(_))
    }

    fn unregister(&self) -> bool {
        // The wait has no deadline.
        false
    }

    fn reason(&self) -> Reason {
        Reason::new(Kind::Call("greenpatch-std"), self)
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

/// Returns whether the stream accepts `length` bytes, and what std buffers, without blocking.
fn takes(fd: libc::c_int, length: usize) -> bool {
    poll::is_ready(fd, libc::POLLOUT)
        && (length <= SMALL || is_never_full(fd) || length + MARGIN <= room(fd))
}

/// Returns whether writing to a descriptor never waits for a reader: a file, or a device such as `/dev/null`.
fn is_never_full(fd: libc::c_int) -> bool {
    let mut status = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: `status` is valid for the write.
    if unsafe { libc::fstat(fd, status.as_mut_ptr()) } != 0 {
        return false;
    }
    // SAFETY: `fstat` has succeeded, so it has initialized `status`.
    let status = unsafe { status.assume_init() };
    match status.st_mode & libc::S_IFMT {
        libc::S_IFREG | libc::S_IFBLK => true,
        // SAFETY: isatty has no preconditions.
        libc::S_IFCHR => unsafe { libc::isatty(fd) == 0 },
        _ => false,
    }
}

/// Returns the number of bytes, plus [`MARGIN`], that a pipe accepts without blocking. Its content may occupy up to twice
/// its size: a write continues in the page of the previous one only if it fits.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn room(fd: libc::c_int) -> usize {
    let mut unread: libc::c_int = 0;
    // SAFETY: FIONREAD writes one int, for which `unread` is valid.
    if unsafe { libc::ioctl(fd, libc::FIONREAD, &raw mut unread) } != 0 {
        return 0;
    }
    // SAFETY: F_GETPIPE_SZ takes no argument; it fails for descriptors other than pipes'.
    let size = unsafe { libc::fcntl(fd, libc::F_GETPIPE_SZ) };
    size.saturating_sub(unread.saturating_mul(2))
        .try_into()
        .unwrap_or(0)
}

/// Returns zero: this system does not tell the room in a pipe.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn room(_fd: libc::c_int) -> usize {
    0
}
