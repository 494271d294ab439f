//! [`Command`].
#![forbid(unsafe_code)]

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::path::Path;
use std::process::{self, CommandArgs, CommandEnvs, ExitStatus, Output, Stdio};

use super::Child;

/// How a child process is to be started.
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
    /// Which of the standard streams were set: input, output, error. Else what they are depends on
    /// how the command is run.
    set: [bool; 3],
}

impl Command {
    /// A command that runs `program`.
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

    /// Sets a variable of the environment.
    pub fn env<K, V>(&mut self, key: K, val: V) -> &mut Command
    where
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        self.inner.env(key, val);
        self
    }

    /// Sets several variables of the environment.
    pub fn envs<I, K, V>(&mut self, vars: I) -> &mut Command
    where
        I: IntoIterator<Item = (K, V)>,
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        self.inner.envs(vars);
        self
    }

    /// Leaves a variable out of the environment.
    pub fn env_remove<K: AsRef<OsStr>>(&mut self, key: K) -> &mut Command {
        self.inner.env_remove(key);
        self
    }

    /// Leaves all variables out of the environment but those that are set after.
    pub fn env_clear(&mut self) -> &mut Command {
        self.inner.env_clear();
        self
    }

    /// Sets the directory that the child process begins in.
    pub fn current_dir<P: AsRef<Path>>(&mut self, dir: P) -> &mut Command {
        self.inner.current_dir(dir);
        self
    }

    /// Sets what the child process reads as its standard input.
    pub fn stdin<T: Into<Stdio>>(&mut self, cfg: T) -> &mut Command {
        self.inner.stdin(cfg);
        self.set[0] = true;
        self
    }

    /// Sets where the standard output of the child process goes.
    pub fn stdout<T: Into<Stdio>>(&mut self, cfg: T) -> &mut Command {
        self.inner.stdout(cfg);
        self.set[1] = true;
        self
    }

    /// Sets where the standard error of the child process goes.
    pub fn stderr<T: Into<Stdio>>(&mut self, cfg: T) -> &mut Command {
        self.inner.stderr(cfg);
        self.set[2] = true;
        self
    }

    /// Starts the child process. Standard streams that were not set are shared with it.
    ///
    /// # Errors
    ///
    /// What the system says, about starting it or about the program.
    pub fn spawn(&mut self) -> io::Result<Child> {
        self.inner.spawn().map(Child::from)
    }

    /// Runs the child process and takes what it puts out. A standard input that was not set is empty.
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
        // What a later run of the same command finds, if it is not this kind of run.
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

    /// Runs the child process and says how it ended. Standard streams that were not set are shared with
    /// it.
    ///
    /// # Errors
    ///
    /// As [`spawn`](Command::spawn) and [`Child::wait`].
    pub fn status(&mut self) -> io::Result<ExitStatus> {
        self.spawn()?.wait()
    }

    /// The program.
    #[must_use]
    pub fn get_program(&self) -> &OsStr {
        self.inner.get_program()
    }

    /// The arguments, without the name of the program.
    pub fn get_args(&self) -> CommandArgs<'_> {
        self.inner.get_args()
    }

    /// The variables of the environment that are set, or left out.
    pub fn get_envs(&self) -> CommandEnvs<'_> {
        self.inner.get_envs()
    }

    /// The directory that the child process begins in, if it was set.
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
