//! Functionality of processes that is specific to Unix, with the API of [`std::os::unix::process`].
//!
//! Items that are not listed here are re-exported from std. Every item behaves as std's, unless a section *Differences
//! from std* says otherwise.
#![allow(unsafe_code)]

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt as _;

#[doc(no_inline)]
pub use ::std::os::unix::process::*;

use crate::process::Command;

/// Unix-specific extensions to [`Command`].
///
/// # Differences from std
///
/// It is not std's trait, which is sealed. It is implemented for greenpatch's `Command` alone.
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
    /// Sets the user ID of the child process.
    fn uid(&mut self, id: u32) -> &mut Command;

    /// Sets the group ID of the child process.
    fn gid(&mut self, id: u32) -> &mut Command;

    /// Schedules a closure to be called in the child process, just before `exec`.
    ///
    /// No other green thread runs in the child, even if `f` blocks.
    ///
    /// # Safety
    ///
    /// The closure runs after `fork`, in a process with one thread, in which locks that other threads held stay locked. It
    /// may do only what is safe in a signal handler.
    unsafe fn pre_exec<F>(&mut self, f: F) -> &mut Command
    where
        F: FnMut() -> io::Result<()> + Send + Sync + 'static;

    /// Schedules a closure to be called just before `exec`; a deprecated name of [`pre_exec`](CommandExt::pre_exec).
    ///
    /// # Safety
    ///
    /// As [`pre_exec`](CommandExt::pre_exec).
    #[deprecated(note = "should be unsafe, use `pre_exec` instead")]
    unsafe fn before_exec<F>(&mut self, f: F) -> &mut Command
    where
        F: FnMut() -> io::Result<()> + Send + Sync + 'static,
    {
        // SAFETY: the caller guarantees the same.
        unsafe { self.pre_exec(f) }
    }

    /// Replaces the current process with the program. Returns only if that fails.
    ///
    /// On success, all green threads of the process end.
    fn exec(&mut self) -> io::Error;

    /// Sets the first argument of the program, which is its own name.
    fn arg0<S>(&mut self, arg: S) -> &mut Command
    where
        S: AsRef<OsStr>;

    /// Sets the process group of the child process; 0 creates a new group.
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
        // SAFETY: the caller guarantees the same.
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
