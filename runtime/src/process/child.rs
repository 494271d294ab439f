//! [`Child`].
#![forbid(unsafe_code)]

use std::io::{self, Read};
use std::process::{self, ExitStatus, Output};

use super::output::read_both;
use super::{ChildStderr, ChildStdin, ChildStdout};
use crate::seam::busy::busy;
use crate::seam::process as seam;

/// A child process. It continues to run when this is dropped.
///
/// # Differences from std
///
/// It is not the type `std::process::Child`, but converts from and into it.
///
/// # Examples
///
/// ```
/// use std::io::Write;
/// use greenpatch::process::{Command, Stdio};
///
/// let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
/// child.stdin.take().unwrap().write_all(b"there and back")?;
/// assert_eq!(child.wait_with_output()?.stdout, b"there and back");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Child {
    inner: process::Child,
    /// The pipe to its standard input, if that was set to `Stdio::piped`.
    pub stdin: Option<ChildStdin>,
    /// The pipe from its standard output, if that was set to `Stdio::piped`.
    pub stdout: Option<ChildStdout>,
    /// The pipe from its standard error, if that was set to `Stdio::piped`.
    pub stderr: Option<ChildStderr>,
}

impl Child {
    /// Kills the process.
    ///
    /// # Errors
    ///
    /// Returns the error of the system. It is no error if the process has ended already.
    pub fn kill(&mut self) -> io::Result<()> {
        self.inner.kill()
    }

    /// Returns the process identifier that the system has assigned.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.inner.id()
    }

    /// Closes the pipe to its standard input and waits for the process to end.
    ///
    /// A green thread waits on a descriptor of the process, which Linux 5.3 and later provide, elsewhere on a helper
    /// thread.
    ///
    /// # Errors
    ///
    /// Returns the error of the system, also if the process has been waited for elsewhere.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        drop(self.stdin.take());
        seam::wait(&mut self.inner)
    }

    /// Returns the exit status of the process, if it has ended.
    ///
    /// After a few calls in a row that return `None`, a green thread yields.
    ///
    /// # Errors
    ///
    /// As [`wait`](Child::wait).
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        let status = self.inner.try_wait()?;
        if status.is_none() {
            busy();
        }
        Ok(status)
    }

    /// Closes the pipe to its standard input, reads the other pipes to their ends, and waits for the process to end.
    ///
    /// # Errors
    ///
    /// As [`wait`](Child::wait).
    ///
    /// # Panics
    ///
    /// Panics if a pipe cannot be read.
    pub fn wait_with_output(mut self) -> io::Result<Output> {
        drop(self.stdin.take());
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let read = match (self.stdout.take(), self.stderr.take()) {
            (None, None) => Ok(()),
            (Some(mut pipe), None) => pipe.read_to_end(&mut stdout).map(drop),
            (None, Some(mut pipe)) => pipe.read_to_end(&mut stderr).map(drop),
            (Some(first), Some(second)) => {
                read_both(first, second).map(|both| (stdout, stderr) = both)
            }
        };
        read.expect("the pipes of a child process can be read");
        let status = self.wait()?;
        Ok(Output {
            status,
            stdout,
            stderr,
        })
    }
}

impl From<process::Child> for Child {
    fn from(mut inner: process::Child) -> Child {
        Child {
            stdin: inner.stdin.take().map(ChildStdin::from),
            stdout: inner.stdout.take().map(ChildStdout::from),
            stderr: inner.stderr.take().map(ChildStderr::from),
            inner,
        }
    }
}

impl From<Child> for process::Child {
    fn from(ours: Child) -> process::Child {
        let mut inner = ours.inner;
        inner.stdin = ours.stdin.map(Into::into);
        inner.stdout = ours.stdout.map(Into::into);
        inner.stderr = ours.stderr.map(Into::into);
        inner
    }
}
