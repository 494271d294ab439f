//! The options of `patch_thread`.
#![forbid(unsafe_code)]

use crate::patch::feature::ThreadOption;

/// The options of [`patch_thread`](crate::patch_thread). Every option is on by default.
///
/// # Examples
///
/// ```no_run
/// use greenpatch::ThreadOptions;
///
/// // The effect of gevent's `patch_thread()` without `patch_time()`: a sleep blocks the OS thread.
/// ThreadOptions::new().time(false).apply()?;
/// # Ok::<(), greenpatch::PatchError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadOptions {
    threading: bool,
    thread_local: bool,
    event: bool,
    logging: bool,
    existing_locks: bool,
    time: bool,
}

impl ThreadOptions {
    /// Creates options that are all on.
    pub const fn new() -> Self {
        ThreadOptions {
            threading: true,
            thread_local: true,
            event: true,
            logging: true,
            existing_locks: true,
            time: true,
        }
    }

    /// Sets whether a wait for a lock (`Mutex`, `RwLock`, `Once`, `OnceLock`, `LazyLock`) lets other green
    /// threads run. If off, such a wait blocks the OS thread.
    #[must_use]
    pub const fn threading(mut self, on: bool) -> Self {
        self.threading = on;
        self
    }

    /// Sets whether each green thread has its own values of a [`thread_local!`](crate::thread_local). If off,
    /// all green threads of one OS thread share them. If the initializer of a value blocks, several
    /// green threads may run it: the first value that is complete is kept, and the others are dropped.
    #[must_use]
    pub const fn thread_local(mut self, on: bool) -> Self {
        self.thread_local = on;
        self
    }

    /// Sets whether a wait for a signal (`Condvar`, `Barrier`, channels) lets other green threads run.
    /// If off, such a wait blocks the OS thread.
    #[must_use]
    pub const fn event(mut self, on: bool) -> Self {
        self.event = on;
        self
    }

    /// Has no effect, and exists for compatibility with gevent. gevent replaces the lock objects
    /// inside Python's loggers. The locks of a Rust logger that is annotated work in every mode,
    /// and those of one that is not cannot be reached.
    #[must_use]
    pub const fn logging(mut self, on: bool) -> Self {
        self.logging = on;
        self
    }

    /// Has no effect, and exists for compatibility with gevent. gevent searches the heap for locks
    /// that were created before it patched. In greenpatch a lock decides at each wait how to block, so locks that were
    /// created or locked before the patch work after it.
    #[must_use]
    pub const fn existing_locks(mut self, on: bool) -> Self {
        self.existing_locks = on;
        self
    }

    /// Sets whether `thread::sleep` lets other green threads run. It is part of `std::thread`, so it is on
    /// by default; in gevent it belongs to `patch_time` alone.
    #[must_use]
    pub const fn time(mut self, on: bool) -> Self {
        self.time = on;
        self
    }

    pub(crate) const fn has_time(&self) -> bool {
        self.time
    }

    pub(crate) fn selects(&self, option: ThreadOption) -> bool {
        match option {
            ThreadOption::Threading => self.threading,
            ThreadOption::ThreadLocal => self.thread_local,
            ThreadOption::Event => self.event,
        }
    }

    /// Returns whether this selects items that `other` does not.
    pub(super) fn exceeds(&self, other: &ThreadOptions) -> bool {
        (self.threading && !other.threading)
            || (self.thread_local && !other.thread_local)
            || (self.event && !other.event)
    }

    /// Returns options that are on where they are on in either.
    pub(super) fn union(self, other: ThreadOptions) -> ThreadOptions {
        ThreadOptions {
            threading: self.threading || other.threading,
            thread_local: self.thread_local || other.thread_local,
            event: self.event || other.event,
            logging: self.logging || other.logging,
            existing_locks: self.existing_locks || other.existing_locks,
            time: self.time || other.time,
        }
    }
}

impl Default for ThreadOptions {
    fn default() -> Self {
        ThreadOptions::new()
    }
}
