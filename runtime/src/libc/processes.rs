//! `waitpid` and its relations. A child that is named is waited for by a descriptor of it; a helper waits for any child, and
//! for one that stops or continues.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ffi::{c_int, c_uint};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

use libc::{id_t, idtype_t, pid_t, rusage, siginfo_t};

use super::elsewhere::elsewhere;
use super::exports::exports;
use super::real::real;
use super::{errno, gate};
use crate::descriptor::direction::Direction;
use crate::descriptor::ready::{Ended, Interest, Ready, Waiting};
use crate::seam;

exports![wait, waitpid, wait3, wait4, waitid];

real! { PROCESSES:
    fn wait4(child: pid_t, status: *mut c_int, options: c_int, usage: *mut rusage) -> pid_t;
    fn waitid(kind: idtype_t, id: id_t, info: *mut siginfo_t, options: c_int) -> c_int;
}

/// Waits for the end of any child.
///
/// # Safety
///
/// `status` is null or valid for a write.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn wait(status: *mut c_int) -> pid_t {
    // SAFETY: by the caller's contract.
    unsafe { wait4(-1, status, 0, ptr::null_mut()) }
}

/// Waits for a child.
///
/// # Safety
///
/// `status` is null or valid for a write.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn waitpid(child: pid_t, status: *mut c_int, options: c_int) -> pid_t {
    // SAFETY: by the caller's contract.
    unsafe { wait4(child, status, options, ptr::null_mut()) }
}

/// Waits for any child, and says what it has used.
///
/// # Safety
///
/// Both pointers are null or valid for a write.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn wait3(status: *mut c_int, options: c_int, usage: *mut rusage) -> pid_t {
    // SAFETY: by the caller's contract.
    unsafe { wait4(-1, status, options, usage) }
}

/// Waits for a child, and says what it has used.
///
/// # Safety
///
/// Both pointers are null or valid for a write.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C-unwind" fn wait4(
    child: pid_t,
    status: *mut c_int,
    options: c_int,
    usage: *mut rusage,
) -> pid_t {
    // SAFETY: by the caller's contract.
    let own = |options| unsafe { Real::wait4(child, status, options, usage) };
    if !gate::is_open() {
        return own(options);
    }
    let result = own(options | libc::WNOHANG);
    if options & libc::WNOHANG != 0 {
        if result == 0 {
            seam::busy::busy();
        }
        return result;
    }
    if result != 0 {
        return result;
    }
    if child > 0
        && options == 0
        && let Some(process) = descriptor_of(child)
    {
        let at_once = || own(libc::WNOHANG);
        if let Some(result) = wait_on(process.as_raw_fd(), &at_once) {
            return result;
        }
    } else if let Some(result) = elsewhere(seam::libc_io::child, &mut || own(options)) {
        return result;
    }
    own(options)
}

/// Waits for a change of a child.
///
/// # Safety
///
/// `info` is null or valid for a write.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn waitid(
    kind: idtype_t,
    id: id_t,
    info: *mut siginfo_t,
    options: c_int,
) -> c_int {
    // SAFETY: by the caller's contract.
    let own = |info, options| unsafe { Real::waitid(kind, id, info, options) };
    if !gate::is_open() {
        return own(info, options);
    }
    // SAFETY: by the caller's contract.
    unsafe { wait_for_change(kind, id, info, options, &own) }
}

/// [`waitid`], by a call that does the same.
///
/// # Safety
///
/// As for [`waitid`].
pub(super) unsafe fn wait_for_change(
    kind: idtype_t,
    id: id_t,
    info: *mut siginfo_t,
    options: c_int,
    own: &dyn Fn(*mut siginfo_t, c_int) -> c_int,
) -> c_int {
    let zeros = || {
        // SAFETY: it is plain data, for which zeros are valid.
        unsafe { std::mem::zeroed::<siginfo_t>() }
    };
    let found = Cell::new(zeros());
    // The call returns zero, too, if there is nothing to report, and leaves the zeros then.
    let at_once = || {
        let mut now = zeros();
        let result = own(&raw mut now, options | libc::WNOHANG);
        found.set(now);
        // SAFETY: the field is that of a child, which the kernel has written, or zero.
        let child = unsafe { now.si_pid() };
        if result == 0 && child != 0 { 1 } else { result }
    };
    let mut result = at_once();
    if result == 0 && options & libc::WNOHANG != 0 {
        seam::busy::busy();
    } else if result == 0 {
        let only_ends = options & (libc::WSTOPPED | libc::WCONTINUED) == 0;
        let waited = match kind {
            libc::P_PID if only_ends => descriptor_of(id as pid_t)
                .and_then(|process| wait_on(process.as_raw_fd(), &at_once)),
            libc::P_PIDFD if only_ends => wait_on(id as RawFd, &at_once),
            _ => {
                let call = seam::libc_io::child;
                return elsewhere(call, &mut || own(info, options))
                    .unwrap_or_else(|| own(info, options));
            }
        };
        match waited {
            Some(waited) => result = waited,
            None => return own(info, options),
        }
    }
    if result == -1 {
        return -1;
    }
    if !info.is_null() {
        // SAFETY: by the caller's contract.
        unsafe { info.write(found.get()) };
    }
    0
}

/// Waits until a call finds something, as a descriptor of a process says. None if the thread may not wait so.
fn wait_on(process: RawFd, at_once: &dyn Fn() -> c_int) -> Option<c_int> {
    let mut result = 0;
    let mut error = 0;
    let mut attempt = || {
        result = at_once();
        if result == -1 {
            error = errno::get();
        }
        result != 0
    };
    let ended = seam::libc_io::child(&mut Waiting::Ready(Ready {
        interest: Interest::One(process, Direction::Read),
        deadline: None,
        restarts: true,
        attempt: &mut attempt,
    }))?;
    Some(match ended {
        Ended::Done if result == -1 => errno::fail(error),
        Ended::Done => result,
        Ended::Interrupted | Ended::TimedOut => errno::fail(libc::EINTR),
    })
}

/// Returns a descriptor that can be read once a child has ended. The child has not been waited for, so its number has not been
/// reused.
fn descriptor_of(child: pid_t) -> Option<OwnedFd> {
    let flags: c_uint = 0;
    // SAFETY: pidfd_open takes a number and flags.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, child, flags) };
    // SAFETY: the kernel has just created the descriptor, and no other value owns it.
    (fd >= 0).then(|| unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}
