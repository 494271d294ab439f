//! A dump on a signal, for a process that is stuck.
//!
//! The signal's handler writes a byte to a pipe, and an OS thread that reads it writes the dump to the standard error.
//!
//! Invariant:
//! 1. What runs in the handler is async-signal-safe: it reads atomics, and calls `getpid` and `write`.
#![allow(unsafe_code)]

use std::env;
use std::error::Error;
use std::fs::File;
use std::io::{self, Read};
use std::mem;
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd};
use std::ptr;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;

use super::gather::DumpOptions;
use super::{os, standard_error};

/// The variable that decides, whatever the program says.
const VARIABLE: &str = "GREENPATCH_DUMP";

/// The end of the pipe that the handler writes to.
static PIPE: AtomicI32 = AtomicI32::new(-1);
/// The process whose OS thread reads from the pipe. A child of a fork has the same pipe, and no such thread.
static PROCESS: AtomicI32 = AtomicI32::new(0);

/// Has a signal write a dump, if the environment, or else the program, asks for it.
///
/// # Errors
///
/// If the variable has a value without a meaning, the signal has a handler, or the OS has no thread or descriptor.
pub(crate) fn dump_on(signal: Option<i32>) -> Result<(), Box<dyn Error + Send + Sync>> {
    static DONE: Mutex<Vec<i32>> = Mutex::new(Vec::new());

    let signal = match env::var(VARIABLE) {
        Ok(name) => Some(parse(&name).ok_or_else(|| {
            format!("{VARIABLE} is {name:?}; it can be SIGQUIT, SIGUSR1 or SIGUSR2")
        })?),
        Err(_) => signal,
    };
    let Some(signal) = signal else {
        return Ok(());
    };
    let mut done = DONE.lock().unwrap_or_else(PoisonError::into_inner);
    if !done.contains(&signal) {
        start_thread()?;
        install(signal)?;
        done.push(signal);
    }
    Ok(())
}

fn parse(name: &str) -> Option<i32> {
    Some(match name {
        "SIGQUIT" => libc::SIGQUIT,
        "SIGUSR1" => libc::SIGUSR1,
        "SIGUSR2" => libc::SIGUSR2,
        _ => return None,
    })
}

/// Starts the OS thread that writes dumps, unless this process has it.
fn start_thread() -> io::Result<()> {
    // SAFETY: getpid has no preconditions.
    let process = unsafe { libc::getpid() };
    if PROCESS.load(Ordering::Relaxed) == process {
        return Ok(());
    }
    let (reader, writer) = pipe()?;
    let builder = thread::Builder::new().name("greenpatch-dump".into());
    builder.spawn(move || {
        os::add_own_thread();
        let mut reader = File::from(reader);
        while reader.read_exact(&mut [0]).is_ok() {
            standard_error::write(&DumpOptions::of_the_environment().dump());
        }
    })?;
    PIPE.store(writer.into_raw_fd(), Ordering::Relaxed);
    PROCESS.store(process, Ordering::Release);
    Ok(())
}

/// Makes a pipe whose second end does not block.
fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends = [0; 2];
    // SAFETY: `ends` is valid for the write.
    if unsafe { libc::pipe(ends.as_mut_ptr()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call has succeeded, so they are descriptors of which nothing else knows.
    let [reader, writer] = ends.map(|end| unsafe { OwnedFd::from_raw_fd(end) });
    for end in [&reader, &writer] {
        // SAFETY: it is a descriptor; the flag concerns `exec` alone.
        unsafe { libc::fcntl(end.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC) };
    }
    // SAFETY: as above; the pipe is not shared.
    unsafe { libc::fcntl(writer.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
    Ok((reader, writer))
}

fn install(signal: i32) -> Result<(), Box<dyn Error + Send + Sync>> {
    // SAFETY: `sigaction` is plain data, for which zeroes are valid.
    let mut action: libc::sigaction = unsafe { mem::zeroed() };
    // SAFETY: `action` is valid for a write; without a new action none is changed.
    if unsafe { libc::sigaction(signal, ptr::null(), &raw mut action) } != 0 {
        return Err(io::Error::last_os_error().into());
    }
    if ![libc::SIG_DFL, libc::SIG_IGN].contains(&action.sa_sigaction) {
        return Err(
            format!("signal {signal}, which is to write a dump, has a handler already").into(),
        );
    }
    action.sa_sigaction = handle as *const () as libc::sighandler_t;
    action.sa_flags = libc::SA_RESTART | libc::SA_ONSTACK;
    os::add_own_handler(signal, action.sa_sigaction);
    // SAFETY: by invariant 1 the handler may run at any time.
    if unsafe { libc::sigaction(signal, &raw const action, ptr::null_mut()) } != 0 {
        return Err(io::Error::last_os_error().into());
    }
    Ok(())
}

extern "C" fn handle(_: libc::c_int) {
    // SAFETY: getpid has no preconditions.
    if unsafe { libc::getpid() } != PROCESS.load(Ordering::Acquire) {
        return;
    }
    let byte = 0_u8;
    let errno = errno();
    // SAFETY: the errno of the OS thread may be read at any time.
    let before = unsafe { *errno };
    // SAFETY: the byte is readable. A full pipe means that dumps are to be written already.
    unsafe { libc::write(PIPE.load(Ordering::Relaxed), (&raw const byte).cast(), 1) };
    // SAFETY: as above.
    unsafe { *errno = before };
}

#[cfg(any(target_os = "linux", target_os = "redox"))]
fn errno() -> *mut libc::c_int {
    // SAFETY: it has no preconditions.
    unsafe { libc::__errno_location() }
}

#[cfg(any(target_vendor = "apple", target_os = "freebsd"))]
fn errno() -> *mut libc::c_int {
    // SAFETY: it has no preconditions.
    unsafe { libc::__error() }
}

#[cfg(any(target_os = "android", target_os = "netbsd", target_os = "openbsd"))]
fn errno() -> *mut libc::c_int {
    // SAFETY: it has no preconditions.
    unsafe { libc::__errno() }
}
