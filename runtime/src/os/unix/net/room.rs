//! Sending a message to a socket of the Unix domain that is not connected to it, and may be full.
//!
//! The OS says that such a send would block, and that the sender can be written to, both: what is full is the
//! receiver, and no event of the sender's tells when it is not. A socket of its own that is connected to the receiver is
//! told, so one is made for as long as a thread waits:
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

/// How long the first wait without a probe lasts, and the longest.
const PAUSES: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(50)];

/// Sends one message to an address, with `block` where that blocks.
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
            // A time that the clock cannot say is never.
            Instant::now().checked_add(timeout)
        });
        match probe(address) {
            Ok(probe) => wait(&probe, deadline)?,
            // The next attempt says what has become of the receiver; or no descriptor is left, and then it is
            // tried now and then.
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

/// A socket that is ready for writing when the receiver has room.
fn probe(address: &SockAddr) -> io::Result<Watched<StdUnixDatagram>> {
    let probe = StdUnixDatagram::unbound()?;
    SockRef::from(&probe).connect(address)?;
    Ok(Watched::fresh(probe))
}

/// Waits until the receiver has room, or until the deadline, which is an error.
fn wait(probe: &Watched<StdUnixDatagram>, deadline: Option<Instant>) -> io::Result<()> {
    let fd = probe.as_fd();
    // By asking, the probe also enters the queue of those that the receiver tells.
    let mut ask = |_, _| match is_writable(fd) {
        true => Ok(0),
        false => Err(ErrorKind::WouldBlock.into()),
    };
    let (direction, size) = (Direction::Write, Size::Unknown);
    let operation = Operation::new(fd, probe.watch(), direction, size, &mut ask);
    perform(&mut operation.of_kind(Kind::Transfer).until(deadline)).map(drop)
}

/// Lets others run until then.
fn rest(socket: &Watched<StdUnixDatagram>, end: Instant) -> io::Result<()> {
    // For writing, which is tried without asking: that it was in vain here keeps no event from anything else.
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

/// Whether the OS would take another message of this socket's, as far as it alone goes.
#[cfg(target_os = "linux")]
fn has_room(fd: BorrowedFd<'_>) -> bool {
    let mut queued: libc::c_int = 0;
    // SAFETY: TIOCOUTQ, which is SIOCOUTQ, writes one int, which is valid.
    let result = unsafe { libc::ioctl(fd.as_raw_fd(), libc::TIOCOUTQ, &raw mut queued) };
    let size = SockRef::from(&fd).send_buffer_size();
    result == 0 && size.is_ok_and(|size| usize::try_from(queued).is_ok_and(|queued| queued < size))
}

/// Other systems do not say `WouldBlock` for a receiver that is full.
#[cfg(not(target_os = "linux"))]
fn has_room(_: BorrowedFd<'_>) -> bool {
    false
}

fn is_writable(fd: BorrowedFd<'_>) -> bool {
    is_ready(fd.as_raw_fd(), libc::POLLOUT)
}
