//! The same functions by the numbers of their system calls.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_long};
use std::ptr::{with_exposed_provenance as at, with_exposed_provenance_mut as at_mut};

use super::{connections, events, messages, polling, processes, sleeping, streams};
use super::{errno, locks};

/// Makes a system call that may wait as the function of libc does that makes it. None for all others, and for those with
/// a signal mask.
///
/// # Safety
///
/// That of the system call.
#[cold]
pub(super) unsafe fn call(number: c_long, arguments: [usize; 6]) -> Option<c_long> {
    let [a, b, c, d, e, f] = arguments;
    let fd = a as c_int;
    // SAFETY: each function asks for what its system call does, by the caller's contract.
    Some(match number {
        // SAFETY: as above.
        libc::SYS_read => unsafe { streams::read(fd, at_mut(b), c) as c_long },
        // SAFETY: as above.
        libc::SYS_readv => unsafe { streams::readv(fd, at(b), c as c_int) as c_long },
        // SAFETY: as above.
        libc::SYS_write => unsafe { streams::write(fd, at(b), c) as c_long },
        // SAFETY: as above.
        libc::SYS_writev => unsafe { streams::writev(fd, at(b), c as c_int) as c_long },
        // SAFETY: as above.
        libc::SYS_recvfrom => unsafe {
            messages::recvfrom(fd, at_mut(b), c, d as c_int, at_mut(e), at_mut(f)) as c_long
        },
        // SAFETY: as above.
        libc::SYS_recvmsg => unsafe { messages::recvmsg(fd, at_mut(b), c as c_int) as c_long },
        // SAFETY: as above.
        libc::SYS_recvmmsg => unsafe {
            messages::recvmmsg(fd, at_mut(b), c as _, d as c_int, at_mut(e)).into()
        },
        // SAFETY: as above.
        libc::SYS_sendto => unsafe {
            messages::sendto(fd, at(b), c, d as c_int, at(e), f as _) as c_long
        },
        // SAFETY: as above.
        libc::SYS_sendmsg => unsafe { messages::sendmsg(fd, at(b), c as c_int) as c_long },
        // SAFETY: as above.
        libc::SYS_sendmmsg => unsafe {
            messages::sendmmsg(fd, at_mut(b), c as _, d as c_int).into()
        },
        // SAFETY: as above.
        libc::SYS_accept => unsafe { connections::accept(fd, at_mut(b), at_mut(c)).into() },
        // SAFETY: as above.
        libc::SYS_accept4 => unsafe {
            connections::accept4(fd, at_mut(b), at_mut(c), d as c_int).into()
        },
        // SAFETY: as above.
        libc::SYS_connect => unsafe { connections::connect(fd, at(b), c as _).into() },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        libc::SYS_poll => unsafe { polling::poll(at_mut(a), b as _, c as c_int).into() },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        libc::SYS_epoll_wait => unsafe {
            events::epoll_wait(fd, at_mut(b), c as c_int, d as c_int).into()
        },
        // SAFETY: as above.
        libc::SYS_epoll_pwait if e == 0 => unsafe {
            events::epoll_wait(fd, at_mut(b), c as c_int, d as c_int).into()
        },
        // SAFETY: as above.
        libc::SYS_nanosleep => unsafe { sleeping::nanosleep(at(a), at_mut(b)).into() },
        libc::SYS_clock_nanosleep => {
            // SAFETY: as above.
            match unsafe { sleeping::clock_nanosleep(fd, b as c_int, at(c), at_mut(d)) } {
                0 => 0,
                error => errno::fail(error).into(),
            }
        }
        // SAFETY: as above.
        libc::SYS_wait4 => unsafe {
            processes::wait4(a as _, at_mut(b), c as c_int, at_mut(d)).into()
        },
        libc::SYS_flock => locks::flock(fd, b as c_int).into(),
        _ => return None,
    })
}
