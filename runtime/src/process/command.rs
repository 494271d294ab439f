//! [`Command`].
#![forbid(unsafe_code)]

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::path::Path;
use std::process::{self, CommandArgs, CommandEnvs, ExitStatus, Output, Stdio};

use super::Child;

/// A builder that starts child processes.
///
/// # Differences from std
///
/// It is not the type `std::process::Command`, and converts neither from nor into it.
///
/// # Examples
///
/// ```
/// use greenpatch::process::Command;
/// use greenpatch::thread;
///
/// let children: Vec<_> = ["one", "two"]
///     .map(|word| thread::spawn(move || Command::new("echo").arg(word).output()))
///     .into();
/// let said: Vec<_> = children.into_iter().map(|child| child.join().unwrap().unwrap().stdout).collect();
/// assert_eq!(said, [b"one\n", b"two\n"]);
/// ```
pub struct Command {
    pub(crate) inner: process::Command,
    /// Whether input, output and error were set. The defaults depend on how the command is run.
    set: [bool; 3],
}

impl Command {
    /// Creates a command that runs `program`.
    pub fn new<S: AsRef<OsStr>>(program: S) -> Command {
        Command {
            inner: process::Command::new(program),
            set: [false; 3],
        }
    }

    /// Adds an argument.
    pub fn arg<S: AsRef<OsStr>>(&mut self, arg: S) -> &mut Command {
        self.inner.arg(arg);
        self
    }

    /// Adds several arguments.
    pub fn args<I, S>(&mut self, args: I) -> &mut Command
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        self.inner.args(args);
        self
    }

    /// Sets an environment variable for the child process.
    pub fn env<K, V>(&mut self, key: K, val: V) -> &mut Command
    where
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        self.inner.env(key, val);
        self
    }

    /// Sets several environment variables for the child process.
    pub fn envs<I, K, V>(&mut self, vars: I) -> &mut Command
    where
        I: IntoIterator<Item = (K, V)>,
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        self.inner.envs(vars);
        self
    }

    /// Removes an environment variable, which the child process then does not inherit.
    pub fn env_remove<K: AsRef<OsStr>>(&mut self, key: K) -> &mut Command {
        self.inner.env_remove(key);
        self
    }

    /// Clears the environment: the child process inherits no variable, and gets those only that are set afterwards.
    pub fn env_clear(&mut self) -> &mut Command {
        self.inner.env_clear();
        self
    }

    /// Sets the working directory of the child process.
    pub fn current_dir<P: AsRef<Path>>(&mut self, dir: P) -> &mut Command {
        self.inner.current_dir(dir);
        self
    }

    /// Configures the standard input of the child process.
    pub fn stdin<T: Into<Stdio>>(&mut self, cfg: T) -> &mut Command {
        self.inner.stdin(cfg);
        self.set[0] = true;
        self
    }

    /// Configures the standard output of the child process.
    pub fn stdout<T: Into<Stdio>>(&mut self, cfg: T) -> &mut Command {
        self.inner.stdout(cfg);
        self.set[1] = true;
        self
    }

    /// Configures the standard error of the child process.
    pub fn stderr<T: Into<Stdio>>(&mut self, cfg: T) -> &mut Command {
        self.inner.stderr(cfg);
        self.set[2] = true;
        self
    }

    /// Starts the child process. It inherits the standard streams that were not set.
    ///
    /// # Errors
    ///
    /// Returns the error of the system, about starting the process or about the program.
    pub fn spawn(&mut self) -> io::Result<Child> {
        self.inner.spawn().map(Child::from)
    }

    /// Runs the child process to its end and returns its output. A standard input that was not set is empty.
    ///
    /// # Errors
    ///
    /// As [`spawn`](Command::spawn) and [`Child::wait`].
    pub fn output(&mut self) -> io::Result<Output> {
        let Command { inner, set } = self;
        let [input, output, error] = *set;
        if !input {
            inner.stdin(Stdio::null());
        }
        if !output {
            inner.stdout(Stdio::piped());
        }
        if !error {
            inner.stderr(Stdio::piped());
        }
        let child = inner.spawn();
        // For a later `spawn` or `status` of the same command.
        if !input {
            inner.stdin(Stdio::inherit());
        }
        if !output {
            inner.stdout(Stdio::inherit());
        }
        if !error {
            inner.stderr(Stdio::inherit());
        }
        Child::from(child?).wait_with_output()
    }

    /// Runs the child process to its end and returns its exit status. It inherits the standard streams that were not set.
    ///
    /// # Errors
    ///
    /// As [`spawn`](Command::spawn) and [`Child::wait`].
    pub fn status(&mut self) -> io::Result<ExitStatus> {
        self.spawn()?.wait()
    }

    /// Returns the path of the program.
    #[must_use]
    pub fn get_program(&self) -> &OsStr {
        self.inner.get_program()
    }

    /// Returns an iterator over the arguments, without the name of the program.
    pub fn get_args(&self) -> CommandArgs<'_> {
        self.inner.get_args()
    }

    /// Returns an iterator over the environment variables that were set or removed.
    pub fn get_envs(&self) -> CommandEnvs<'_> {
        self.inner.get_envs()
    }

    /// Returns the working directory of the child process, if it was set.
    #[must_use]
    pub fn get_current_dir(&self) -> Option<&Path> {
        self.inner.get_current_dir()
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
