//! What a call may choose to patch: the options of `patch_thread`, and the settings of a whole call.
#![forbid(unsafe_code)]

use std::any::Any;
use std::sync::Arc;

use super::choices::Choices;
use super::source::Feature;

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

/// What one patch call asks for, as events and hooks see it.
#[derive(Clone, Debug)]
pub struct Settings {
    thread: Option<ThreadOptions>,
    thread_named: bool,
    /// All built-in features but thread.
    choices: Choices,
    auto: bool,
    stack_size: Option<usize>,
    workers: Option<usize>,
    arguments: Vec<Arc<dyn Any + Send + Sync>>,
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

    pub(super) const fn has_time(&self) -> bool {
        self.time
    }

    pub(super) fn selects(&self, option: ThreadOption) -> bool {
        match option {
            ThreadOption::Threading => self.threading,
            ThreadOption::ThreadLocal => self.thread_local,
            ThreadOption::Event => self.event,
        }
    }

    /// Whether this asks for something that `other` does not.
    fn exceeds(&self, other: &ThreadOptions) -> bool {
        (self.threading && !other.threading)
            || (self.thread_local && !other.thread_local)
            || (self.event && !other.event)
    }

    fn union(self, other: ThreadOptions) -> ThreadOptions {
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

impl Settings {
    /// What `patch_all()` asks for.
    pub(super) fn all() -> Self {
        Settings {
            thread: Some(ThreadOptions::new()),
            thread_named: false,
            choices: Choices::all(),
            auto: true,
            stack_size: None,
            workers: None,
            arguments: Vec::new(),
        }
    }

    /// What a call for one feature asks for.
    pub(super) fn nothing() -> Self {
        Settings {
            thread: None,
            choices: Choices::default(),
            auto: false,
            ..Settings::all()
        }
    }

    pub(super) fn set_thread(&mut self, thread: Option<ThreadOptions>) {
        self.thread = thread;
        self.thread_named = true;
    }

    pub(super) fn set(&mut self, feature: Feature, on: bool) {
        self.choices.set(feature, on);
    }

    pub(super) fn set_auto(&mut self, auto: bool) {
        self.auto = auto;
    }

    pub(super) fn set_stack_size(&mut self, bytes: usize) {
        self.stack_size = Some(bytes);
    }

    pub(super) fn set_workers(&mut self, workers: usize) {
        self.workers = Some(workers);
    }

    pub(super) fn add_argument<T: Any + Send + Sync>(&mut self, argument: T) {
        self.arguments.push(Arc::new(argument));
    }

    /// The options of the thread feature, if it was asked for.
    pub fn thread(&self) -> Option<ThreadOptions> {
        self.thread
    }

    /// Whether `thread::sleep` was asked for.
    pub fn time(&self) -> bool {
        self.choices.asks(Feature::Time) && self.thread.is_none_or(|options| options.time)
    }

    /// Whether that feature was asked for; of the features of users, whether all that are `auto` were.
    pub fn asks(&self, feature: Feature) -> bool {
        match feature {
            Feature::Thread => self.thread.is_some(),
            Feature::Time => self.time(),
            Feature::User(_) => self.auto,
            other => self.choices.asks(other),
        }
    }

    /// Whether source modules marked `auto` were asked for.
    pub fn auto(&self) -> bool {
        self.auto
    }

    /// Whether the caller chose this feature, on or off, in so many words; `None` if it left the
    /// feature as it is by default.
    pub fn named(&self, feature: Feature) -> Option<bool> {
        match feature {
            Feature::Thread => self.thread_named.then_some(self.thread.is_some()),
            Feature::User(_) => None,
            other => self.choices.named(other),
        }
    }

    /// The size asked for the stacks of green threads, in bytes.
    pub fn stack_size(&self) -> Option<usize> {
        self.stack_size
    }

    /// The number of OS threads asked for to run green threads.
    pub fn workers(&self) -> Option<usize> {
        self.workers
    }

    /// What the caller passed along for plugins, by its type; the last one given.
    pub fn argument<T: Any>(&self) -> Option<&T> {
        self.arguments
            .iter()
            .rev()
            .find_map(|argument| argument.downcast_ref())
    }

    /// Whether this asks for more than `earlier` did.
    pub(super) fn exceeds(&self, earlier: &Settings) -> bool {
        let threads = match (&self.thread, &earlier.thread) {
            (Some(now), Some(then)) => now.exceeds(then),
            (Some(_), None) => true,
            (None, _) => false,
        };
        let others = Feature::BUILTIN
            .iter()
            .filter(|feature| **feature != Feature::Thread)
            .any(|feature| self.asks(*feature) && !earlier.asks(*feature));
        threads || others || (self.auto && !earlier.auto)
    }

    /// Whether this passes along an argument of a type that `earlier` did not.
    pub(super) fn has_new_argument(&self, earlier: &Settings) -> bool {
        let passed = |argument: &Arc<dyn Any + Send + Sync>| {
            earlier
                .arguments
                .iter()
                .any(|other| (**other).type_id() == (**argument).type_id())
        };
        !self.arguments.iter().all(passed)
    }

    /// What both ask for together.
    pub(super) fn union(mut self, earlier: Settings) -> Settings {
        let time = self.time() || earlier.time();
        self.thread = match (self.thread, earlier.thread) {
            (Some(now), Some(then)) => Some(now.union(then)),
            (now, then) => now.or(then),
        };
        self.thread = self.thread.map(|options| options.time(time));
        self.choices = self.choices.union(earlier.choices);
        self.choices.put(Feature::Time, time);
        self.auto |= earlier.auto;
        self.stack_size = earlier.stack_size.or(self.stack_size);
        self.workers = earlier.workers.or(self.workers);
        self.arguments.extend(earlier.arguments);
        self
    }
}
