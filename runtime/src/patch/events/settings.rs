//! The settings of a patch call.
#![forbid(unsafe_code)]

use std::any::Any;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::deadlock::Deadlock;
use super::feature_set::FeatureSet;
use super::listen::Listen;
use super::thread_options::ThreadOptions;
use crate::patch::feature::Feature;

/// The settings of one patch call, which events and hooks can read.
#[derive(Clone, Debug)]
pub struct Settings {
    thread: Option<ThreadOptions>,
    thread_named: bool,
    /// All built-in features except threads.
    features: FeatureSet,
    auto: bool,
    stack_size: Option<usize>,
    workers: Option<usize>,
    on_deadlock: Option<Deadlock>,
    monitor: Option<Duration>,
    cycles: Option<Duration>,
    dump_on_signal: Option<i32>,
    stats: Option<bool>,
    trace: Option<PathBuf>,
    listen: Option<Listen>,
    arguments: Vec<Arc<dyn Any + Send + Sync>>,
}

impl Settings {
    /// Returns the settings of `patch_all()`.
    pub(crate) fn all() -> Self {
        Settings {
            thread: Some(ThreadOptions::new()),
            thread_named: false,
            features: FeatureSet::defaults(),
            auto: true,
            stack_size: None,
            workers: None,
            on_deadlock: None,
            monitor: None,
            cycles: None,
            dump_on_signal: None,
            stats: None,
            trace: None,
            listen: None,
            arguments: Vec::new(),
        }
    }

    /// Returns settings that ask for no feature.
    pub(crate) fn nothing() -> Self {
        Settings {
            thread: None,
            features: FeatureSet::default(),
            auto: false,
            ..Settings::all()
        }
    }

    pub(crate) fn set_thread(&mut self, thread: Option<ThreadOptions>) {
        self.thread = thread;
        self.thread_named = true;
    }

    pub(crate) fn set(&mut self, feature: Feature, on: bool) {
        self.features.choose(feature, on);
    }

    pub(crate) fn set_auto(&mut self, auto: bool) {
        self.auto = auto;
    }

    pub(crate) fn set_stack_size(&mut self, bytes: usize) {
        self.stack_size = Some(bytes);
    }

    pub(crate) fn set_workers(&mut self, workers: usize) {
        self.workers = Some(workers);
    }

    pub(crate) fn set_on_deadlock(&mut self, policy: Deadlock) {
        self.on_deadlock = Some(policy);
    }

    pub(crate) fn set_monitor(&mut self, limit: Duration) {
        self.monitor = Some(limit);
    }

    pub(crate) fn set_cycles(&mut self, every: Duration) {
        self.cycles = Some(every);
    }

    pub(crate) fn set_dump_on_signal(&mut self, signal: i32) {
        self.dump_on_signal = Some(signal);
    }

    pub(crate) fn set_stats(&mut self, timed: bool) {
        self.stats = Some(timed);
    }

    pub(crate) fn set_trace(&mut self, path: PathBuf) {
        self.trace = Some(path);
    }

    pub(crate) fn set_listen(&mut self, listen: Listen) {
        self.listen = Some(listen);
    }

    pub(crate) fn add_argument<T: Any + Send + Sync>(&mut self, argument: T) {
        self.arguments.push(Arc::new(argument));
    }

    /// Returns the options of the thread feature, if the call asks for it.
    pub fn thread(&self) -> Option<ThreadOptions> {
        self.thread
    }

    /// Returns whether the call asks for `thread::sleep`.
    pub fn time(&self) -> bool {
        self.features.asks(Feature::Time) && self.thread.is_none_or(|options| options.has_time())
    }

    /// Returns whether the call asks for the feature. For a feature of a user, returns whether the call asks for those marked
    /// `auto`.
    pub fn asks(&self, feature: Feature) -> bool {
        match feature {
            Feature::Thread => self.thread.is_some(),
            Feature::Time => self.time(),
            Feature::User(_) => self.auto,
            other => self.features.asks(other),
        }
    }

    /// Returns whether the call asks for source modules marked `auto`.
    pub fn auto(&self) -> bool {
        self.auto
    }

    /// Returns whether the caller explicitly turned the feature on or off, or `None` if the feature has its default.
    pub fn named(&self, feature: Feature) -> Option<bool> {
        match feature {
            Feature::Thread => self.thread_named.then_some(self.thread.is_some()),
            Feature::User(_) => None,
            other => self.features.chosen(other),
        }
    }

    /// Returns the requested size of the stacks of green threads, in bytes.
    pub fn stack_size(&self) -> Option<usize> {
        self.stack_size
    }

    /// Returns the requested number of OS threads that run green threads.
    pub fn workers(&self) -> Option<usize> {
        self.workers
    }

    /// Returns what the caller wants to be done about a deadlock.
    pub fn on_deadlock(&self) -> Option<Deadlock> {
        self.on_deadlock
    }

    /// Returns for how long a thread may hold its hub before that is reported.
    pub fn monitor(&self) -> Option<Duration> {
        self.monitor
    }

    /// Returns how often cycles of threads are looked for.
    pub fn cycles(&self) -> Option<Duration> {
        self.cycles
    }

    /// Returns the signal on which a dump is to be written.
    pub fn dump_on_signal(&self) -> Option<i32> {
        self.dump_on_signal
    }

    /// Returns whether the caller wants hubs to measure times for [`stats`](fn@crate::stats).
    pub fn stats(&self) -> Option<bool> {
        self.stats
    }

    /// Returns the file that a trace is to be written to.
    pub fn trace(&self) -> Option<&Path> {
        self.trace.as_deref()
    }

    /// Returns where the process is to answer requests about its green threads.
    pub fn listen(&self) -> Option<&Listen> {
        self.listen.as_ref()
    }

    /// Returns the argument of this type that the caller passed for plugins. If there are several, returns the last one.
    pub fn argument<T: Any>(&self) -> Option<&T> {
        self.arguments
            .iter()
            .rev()
            .find_map(|argument| argument.downcast_ref())
    }

    /// Returns whether this asks for features or options that `earlier` did not ask for.
    pub(crate) fn exceeds(&self, earlier: &Settings) -> bool {
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

    /// Returns whether this has an argument of a type that `earlier` does not have.
    pub(crate) fn has_new_argument(&self, earlier: &Settings) -> bool {
        let passed = |argument: &Arc<dyn Any + Send + Sync>| {
            earlier
                .arguments
                .iter()
                .any(|other| (**other).type_id() == (**argument).type_id())
        };
        !self.arguments.iter().all(passed)
    }

    /// Returns settings that ask for what either asks for.
    pub(crate) fn union(mut self, earlier: Settings) -> Settings {
        let time = self.time() || earlier.time();
        self.thread = match (self.thread, earlier.thread) {
            (Some(now), Some(then)) => Some(now.union(then)),
            (now, then) => now.or(then),
        };
        self.thread = self.thread.map(|options| options.time(time));
        self.features = self.features.union(earlier.features);
        self.features.put(Feature::Time, time);
        self.auto |= earlier.auto;
        self.stack_size = earlier.stack_size.or(self.stack_size);
        self.workers = earlier.workers.or(self.workers);
        self.dump_on_signal = self.dump_on_signal.or(earlier.dump_on_signal);
        self.stats = self.stats.or(earlier.stats);
        self.trace = earlier.trace.or(self.trace);
        self.listen = earlier.listen.or(self.listen);
        self.monitor = earlier.monitor.or(self.monitor);
        self.cycles = earlier.cycles.or(self.cycles);
        self.on_deadlock = self.on_deadlock.or(earlier.on_deadlock);
        self.arguments.extend(earlier.arguments);
        self
    }
}
