//! An open file of std, and how transfers on it wait.
#![forbid(unsafe_code)]

use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::OnceLock;

use super::stream::Stream;
use crate::descriptor::stream::StreamKind;
use crate::descriptor::watch::Watch;

/// A file of std. The OS reports no readiness of a file in storage. A pipe, terminal, device or socket can be waited for,
/// and has a [`Watch`].
pub(super) struct Handle {
    // First, so that the watch is dropped before the descriptor is closed.
    waits: OnceLock<Option<Box<Waits>>>,
    file: File,
}

/// The state of a descriptor that can be waited for.
struct Waits {
    kind: StreamKind,
    watch: Watch,
}

impl Handle {
    /// Takes ownership of a file. Its kind is looked up at the first transfer.
    pub(super) fn new(file: File) -> Self {
        Handle {
            waits: OnceLock::new(),
            file,
        }
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Returns the file as a stream, unless it is in storage.
    #[inline]
    pub(super) fn stream(&self) -> Option<Stream<'_>> {
        let waits = self.waits()?;
        Some(Stream::new(self.file.as_fd(), &waits.watch, waits.kind))
    }

    pub(super) fn try_clone(&self) -> io::Result<Self> {
        let file = self.file.try_clone()?;
        let waits = self.waits().map(|waits| {
            Box::new(Waits {
                kind: waits.kind,
                watch: waits.watch.of_duplicate(self.file.as_fd()),
            })
        });
        Ok(Handle {
            waits: waits.into(),
            file,
        })
    }

    /// Returns the file of std, in the mode that its user has set.
    pub(super) fn into_inner(self) -> File {
        let Handle { waits, file } = self;
        if let Some(Some(waits)) = waits.into_inner() {
            waits.watch.restore(file.as_fd());
        }
        file
    }

    #[inline]
    fn waits(&self) -> Option<&Waits> {
        let waits = self.waits.get_or_init(|| {
            let kind = StreamKind::of(self.file.as_fd())?;
            let watch = Watch::new();
            Some(Box::new(Waits { kind, watch }))
        });
        waits.as_deref()
    }
}

impl AsFd for Handle {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl AsRawFd for Handle {
    fn as_raw_fd(&self) -> RawFd {
        self.file.as_raw_fd()
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.file.fmt(f)
    }
}
