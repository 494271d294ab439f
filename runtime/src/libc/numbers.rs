//! The same functions by the numbers of their system calls.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_long};
use std::ptr::{self, with_exposed_provenance as at, with_exposed_provenance_mut as at_mut};

use super::kernel_mask::{Mask, telling_what_is_left};
use super::{connections, events, messages, polling, processes, sleeping, streams, yielding};
use super::{errno, locks};
use crate::seam;
use crate::seam::offload::Call;
use crate::wait::system_call::system_call;

/// Makes a system call that may wait as the function of libc does that makes it. None for all others.
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
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        libc::SYS_select => unsafe {
            polling::select(fd, at_mut(b), at_mut(c), at_mut(d), at_mut(e)).into()
        },
        libc::SYS_ppoll => {
            // SAFETY: as above.
            let mask = unsafe { Mask::read(at(d), e) }?;
            // SAFETY: as above.
            let call = || unsafe { polling::ppoll(at_mut(a), b as _, at(c), mask.as_ptr()).into() };
            // SAFETY: as above.
            unsafe { telling_what_is_left(at_mut(c), call) }
        }
        libc::SYS_pselect6 => {
            // SAFETY: as above.
            let mask = unsafe { mask_of_pselect6(at(f)) }?;
            // SAFETY: as above.
            let call = || unsafe {
                let [read, write, except] = [b, c, d].map(at_mut);
                polling::pselect(fd, read, write, except, at(e), mask.as_ptr()).into()
            };
            // SAFETY: as above.
            unsafe { telling_what_is_left(at_mut(e), call) }
        }
        libc::SYS_epoll_pwait => {
            // SAFETY: as above.
            let mask = unsafe { Mask::read(at(e), f) }?;
            // SAFETY: as above.
            unsafe {
                events::epoll_pwait(fd, at_mut(b), c as c_int, d as c_int, mask.as_ptr()).into()
            }
        }
        libc::SYS_epoll_pwait2 => {
            // SAFETY: as above.
            let mask = unsafe { Mask::read(at(e), f) }?;
            // SAFETY: as above.
            unsafe { events::epoll_pwait2(fd, at_mut(b), c as c_int, at(d), mask.as_ptr()).into() }
        }
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
        libc::SYS_waitid => {
            let own = |info: *mut libc::siginfo_t, options: c_int| {
                let info = info.expose_provenance();
                // SAFETY: as above.
                let result = unsafe { system_call(number, [a, b, info, options as usize, e, 0]) };
                errno::of_system_call(result) as c_int
            };
            let (kind, id) = (a as libc::idtype_t, b as libc::id_t);
            // SAFETY: as above.
            unsafe { processes::wait_for_change(kind, id, at_mut(c), d as c_int, &own).into() }
        }
        libc::SYS_flock => locks::flock(fd, b as c_int).into(),
        libc::SYS_fcntl if matches!(b as c_int, libc::F_SETLKW | libc::F_OFD_SETLKW) => {
            // SAFETY: as above.
            unsafe { locks::fcntl(fd, b as c_int, c).into() }
        }
        libc::SYS_futex_waitv => return wait_for_several(arguments),
        libc::SYS_sched_yield => yielding::sched_yield().into(),
        _ => return None,
    })
}

/// Has a helper wait for one of several futexes. Wakes serve what waits in the kernel, too.
fn wait_for_several(arguments: [usize; 6]) -> Option<c_long> {
    let mut result = 0;
    let mut call = || {
        // SAFETY: the caller of `call` has promised it.
        result = unsafe { system_call(libc::SYS_futex_waitv, arguments) };
    };
    seam::libc::futex_elsewhere(Call::new(&mut call)).then(|| errno::of_system_call(result))
}

/// Reads the last argument of `pselect6`: null, or a pointer to the address and the size of a mask. None as of [`Mask::read`].
///
/// # Safety
///
/// The argument is what the system call takes.
unsafe fn mask_of_pselect6(argument: *const [usize; 2]) -> Option<Mask> {
    if argument.is_null() {
        // SAFETY: there is no mask.
        return unsafe { Mask::read(ptr::null(), 0) };
    }
    // SAFETY: by the caller's contract.
    let [mask, size] = unsafe { argument.read() };
    // SAFETY: as above.
    unsafe { Mask::read(at(mask), size) }
}
