//! The kinds of descriptors that are not always ready.
#![allow(unsafe_code)]

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};

/// The kind of a descriptor that is not always ready: transfers wait for a peer, a user or a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamKind {
    /// A pipe, with or without a name.
    Pipe,
    Socket,
    /// A terminal.
    Terminal,
    /// Another device, or an object such as an `eventfd`, that can be polled.
    Device,
}

impl StreamKind {
    /// Returns the kind of a descriptor; none for a file in storage and for a device that cannot be polled.
    pub(crate) fn of(fd: BorrowedFd<'_>) -> Option<StreamKind> {
        match mode(fd).ok()? & libc::S_IFMT {
            libc::S_IFREG | libc::S_IFDIR | libc::S_IFBLK | libc::S_IFLNK => None,
            libc::S_IFIFO => Some(StreamKind::Pipe),
            libc::S_IFSOCK => Some(StreamKind::Socket),
            // SAFETY: isatty has no preconditions.
            _ if unsafe { libc::isatty(fd.as_raw_fd()) } == 1 => Some(StreamKind::Terminal),
            _ => can_be_polled(fd).then_some(StreamKind::Device),
        }
    }
}

fn mode(fd: BorrowedFd<'_>) -> io::Result<libc::mode_t> {
    let mut status = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: `status` is valid for the write.
    if unsafe { libc::fstat(fd.as_raw_fd(), status.as_mut_ptr()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: `fstat` has succeeded, so it has initialized `status`.
    Ok(unsafe { status.assume_init_ref() }.st_mode)
}

/// Returns whether the OS reports events for a descriptor. epoll rejects one that is always ready.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn can_be_polled(fd: BorrowedFd<'_>) -> bool {
    use std::os::fd::{FromRawFd, OwnedFd};

    // SAFETY: epoll_create1 takes flags.
    let epoll = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
    if epoll == -1 {
        return false;
    }
    // SAFETY: the OS has just created the descriptor, and no other value owns it.
    let epoll = unsafe { OwnedFd::from_raw_fd(epoll) };
    let mut event = libc::epoll_event { events: 0, u64: 0 };
    // SAFETY: both descriptors are open, and the event is valid for a read.
    let added = unsafe {
        libc::epoll_ctl(
            epoll.as_raw_fd(),
            libc::EPOLL_CTL_ADD,
            fd.as_raw_fd(),
            &raw mut event,
        )
    };
    added == 0
}

/// On other systems this is unknown.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn can_be_polled(_: BorrowedFd<'_>) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn a_descriptor_that_is_always_ready_is_no_stream() {
        let kind = |path: &str| StreamKind::of(File::open(path).unwrap().as_fd());
        assert_eq!(kind("/proc/self/stat"), None);
        assert_eq!(kind("/"), None);
        assert_eq!(kind("/dev/null"), None);
        assert_eq!(kind("/dev/zero"), None);
        assert_eq!(kind("/dev/ptmx"), Some(StreamKind::Terminal));
        let (reader, _writer) = io::pipe().unwrap();
        assert_eq!(StreamKind::of(reader.as_fd()), Some(StreamKind::Pipe));
        let (socket, _other) = UnixStream::pair().unwrap();
        assert_eq!(StreamKind::of(socket.as_fd()), Some(StreamKind::Socket));
    }
}
