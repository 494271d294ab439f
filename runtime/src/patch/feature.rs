//! The features: what is patched, or cancelled, as one.
#![forbid(unsafe_code)]

use std::fmt;

/// What is patched, or cancelled, as one. The built-in ones stand in the order in which
/// [`patch_all`](crate::patch_all) goes through them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Feature {
    /// `std::thread`, `std::sync` and `thread_local!`.
    Thread,
    /// `thread::sleep`. After threads, as in gevent.
    Time,
    /// The standard streams: `stdin`, `stdout`, `stderr` and the print macros.
    Stdio,
    /// Sockets: `std::net` and `std::os::unix::net`.
    Net,
    /// Looking up names: `ToSocketAddrs`.
    Dns,
    /// `std::process`, and pipes.
    Process,
    /// `std::fs`.
    Fs,
    /// Source modules of users: under the name that they share, or one alone under its own.
    User(&'static str),
}

impl Feature {
    pub(crate) const BUILTIN: [Feature; 7] = [
        Feature::Thread,
        Feature::Time,
        Feature::Stdio,
        Feature::Net,
        Feature::Dns,
        Feature::Process,
        Feature::Fs,
    ];

    pub(crate) fn is_builtin(self) -> bool {
        !matches!(self, Feature::User(_))
    }

    /// Whether `patch_all` patches it unless told otherwise.
    pub(crate) fn is_on_by_default(self) -> bool {
        // A local file is read faster in place: see `fs`.
        self.is_builtin() && self != Feature::Fs
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Feature::Thread => "thread",
            Feature::Time => "time",
            Feature::Stdio => "stdio",
            Feature::Net => "net",
            Feature::Dns => "dns",
            Feature::Process => "process",
            Feature::Fs => "fs",
            Feature::User(name) => name,
        })
    }
}

/// An option of `patch_thread` that selects items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ThreadOption {
    /// Waiting for a lock.
    Threading,
    /// Values of `thread_local!`.
    ThreadLocal,
    /// Waiting for a signal.
    Event,
}
