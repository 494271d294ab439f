//! The options of `patch_thread`.
#![forbid(unsafe_code)]

use crate::patch::feature::ThreadOption;

/// The options of [`patch_thread`](crate::patch_thread), all on unless turned off.
///
/// # Examples
///
/// ```no_run
/// use greenpatch::ThreadOptions;
///
/// // What gevent's `patch_thread()` does without `patch_time()`: a sleep still holds the OS thread.
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
    /// Every option on.
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

    /// Whether a wait for a lock (`Mutex`, `RwLock`, `Once`, `OnceLock`, `LazyLock`) lets other green
    /// threads run. Off, such a wait holds the OS thread.
    #[must_use]
    pub const fn threading(mut self, on: bool) -> Self {
        self.threading = on;
        self
    }

    /// Whether each green thread has values of its own in a [`thread_local!`](crate::thread_local). Off,
    /// all green threads of one OS thread share them. If the expression that makes a value waits, several
    /// green threads may run it: the value that is finished first stays, the others are dropped.
    #[must_use]
    pub const fn thread_local(mut self, on: bool) -> Self {
        self.thread_local = on;
        self
    }

    /// Whether a wait for a signal (`Condvar`, `Barrier`, channels) lets other green threads run.
    /// Off, such a wait holds the OS thread.
    #[must_use]
    pub const fn event(mut self, on: bool) -> Self {
        self.event = on;
        self
    }

    /// Accepted for gevent's sake, and without effect either way: gevent replaces the lock objects
    /// inside Python's loggers, while a lock of a Rust logger that was annotated works in every mode,
    /// and one that was not is out of reach.
    #[must_use]
    pub const fn logging(mut self, on: bool) -> Self {
        self.logging = on;
        self
    }

    /// Accepted for gevent's sake, and without effect either way: gevent searches the heap for locks
    /// made before it patched, while here a lock decides at each wait how to block, so that those made
    /// or held before always work after.
    #[must_use]
    pub const fn existing_locks(mut self, on: bool) -> Self {
        self.existing_locks = on;
        self
    }

    /// Whether `thread::sleep` lets other green threads run. It lives in `std::thread`, so it is on
    /// unless turned off; gevent has it in `patch_time` alone.
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

    /// Whether this asks for something that `other` does not.
    pub(super) fn exceeds(&self, other: &ThreadOptions) -> bool {
        (self.threading && !other.threading)
            || (self.thread_local && !other.thread_local)
            || (self.event && !other.event)
    }

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
