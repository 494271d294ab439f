//! What the OS tells of the threads of the process. On systems without `/proc` it is nothing.
#![allow(unsafe_code)]

use std::fmt;
use std::fs;
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::thread_state::os_thread::native_thread_id;

/// Returns the numbers of the OS threads of the process.
pub(super) fn threads() -> Option<Vec<u64>> {
    let tasks = fs::read_dir("/proc/self/task").ok()?;
    let number = |task: fs::DirEntry| task.file_name().to_str()?.parse().ok();
    tasks.map(|task| number(task.ok()?)).collect()
}

/// The OS threads that only look at others, or zeroes. There is no lock, which the child of a fork could find held by an OS thread
/// that it does not have; nor is there for the handlers.
static OWN: [AtomicU64; 32] = [const { AtomicU64::new(0) }; 32];

/// The handlers that wake no thread, each at the place of its signal, or zeroes.
static OWN_HANDLERS: [AtomicUsize; 65] = [const { AtomicUsize::new(0) }; 65];

/// Notes that the handler of a signal wakes no thread.
pub(super) fn add_own_handler(signal: libc::c_int, handler: libc::sighandler_t) {
    if let Some(place) = usize::try_from(signal)
        .ok()
        .and_then(|at| OWN_HANDLERS.get(at))
    {
        place.store(handler, Ordering::Relaxed);
    }
}

/// Notes that the current OS thread only looks at others.
pub(super) fn add_own_thread() {
    let this = native_thread_id();
    let add = || {
        let takes = |place: &AtomicU64| {
            (place.compare_exchange(0, this, Ordering::Relaxed, Ordering::Relaxed)).is_ok()
        };
        OWN.iter().any(takes)
    };
    if add() {
        return;
    }
    // There are some that have ended, or that the parent of a fork has. If there are none, this thread is taken to do more.
    let alive = threads().unwrap_or_default();
    for place in &OWN {
        let thread = place.load(Ordering::Relaxed);
        if !alive.contains(&thread) {
            let _ = place.compare_exchange(thread, 0, Ordering::Relaxed, Ordering::Relaxed);
        }
    }
    add();
}

/// Calls `f`, which may wake threads: a subscriber or a logger. Meanwhile the current OS thread does more than look at others.
pub(super) fn working<R>(f: impl FnOnce() -> R) -> R {
    struct Working;
    impl Drop for Working {
        fn drop(&mut self) {
            add_own_thread();
        }
    }
    let this = native_thread_id();
    for place in &OWN {
        let _ = place.compare_exchange(this, 0, Ordering::SeqCst, Ordering::Relaxed);
    }
    let _working = Working;
    f()
}

/// Returns the numbers of the OS threads that do more than look at others.
pub(super) fn working_threads() -> Option<Vec<u64>> {
    let mut threads = threads()?;
    let is_own = |thread: &u64| OWN.iter().any(|own| own.load(Ordering::SeqCst) == *thread);
    threads.retain(|thread| !is_own(thread));
    Some(threads)
}

/// Returns the path with the number of the process in place of `%p`, so that programs which start others have a file
/// each.
pub(super) fn with_process(path: &Path) -> PathBuf {
    match path.to_str() {
        Some(text) => text.replace("%p", &process::id().to_string()).into(),
        None => path.to_owned(),
    }
}

/// Returns the name of an OS thread.
pub(super) fn name(thread: u64) -> Option<String> {
    let name = fs::read(format!("/proc/self/task/{thread}/comm")).ok()?;
    // It may be cut off in the middle of a character.
    Some(String::from_utf8_lossy(&name).trim_end().to_owned())
}

/// Returns the areas of memory of the process that can be written: where each begins and ends.
pub(super) fn areas() -> Vec<(usize, usize)> {
    let area = |line: &str| {
        let (bounds, rest) = line.split_once(' ')?;
        let (start, end) = bounds.split_once('-')?;
        let [start, end] = [start, end].map(|end| usize::from_str_radix(end, 16));
        rest.starts_with("rw").then_some((start.ok()?, end.ok()?))
    };
    let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
    maps.lines().filter_map(area).collect()
}

/// Returns the number of the system call that an OS thread is in.
pub(super) fn system_call(thread: u64) -> Option<u64> {
    let call = fs::read_to_string(format!("/proc/self/task/{thread}/syscall")).ok()?;
    call.split(' ').next()?.parse().ok()
}

/// A system call by its number, with its name if it is one that blocks often.
pub(super) struct SystemCall(pub(super) u64);

impl fmt::Display for SystemCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "system call {}", self.0)?;
        match name_of_call(self.0) {
            Some(name) => write!(f, " ({name})"),
            None => Ok(()),
        }
    }
}

#[cfg(target_os = "linux")]
pub(super) fn name_of_call(number: u64) -> Option<&'static str> {
    const NAMES: &[(libc::c_long, &str)] = &[
        (libc::SYS_read, "read"),
        (libc::SYS_write, "write"),
        (libc::SYS_readv, "readv"),
        (libc::SYS_writev, "writev"),
        (libc::SYS_ppoll, "ppoll"),
        (libc::SYS_pselect6, "pselect6"),
        (libc::SYS_epoll_pwait, "epoll_pwait"),
        (libc::SYS_nanosleep, "nanosleep"),
        (libc::SYS_clock_nanosleep, "clock_nanosleep"),
        (libc::SYS_futex, "futex"),
        (libc::SYS_wait4, "wait4"),
        (libc::SYS_waitid, "waitid"),
        (libc::SYS_connect, "connect"),
        (libc::SYS_accept4, "accept4"),
        (libc::SYS_recvfrom, "recvfrom"),
        (libc::SYS_recvmsg, "recvmsg"),
        (libc::SYS_sendto, "sendto"),
        (libc::SYS_sendmsg, "sendmsg"),
        (libc::SYS_openat, "openat"),
        (libc::SYS_flock, "flock"),
        (libc::SYS_fcntl, "fcntl"),
        (libc::SYS_fsync, "fsync"),
    ];
    let is_it = |(known, _): &&(libc::c_long, &str)| *known as u64 == number;
    NAMES.iter().find(is_it).map(|(_, name)| *name)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn name_of_call(_: u64) -> Option<&'static str> {
    None
}

/// Returns the address of the peer of a socket.
pub(super) fn peer(fd: i32) -> Option<SocketAddr> {
    // SAFETY: the descriptor is borrowed for one call, which refuses what is no socket; should it have been closed and
    // opened anew meanwhile, the peer of the new one is returned.
    let fd = unsafe { BorrowedFd::borrow_raw(fd) };
    socket2::SockRef::from(&fd).peer_addr().ok()?.as_socket()
}

/// Returns how many bytes lie between the lowest page that has memory and the end, of a stack that begins with its guard page.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn in_memory(guard: usize, end: usize) -> Option<usize> {
    // SAFETY: sysconf has no preconditions.
    let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).ok()?;
    let start = guard.checked_add(page)?;
    let mut pages = vec![0_u8; end.checked_sub(start)?.div_ceil(page)];
    let address = std::ptr::without_provenance_mut(start);
    // SAFETY: the call reads no memory of the stack, and `pages` has a byte for each page.
    let result = unsafe { libc::mincore(address, pages.len() * page, pages.as_mut_ptr()) };
    if result != 0 {
        return None;
    }
    let lowest = pages.iter().position(|page| page & 1 != 0)?;
    Some(end - (start + lowest * page))
}

/// This system has no such call, or it does not tell that.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn in_memory(_: usize, _: usize) -> Option<usize> {
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

/// Returns whether a signal other than a fault has a handler of the program's, which may do anything.
pub(super) fn has_signal_handler() -> bool {
    let has_handler = |signal| {
        // SAFETY: `sigaction` is plain data, for which zeroes are valid.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        // SAFETY: `action` is valid for a write; without a new action none is changed.
        let result = unsafe { libc::sigaction(signal, std::ptr::null(), &raw mut action) };
        let handler = action.sa_sigaction;
        result == 0
            && handler != libc::SIG_DFL
            && handler != libc::SIG_IGN
            && OWN_HANDLERS[signal as usize].load(Ordering::Relaxed) != handler
    };
    (1..=64).any(|signal| !FAULTS.contains(&signal) && has_handler(signal))
}
