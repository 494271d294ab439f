//! A timer that the next poll reports once it has expired.
//!
//! It is a descriptor that the reactor polls like any other, so no sleep needs a timeout for it.
#![allow(unsafe_code)]

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) use linux::Reminder;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) use none::Reminder;

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux {
    use std::io;
    use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
    use std::time::Duration;

    use mio::unix::SourceFd;
    use mio::{Interest, Registry, Token};

    #[derive(Debug)]
    pub(in super::super) struct Reminder(OwnedFd);

    impl Reminder {
        pub(in super::super) fn new(registry: &Registry, token: Token) -> io::Result<Self> {
            let flags = libc::TFD_NONBLOCK | libc::TFD_CLOEXEC;
            // SAFETY: timerfd_create takes a clock and flags.
            let fd = unsafe { libc::timerfd_create(libc::CLOCK_MONOTONIC, flags) };
            if fd == -1 {
                return Err(io::Error::last_os_error());
            }
            // SAFETY: the descriptor is new and has no other owner.
            let fd = unsafe { OwnedFd::from_raw_fd(fd) };
            registry.register(&mut SourceFd(&fd.as_raw_fd()), token, Interest::READABLE)?;
            Ok(Reminder(fd))
        }

        pub(in super::super) fn set(&self, after: Duration) -> io::Result<()> {
            let zero = libc::timespec {
                tv_sec: 0,
                tv_nsec: 0,
            };
            let mut value = zero;
            value.tv_sec = after.as_secs().min(i32::MAX as u64) as _;
            value.tv_nsec = after.subsec_nanos() as _;
            let time = libc::itimerspec {
                it_interval: zero,
                it_value: value,
            };
            // SAFETY: `time` is valid for the read, and the old time is not requested.
            let result = unsafe {
                libc::timerfd_settime(self.0.as_raw_fd(), 0, &raw const time, std::ptr::null_mut())
            };
            match result {
                -1 => Err(io::Error::last_os_error()),
                _ => Ok(()),
            }
        }
    }
}

/// Other systems have no timers as descriptors.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod none {
    use std::io;
    use std::time::Duration;

    use mio::{Registry, Token};

    #[derive(Debug)]
    pub(in super::super) struct Reminder;

    impl Reminder {
        pub(in super::super) fn new(_: &Registry, _: Token) -> io::Result<Self> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub(in super::super) fn set(&self, _: Duration) -> io::Result<()> {
            Ok(())
        }
    }
}
