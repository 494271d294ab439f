//! The call that patches everything, and the builder of its settings.
#![forbid(unsafe_code)]

use std::any::Any;
use std::path::PathBuf;
use std::time::Duration;

use super::apply;
use crate::patch::error::PatchError;
use crate::patch::events::deadlock::Deadlock;
use crate::patch::events::listen::Listen;
use crate::patch::events::report::Patched;
use crate::patch::events::settings::Settings;
use crate::patch::events::thread_options::ThreadOptions;
use crate::patch::events::workers::Workers;
use crate::patch::feature::Feature;

/// Patches all built-in modules except `std::fs`, and the source modules marked `auto`.
///
/// Subscribers and plugins are called, and can cancel, as described in [`events`](crate::events). A feature
/// that is cancelled does not affect the others; the report has a line for each. A later call
/// patches what is left, which includes what was cancelled or left out before.
///
/// One OS thread patches at a time; others block until it is done. Functions can be called while they are
/// patched: each call runs either the old or the new one.
///
/// # Errors
///
/// An error that is found before any hook is called changes nothing: a conflict between replacements,
/// or a call from a stage that is itself deciding whether to patch everything. If a did stage objects, its module
/// stays patched; the features after it are patched, and the closing events are announced, before the error is returned.
///
/// # Panics
///
/// Resumes a panic of a hook or a subscriber. A panic at a will stage leaves that feature as it was, and the following
/// features are not patched. A panic at a did stage undoes nothing, and is resumed when everything else is done.
///
/// # Examples
///
/// ```standalone_crate
/// use greenpatch::Patched;
///
/// match greenpatch::patch_all()? {
///     Patched::Done(report) => print!("{report}"),
///     Patched::AlreadyPatched => println!("nothing left to patch"),
///     Patched::Cancelled { by } => println!("not patched: {by}"),
///     _ => {}
/// }
/// # Ok::<(), greenpatch::PatchError>(())
/// ```
pub fn patch_all() -> Result<Patched, PatchError> {
    Patcher::new().apply()
}

/// A builder for the settings of [`patch_all`]: which features are patched, and how green threads run. All features
/// except [`fs`](Patcher::fs) are on by default.
///
/// # Examples
///
/// ```no_run
/// use greenpatch::{Patcher, ThreadOptions};
///
/// Patcher::new().thread(ThreadOptions::new().event(false)).time(false).apply()?;
/// # Ok::<(), greenpatch::PatchError>(())
/// ```
///
/// An unknown option does not compile:
///
/// ```compile_fail,E0599
/// greenpatch::Patcher::new().tiem(false);
/// ```
#[derive(Clone, Debug)]
#[must_use = "`apply` patches"]
pub struct Patcher {
    settings: Settings,
}

impl Patcher {
    /// Creates the settings of [`patch_all`].
    pub fn new() -> Self {
        Patcher {
            settings: Settings::all(),
        }
    }

    /// Sets whether threads, locks and `thread_local!` are patched: `true`, `false`, or [`ThreadOptions`].
    /// `thread::sleep` is patched if both these options and [`time`](Patcher::time) are on for it.
    pub fn thread(mut self, options: impl Into<ThreadChoice>) -> Self {
        self.settings.set_thread(options.into().0);
        self
    }

    /// Sets whether source modules marked `auto` are patched.
    pub fn auto(mut self, on: bool) -> Self {
        self.settings.set_auto(on);
        self
    }

    /// Sets the default size of the stacks of green threads, in bytes.
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.settings.set_stack_size(bytes);
        self
    }

    /// Sets the number of OS threads that run green threads. By default, green threads that are started on the patching
    /// thread run on that thread.
    ///
    /// # Examples
    ///
    /// ```
    /// use greenpatch::{Patcher, Workers};
    ///
    /// assert!(Patcher::new().workers(Workers::PerCore).apply().unwrap().is_done());
    /// ```
    pub fn workers(mut self, workers: impl Into<Workers>) -> Self {
        self.settings.set_workers(workers.into().count());
        self
    }

    /// Sets what is done when no thread of the process can run again: by default a report is written.
    ///
    /// It is noticed within about 100 milliseconds if every OS thread of the process is a hub, waits in greenpatch without a deadline, or is
    /// a helper without a call, and no signal has a handler. If an OS thread begins to wait long after the hubs have nothing to do, it
    /// takes up to 13 seconds. Otherwise something outside may wake a thread, and nothing is reported; call
    /// [`dump`](fn@crate::dump) to find cycles among threads. The environment variable `GREENPATCH_DEADLOCK`, with the value `report`,
    /// `panic`, `abort` or `ignore`, takes precedence. It is looked for on systems with `/proc`.
    /// With `RUST_BACKTRACE` the report has the backtrace of each thread.
    pub fn on_deadlock(mut self, policy: Deadlock) -> Self {
        self.settings.set_on_deadlock(policy);
        self
    }

    /// Starts a monitor: an OS thread that reports each green thread which holds its hub for longer than `limit`, because it
    /// computes or blocks the OS thread. All other green threads of the hub wait meanwhile.
    ///
    /// A report names the green thread, where it was spawned, and the system call that it is in, and is written to the standard error
    /// unless there is a subscriber; see [`on_hub_blocked`](crate::events::on_hub_blocked). There is one report for each time that a hub
    /// is held, and one a second at most. The environment variable `GREENPATCH_MONITOR`, with a time such as `100ms` or `2s`, takes
    /// precedence. With `RUST_BACKTRACE` the report has the backtrace of the thread, on x86-64 Linux.
    pub fn monitor(mut self, limit: Duration) -> Self {
        self.settings.set_monitor(limit);
        self
    }

    /// Looks for cycles of threads that wait for each other, by mutexes or by `join`, while other threads run. It is done by an OS
    /// thread, once in each time of `every`.
    ///
    /// A report names the threads with what each waits for and where. It is written to the standard error unless there is a subscriber,
    /// see [`on_cycle_found`](crate::events::on_cycle_found): once for each cycle, after two to three times `every`. Nothing else is done, since other threads
    /// run. The environment variable `GREENPATCH_CYCLES`, with a time such as `1s`, takes precedence.
    ///
    /// When no thread at all can run again, there is a report without this: see [`on_deadlock`](Self::on_deadlock).
    pub fn cycles(mut self, every: Duration) -> Self {
        self.settings.set_cycles(every);
        self
    }

    /// Has a signal, such as `SIGQUIT` or `SIGUSR1`, write a [`dump`](fn@crate::dump) to the standard error, also while green
    /// threads are stuck. An OS thread waits for that. The environment variable `GREENPATCH_DUMP`, with the value `SIGQUIT`, `SIGUSR1` or
    /// `SIGUSR2`, takes precedence. With `RUST_BACKTRACE` the dump has the backtrace of each thread.
    pub fn dump_on_signal(mut self, signal: i32) -> Self {
        self.settings.set_dump_on_signal(signal);
        self
    }

    /// Sets whether hubs measure times for [`stats`](fn@crate::stats): how long they poll and sleep, and how long threads that are
    /// ready wait for their turns. That takes two reads of the clock for each sleep and each poll. Counters are always kept. The
    /// environment variable `GREENPATCH_STATS`, with the value `1` or `0`, takes precedence.
    pub fn stats(mut self, timed: bool) -> Self {
        self.settings.set_stats(timed);
        self
    }

    /// Writes a trace to a file, in the format of Chrome's trace events, which Perfetto opens: a row for each hub with what runs on it
    /// and when, arrows for wake-ups, how many threads are ready, and what is patched. The environment variable
    /// `GREENPATCH_TRACE`, with a path, takes precedence. `%p` in the path stands for the number of the process.
    ///
    /// The trace begins with the patch and ends when the process exits. A switch takes some 600 nanoseconds then.
    pub fn trace(mut self, path: impl Into<PathBuf>) -> Self {
        self.settings.set_trace(path.into());
        self
    }

    /// Opens a Unix socket on which the process answers requests about its green threads, also while they are stuck:
    /// `cargo greenpatch top` attaches to it. `true` takes the default path; see [`Listen`]. An OS thread of its own answers. The
    /// socket has mode 0600, and is removed when the process exits. The environment variable `GREENPATCH_LISTEN`, with the value
    /// `1`, `0`, or a path that contains a `/`, takes precedence. `%p` in a path stands for the number of the process.
    ///
    /// A client sends lines, `about`, `dump` or `stats`, and gets a line of JSON for each: the latter two are
    /// [`Dump::to_json`](crate::Dump::to_json) and [`Stats::to_json`](crate::Stats::to_json).
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(greenpatch::Patcher::new().listen(true).apply().unwrap().is_done());
    /// ```
    pub fn listen(mut self, listen: impl Into<Listen>) -> Self {
        self.settings.set_listen(listen.into());
        self
    }

    /// Adds an argument for subscribers and plugins, which look it up by its type with
    /// [`Settings::argument`]. If a later call passes an argument of a new type, the events of
    /// `patch_all` are announced again even if nothing is left to patch.
    pub fn argument<T: Any + Send + Sync>(mut self, argument: T) -> Self {
        self.settings.add_argument(argument);
        self
    }

    /// Patches; see [`patch_all`].
    ///
    /// # Errors
    ///
    /// As [`patch_all`].
    ///
    /// # Panics
    ///
    /// As [`patch_all`].
    pub fn apply(self) -> Result<Patched, PatchError> {
        apply::all(self.settings)
    }

    pub(super) fn choose(mut self, feature: Feature, on: bool) -> Self {
        self.settings.set(feature, on);
        self
    }
}

impl Default for Patcher {
    fn default() -> Self {
        Patcher::new()
    }
}

/// The argument of [`Patcher::thread`].
#[derive(Clone, Copy, Debug)]
pub struct ThreadChoice(Option<ThreadOptions>);

impl From<bool> for ThreadChoice {
    fn from(on: bool) -> Self {
        ThreadChoice(on.then(ThreadOptions::new))
    }
}

impl From<ThreadOptions> for ThreadChoice {
    fn from(options: ThreadOptions) -> Self {
        ThreadChoice(Some(options))
    }
}
