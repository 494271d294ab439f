//! What the OS tells of the threads of the process. On systems without `/proc` it is nothing.
#![allow(unsafe_code)]

use std::fs;
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;

/// Returns the numbers of the OS threads of the process.
pub(super) fn threads() -> Option<Vec<u64>> {
    let tasks = fs::read_dir("/proc/self/task").ok()?;
    let number = |task: fs::DirEntry| task.file_name().to_str()?.parse().ok();
    tasks.map(|task| number(task.ok()?)).collect()
}

/// Returns the name of an OS thread.
pub(super) fn name(thread: u64) -> Option<String> {
    let name = fs::read_to_string(format!("/proc/self/task/{thread}/comm")).ok()?;
    Some(name.trim_end().to_owned())
}

/// Returns the number of the system call that an OS thread is in.
pub(super) fn system_call(thread: u64) -> Option<u64> {
    let call = fs::read_to_string(format!("/proc/self/task/{thread}/syscall")).ok()?;
    call.split(' ').next()?.parse().ok()
}

/// Returns the address of the peer of a socket.
pub(super) fn peer(fd: i32) -> Option<SocketAddr> {
    // SAFETY: the descriptor is borrowed for one call, which refuses what is no socket; should it have been closed and
    // opened anew meanwhile, the peer of the new one is returned.
    let fd = unsafe { BorrowedFd::borrow_raw(fd) };
    socket2::SockRef::from(&fd).peer_addr().ok()?.as_socket()
}

/// Returns the bounds of the stack of this OS thread.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn stack() -> Option<(usize, usize)> {
    use std::mem::MaybeUninit;

    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    // SAFETY: `attributes` is valid for the write.
    if unsafe { libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) } != 0 {
        return None;
    }
    let (mut lowest, mut size) = (std::ptr::null_mut(), 0);
    // SAFETY: the call before has written the attributes, and the places are valid for the writes.
    let result =
        unsafe { libc::pthread_attr_getstack(attributes.as_ptr(), &raw mut lowest, &raw mut size) };
    // SAFETY: they were written, and are used no more.
    unsafe { libc::pthread_attr_destroy(attributes.as_mut_ptr()) };
    (result == 0).then(|| (lowest.addr(), lowest.addr() + size))
}

/// This system has no such call.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn stack() -> Option<(usize, usize)> {
    None
}

/// Signals raised by a fault of the thread itself.
const FAULTS: [libc::c_int; 6] = [
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGILL,
    libc::SIGFPE,
    libc::SIGTRAP,
    libc::SIGSYS,
];

/// Returns whether a signal other than a fault has a handler, which may do anything.
pub(super) fn has_signal_handler() -> bool {
    let has_handler = |signal| {
        // SAFETY: `sigaction` is plain data, for which zeroes are valid.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        // SAFETY: `action` is valid for a write; without a new action none is changed.
        let result = unsafe { libc::sigaction(signal, std::ptr::null(), &raw mut action) };
        result == 0 && action.sa_sigaction != libc::SIG_DFL && action.sa_sigaction != libc::SIG_IGN
    };
    (1..=64).any(|signal| !FAULTS.contains(&signal) && has_handler(signal))
}
