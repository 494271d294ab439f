//! [`Listen`].
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

/// Where a process answers requests about its green threads, for [`Patcher::listen`](crate::Patcher::listen).
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Listen {
    /// Nowhere.
    Off,
    /// On the socket `greenpatch-UID/PID.sock` in `$XDG_RUNTIME_DIR`, or in the folder for temporary files if that is not set.
    /// The folder `greenpatch-UID` is made with mode 0700.
    Default,
    /// On a socket with this path, in which `%p` stands for the number of the process.
    At(PathBuf),
}

impl From<bool> for Listen {
    fn from(on: bool) -> Listen {
        if on { Listen::Default } else { Listen::Off }
    }
}

impl From<PathBuf> for Listen {
    fn from(path: PathBuf) -> Listen {
        Listen::At(path)
    }
}

impl From<&Path> for Listen {
    fn from(path: &Path) -> Listen {
        Listen::At(path.to_owned())
    }
}

impl From<&str> for Listen {
    fn from(path: &str) -> Listen {
        Listen::At(path.into())
    }
}
