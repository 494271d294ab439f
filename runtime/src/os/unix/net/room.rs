//! Sending a message from an unconnected Unix-domain socket to a receiver that may be full.
//!
//! The OS reports such a sender as writable, although the send would block: the queue of the receiver is full, and no
//! event of the sender tells when it has room. A socket that is connected to the receiver does get that event. So a
//! thread that waits creates one, the probe, for the duration of the wait:
//!
//! ```text
//!   send ── would block ──▶ room for what is sent? ── no ──▶ wait for the sender ──▶ send …
//!                                     └─ yes: the receiver is full ──▶ wait for the probe ──▶ send …
//! ```
#![allow(unsafe_code)]

use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::net::UnixDatagram as StdUnixDatagram;
use std::time::{Duration, Instant};

use socket2::{SockAddr, SockRef};

use crate::descriptor::direction::Direction;
use crate::descriptor::operation::{Kind, Operation, Size};
use crate::descriptor::poll::is_ready;
use crate::descriptor::watch::Watched;
use crate::net::transfer;
use crate::seam::net::perform;

/// The durations of the first wait without a probe, and of the longest.
const PAUSES: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(50)];

/// Sends one message to an address; a native thread sends it by `block`.
pub(super) fn send_to(
    socket: &Watched<StdUnixDatagram>,
    bytes: &[u8],
    address: &SockAddr,
    block: impl Fn(&StdUnixDatagram, &[u8]) -> io::Result<usize>,
) -> io::Result<usize> {
    let fd = socket.as_fd();
    let mut deadline = None;
    let mut pause = PAUSES[0];
    loop {
        let mut is_full = false;
        let sent = transfer::send_to_or(socket, bytes, address, &block, |error| {
            is_full = !socket.watch().is_nonblocking(fd) && has_room(fd);
            if is_full { Ok(0) } else { Err(error) }
        })?;
        if !is_full {
            return Ok(sent);
        }
        let deadline = *deadline.get_or_insert_with(|| {
            socket.watch().refresh(fd, Direction::Write, false);
            let timeout = socket.watch().timeout(fd, Direction::Write)?;
            // A time that the clock cannot represent is never reached.
            Instant::now().checked_add(timeout)
        });
        match probe(address) {
            Ok(probe) => wait(&probe, deadline)?,
            // Either the receiver is gone, which the next attempt reports, or no descriptor is left, and the send is
            // retried at intervals.
            Err(_) => {
                let end = Instant::now() + pause;
                pause = (2 * pause).min(PAUSES[1]);
                rest(socket, deadline.map_or(end, |deadline| deadline.min(end)))?;
                if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                    return Err(Operation::timed_out());
                }
            }
        }
    }
}

/// Creates a socket that is ready for writing when the receiver has room.
fn probe(address: &SockAddr) -> io::Result<Watched<StdUnixDatagram>> {
    let probe = StdUnixDatagram::unbound()?;
    SockRef::from(&probe).connect(address)?;
    Ok(Watched::fresh(probe))
}

/// Waits until the receiver has room.
///
/// # Errors
///
/// If the deadline has passed.
fn wait(probe: &Watched<StdUnixDatagram>, deadline: Option<Instant>) -> io::Result<()> {
    let fd = probe.as_fd();
    // `poll` also enters the probe into the wait queue of the receiver.
    let mut ask = |_, _| match is_writable(fd) {
        true => Ok(0),
        false => Err(ErrorKind::WouldBlock.into()),
    };
    let (direction, size) = (Direction::Write, Size::Unknown);
    let operation = Operation::new(fd, probe.watch(), direction, size, &mut ask);
    perform(&mut operation.of_kind(Kind::Transfer).until(deadline)).map(drop)
}

/// Lets other threads run until `end`.
fn rest(socket: &Watched<StdUnixDatagram>, end: Instant) -> io::Result<()> {
    // For writing, which is always tried first: a failed attempt does not make a later write wait for an event.
    let mut nothing = |_, _| Err(ErrorKind::WouldBlock.into());
    let (direction, size) = (Direction::Write, Size::Unknown);
    let operation = Operation::new(
        socket.as_fd(),
        socket.watch(),
        direction,
        size,
        &mut nothing,
    );
    match perform(&mut operation.until(Some(end))) {
        Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
        _ => Ok(()),
    }
}

/// Returns whether the send buffer of the socket has room for another message.
#[cfg(target_os = "linux")]
fn has_room(fd: BorrowedFd<'_>) -> bool {
    let mut queued: libc::c_int = 0;
    // SAFETY: TIOCOUTQ, which is SIOCOUTQ, writes one int, which is valid.
    let result = unsafe { libc::ioctl(fd.as_raw_fd(), libc::TIOCOUTQ, &raw mut queued) };
    let size = SockRef::from(&fd).send_buffer_size();
    result == 0 && size.is_ok_and(|size| usize::try_from(queued).is_ok_and(|queued| queued < size))
}

/// Other systems do not report `WouldBlock` for a full receiver.
#[cfg(not(target_os = "linux"))]
fn has_room(_: BorrowedFd<'_>) -> bool {
    false
}

fn is_writable(fd: BorrowedFd<'_>) -> bool {
    is_ready(fd.as_raw_fd(), libc::POLLOUT)
}
