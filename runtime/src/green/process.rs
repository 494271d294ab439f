//! Waiting for child processes, through descriptors that Linux makes for them.
#![allow(unsafe_code)]

use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, BorrowedFd};
use std::process::{Child, ExitStatus};

use super::io as green_io;
use crate::boundary;
use crate::descriptor::direction::{Direction, Manner};
use crate::descriptor::operation::{Operation, Size};
use crate::descriptor::poll;
use crate::descriptor::watch::Watched;
use crate::hub::{self, Hub};
use crate::seam::offload;
use crate::seam::process as seam;

pub(super) fn wait(child: &mut Child) -> io::Result<ExitStatus> {
    let Some(hub) = hub::switching() else {
        return seam::wait__original(child);
    };
    let _inside = boundary::enter();
    if let Some(status) = child.try_wait()? {
        return Ok(status);
    }
    match os::of_process(child.id()) {
        Ok(descriptor) => {
            let attempt = &mut |manner| match manner {
                Manner::Block => child.wait(),
                Manner::Try => child.try_wait()?.ok_or(ErrorKind::WouldBlock.into()),
            };
            wait_on(hub, &descriptor, attempt)
        }
        // The kernel does not support it, or has no descriptor left.
        Err(_) => offload::run(offload::child, || child.wait()),
    }
}

pub(super) fn wait_either(either: [BorrowedFd<'_>; 2]) -> io::Result<[bool; 2]> {
    let Some(hub) = hub::switching() else {
        return seam::wait_either__original(either);
    };
    let _inside = boundary::enter();
    let ready = poll::readable(either, false)?;
    if ready != [false, false] {
        return Ok(ready);
    }
    match os::of_either(either) {
        Ok(descriptor) => wait_on(hub, &descriptor, &mut |manner| match poll::readable(
            either,
            manner == Manner::Block,
        )? {
            [false, false] => Err(ErrorKind::WouldBlock.into()),
            ready => Ok(ready),
        }),
        Err(_) => offload::run(offload::child, || poll::readable(either, true)),
    }
}

/// Waits on `descriptor` until `attempt` succeeds, and returns its result.
fn wait_on<R>(
    hub: &'static Hub,
    descriptor: &Watched<impl AsFd>,
    attempt: &mut dyn FnMut(Manner) -> io::Result<R>,
) -> io::Result<R> {
    let mut found = None;
    let mut attempt = |manner, _| {
        found = Some(attempt(manner)?);
        Ok(0)
    };
    green_io::perform(
        hub,
        &mut Operation::new(
            descriptor.as_fd(),
            descriptor.watch(),
            Direction::Read,
            Size::Unknown,
            &mut attempt,
        ),
    )?;
    Ok(found.expect("an operation succeeds by an attempt that does"))
}

#[cfg(target_os = "linux")]
mod os {
    use std::io;
    use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

    use crate::descriptor::watch::Watched;

    /// Returns a descriptor that can be read once the process has ended. The process is a child that has not been waited
    /// for, so its number has not been reused.
    pub(super) fn of_process(id: u32) -> io::Result<Watched<OwnedFd>> {
        // SAFETY: pidfd_open takes a number and flags.
        let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, id, 0) };
        own(fd as RawFd)
    }

    /// Returns a descriptor that can be read when one of two can.
    pub(super) fn of_either(either: [BorrowedFd<'_>; 2]) -> io::Result<Watched<OwnedFd>> {
        // SAFETY: epoll_create1 takes flags.
        let epoll = own(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
        for fd in either {
            let mut event = libc::epoll_event {
                events: libc::EPOLLIN as u32,
                u64: 0,
            };
            // SAFETY: both descriptors are open, and the event is valid for a read.
            let added = unsafe {
                libc::epoll_ctl(
                    epoll.as_raw_fd(),
                    libc::EPOLL_CTL_ADD,
                    fd.as_raw_fd(),
                    &raw mut event,
                )
            };
            if added == -1 {
                return Err(io::Error::last_os_error());
            }
        }
        Ok(epoll)
    }

    fn own(fd: RawFd) -> io::Result<Watched<OwnedFd>> {
        if fd == -1 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the OS has just created the descriptor, and no other value owns it.
        Ok(Watched::fresh(unsafe { OwnedFd::from_raw_fd(fd) }))
    }
}

/// Other systems have no such descriptors.
#[cfg(not(target_os = "linux"))]
mod os {
    use std::io;
    use std::os::fd::{BorrowedFd, OwnedFd};

    use crate::descriptor::watch::Watched;

    pub(super) fn of_process(_: u32) -> io::Result<Watched<OwnedFd>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn of_either(_: [BorrowedFd<'_>; 2]) -> io::Result<Watched<OwnedFd>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
