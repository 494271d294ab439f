//! The features: each is patched, or cancelled, as a whole.
#![forbid(unsafe_code)]

use std::fmt;

/// Defines [`Feature`] from the table of the built-in features, which is in the order in which `patch_all` patches them.
/// A row has the feature's name, and whether `patch_all` patches it by default.
macro_rules! features {
    ($($(#[$doc:meta])* $feature:ident, $name:literal, $by_default:expr;)*) => {
        /// A set of source modules that is patched, or cancelled, as a whole. The built-in features are ordered as
        /// [`patch_all`](crate::patch_all) patches them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Feature {
            $($(#[$doc])* $feature,)*
            /// Source modules of users: those that share this name, or the one of this name.
            User(&'static str),
        }

        impl Feature {
            /// The built-in features, in order.
            pub(crate) const BUILTIN: &[Feature] = &[$(Feature::$feature),*];

            /// Returns whether `patch_all` patches the feature by default.
            pub(crate) fn is_on_by_default(self) -> bool {
                match self {
                    $(Feature::$feature => $by_default,)*
                    Feature::User(_) => false,
                }
            }
        }

        impl fmt::Display for Feature {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Feature::$feature => $name,)*
                    Feature::User(name) => name,
                })
            }
        }
    };
}

features! {
    /// `std::thread`, `std::sync` and `thread_local!`.
    Thread, "thread", true;
    /// `thread::sleep`. Patched after threads, as in gevent.
    Time, "time", true;
    /// The standard streams: `stdin`, `stdout`, `stderr` and the print macros.
    Stdio, "stdio", true;
    /// Sockets: `std::net` and `std::os::unix::net`.
    Net, "net", true;
    /// Name resolution: `ToSocketAddrs`.
    Dns, "dns", true;
    /// `std::process`, and pipes.
    Process, "process", true;
    // Off, because a local file is read faster in place: see `patch_fs`.
    /// `std::fs`.
    Fs, "fs", false;
    // Last: what it patches is below all the others.
    /// Functions of libc, for code that calls them and not std. Patched only if the crate's feature `libc` is on.
    Libc, "libc", cfg!(greenpatch_libc);
}

impl Feature {
    /// Returns whether the feature is built in.
    pub(crate) fn is_builtin(self) -> bool {
        !matches!(self, Feature::User(_))
    }
}

/// An option of `patch_thread` that selects items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ThreadOption {
    /// Waits for a lock.
    Threading,
    /// Values of `thread_local!`.
    ThreadLocal,
    /// Waits for a signal.
    Event,
}
