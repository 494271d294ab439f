//! Connecting a Unix-domain stream. The OS does not report its completion as an event.
#![forbid(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{SocketAddr, UnixStream as StdUnixStream};

use socket2::{Domain, SockAddr, SockRef, Socket, Type};

use super::address;
use crate::descriptor::direction::{Direction, Manner};
use crate::descriptor::operation::{Operation, Size};
use crate::descriptor::watch::Watched;
use crate::seam::net::perform;
use crate::seam::offload;

/// Connects to an address. Blocks while the queue of the listener is full, as in std. A green thread waits on a helper
/// thread then, since no descriptor becomes ready.
pub(super) fn connect(to: &SocketAddr) -> io::Result<Watched<StdUnixStream>> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    let stream = Watched::fresh(StdUnixStream::from(OwnedFd::from(socket)));
    let address = address::to_os(to)?;
    let mut is_full = false;
    let mut attempt = |manner, _| {
        let socket = SockRef::from(stream.inner());
        if manner == Manner::Block {
            return socket.connect(&address).map(|()| 0);
        }
        match try_connect(&socket, &address) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                is_full = true;
                Ok(0)
            }
            result => result.map(|()| 0),
        }
    };
    let (fd, watch) = (stream.as_fd(), stream.watch());
    let (direction, size) = (Direction::Write, Size::Unknown);
    perform(&mut Operation::new(
        fd,
        watch,
        direction,
        size,
        &mut attempt,
    ))?;
    if is_full {
        offload::run(offload::socket, || {
            SockRef::from(stream.inner()).connect(&address)
        })?;
    }
    Ok(stream)
}

fn try_connect(socket: &SockRef<'_>, address: &SockAddr) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    let result = socket.connect(address);
    socket.set_nonblocking(false)?;
    result
}
