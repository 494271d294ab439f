//! What Unix knows of processes beyond others: the shape of `std::os::unix::process`.
#![allow(unsafe_code)]

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt as _;

#[doc(no_inline)]
pub use ::std::os::unix::process::*;

use crate::process::Command;

/// What Unix can do with a [`Command`] beyond others.
///
/// # Differences from std
///
/// It is greenpatch's own trait, for greenpatch's `Command` alone.
///
/// # Examples
///
/// ```
/// use greenpatch::os::unix::process::CommandExt;
/// use greenpatch::process::Command;
///
/// let output = Command::new("sh").arg0("shell").args(["-c", "echo $0"]).output()?;
/// assert_eq!(output.stdout, b"shell\n");
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait CommandExt: Sealed {
    /// Sets the user of the child process.
    fn uid(&mut self, id: u32) -> &mut Command;

    /// Sets the group of the child process.
    fn gid(&mut self, id: u32) -> &mut Command;

    /// Has the child process call `f` before it becomes the program.
    ///
    /// No other green thread runs in the child, whatever `f` waits for.
    ///
    /// # Safety
    ///
    /// It runs after a fork, in a process with one thread, where locks that other threads held stay
    /// held: it must do nothing but what is safe in a signal handler.
    unsafe fn pre_exec<F>(&mut self, f: F) -> &mut Command
    where
        F: FnMut() -> io::Result<()> + Send + Sync + 'static;

    /// As [`pre_exec`](CommandExt::pre_exec), from before `unsafe` was asked for.
    ///
    /// # Safety
    ///
    /// As [`pre_exec`](CommandExt::pre_exec).
    #[deprecated(note = "should be unsafe, use `pre_exec` instead")]
    unsafe fn before_exec<F>(&mut self, f: F) -> &mut Command
    where
        F: FnMut() -> io::Result<()> + Send + Sync + 'static,
    {
        // SAFETY: the caller promises the same.
        unsafe { self.pre_exec(f) }
    }

    /// Becomes the program. Returns only if that fails.
    ///
    /// On success all green threads of the process end.
    fn exec(&mut self) -> io::Error;

    /// Sets what the program is told that it is called.
    fn arg0<S>(&mut self, arg: S) -> &mut Command
    where
        S: AsRef<OsStr>;

    /// Sets the process group of the child process; 0 makes one of its own.
    fn process_group(&mut self, pgroup: i32) -> &mut Command;
}

impl CommandExt for Command {
    fn uid(&mut self, id: u32) -> &mut Command {
        self.inner.uid(id);
        self
    }

    fn gid(&mut self, id: u32) -> &mut Command {
        self.inner.gid(id);
        self
    }

    unsafe fn pre_exec<F>(&mut self, f: F) -> &mut Command
    where
        F: FnMut() -> io::Result<()> + Send + Sync + 'static,
    {
        // SAFETY: the caller promises the same.
        unsafe { self.inner.pre_exec(f) };
        self
    }

    fn exec(&mut self) -> io::Error {
        self.inner.exec()
    }

    fn arg0<S>(&mut self, arg: S) -> &mut Command
    where
        S: AsRef<OsStr>,
    {
        self.inner.arg0(arg);
        self
    }

    fn process_group(&mut self, pgroup: i32) -> &mut Command {
        self.inner.process_group(pgroup);
        self
    }
}

use sealed::Sealed;

mod sealed {
    /// Implemented for `Command` alone.
    pub trait Sealed {}

    impl Sealed for crate::process::Command {}
}
