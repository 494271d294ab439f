//! Re-execution: a test's executable starts itself again, with a task in its environment.
#![allow(unsafe_code)]

use std::env;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output};
use std::time::Duration;

use crate::stress_time;

const TASK: &str = "GREENPATCH_TEST_TASK";

/// The seconds after which a child is killed.
const LIMIT: libc::c_uint = 100;

/// Returns a command that starts this executable again, as the child for `task`.
///
/// # Panics
///
/// If the executable cannot be found.
pub fn child(task: &str) -> Command {
    let mut child = Command::new(env::current_exe().expect("a test has an executable"));
    child.env(TASK, task);
    child
}

/// Returns the task of this process, if it is a child.
pub fn task() -> Option<String> {
    env::var(TASK).ok()
}

/// Has `SIGALRM` kill this process, a child, if it hangs.
///
/// There is no watchdog thread in a child: some children count the threads or the memory of their process, or have no
/// room for another thread. No test expects this signal, unlike an abort.
pub fn limit_child() {
    let limit = LIMIT + stress_time(Duration::ZERO).as_secs() as libc::c_uint;
    // SAFETY: alarm has no preconditions.
    unsafe { libc::alarm(limit) };
}

/// How a child has ended, and its output.
#[derive(Debug)]
pub struct Ended {
    /// The exit status, if the child has exited.
    pub code: Option<i32>,
    /// The signal that has ended the child, if one has.
    pub signal: Option<i32>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Ended {
    /// Asserts that the child has exited with 0.
    #[track_caller]
    pub fn well(&self) {
        self.with_code(0);
    }

    /// Asserts that the child has exited with `code`.
    #[track_caller]
    pub fn with_code(&self, code: i32) {
        assert_eq!(self.code, Some(code), "{self}");
    }

    /// Asserts that `signal` has ended the child.
    #[track_caller]
    pub fn by_signal(&self, signal: i32) {
        assert_eq!(self.signal, Some(signal), "{self}");
    }

    /// Asserts that the child has aborted.
    #[track_caller]
    pub fn by_abort(&self) {
        self.by_signal(libc::SIGABRT);
    }

    /// Asserts that `text` is in the child's standard error.
    #[track_caller]
    pub fn said(&self, text: &str) {
        assert!(
            self.stderr.contains(text),
            "`{text}` is not in:\n{}",
            self.stderr
        );
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Ended {
        Ended {
            code: output.status.code(),
            signal: output.status.signal(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.code, self.signal) {
            (Some(code), _) => writeln!(f, "exited with {code}")?,
            (None, Some(libc::SIGALRM)) => writeln!(f, "still ran after {LIMIT} s")?,
            (None, signal) => writeln!(f, "ended by signal {signal:?}")?,
        }
        write!(f, "{}{}", self.stdout, self.stderr)
    }
}
