//! What one patch call asks for.
#![forbid(unsafe_code)]

use std::any::Any;
use std::sync::Arc;

use super::feature_set::FeatureSet;
use super::thread_options::ThreadOptions;
use crate::patch::feature::Feature;

/// What one patch call asks for, as events and hooks see it.
#[derive(Clone, Debug)]
pub struct Settings {
    thread: Option<ThreadOptions>,
    thread_named: bool,
    /// All built-in features but thread.
    features: FeatureSet,
    auto: bool,
    stack_size: Option<usize>,
    workers: Option<usize>,
    arguments: Vec<Arc<dyn Any + Send + Sync>>,
}

impl Settings {
    /// What `patch_all()` asks for.
    pub(crate) fn all() -> Self {
        Settings {
            thread: Some(ThreadOptions::new()),
            thread_named: false,
            features: FeatureSet::defaults(),
            auto: true,
            stack_size: None,
            workers: None,
            arguments: Vec::new(),
        }
    }

    /// What a call for one feature asks for.
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

    pub(crate) fn add_argument<T: Any + Send + Sync>(&mut self, argument: T) {
        self.arguments.push(Arc::new(argument));
    }

    /// The options of the thread feature, if it was asked for.
    pub fn thread(&self) -> Option<ThreadOptions> {
        self.thread
    }

    /// Whether `thread::sleep` was asked for.
    pub fn time(&self) -> bool {
        self.features.asks(Feature::Time) && self.thread.is_none_or(|options| options.has_time())
    }

    /// Whether that feature was asked for; of the features of users, whether all that are `auto` were.
    pub fn asks(&self, feature: Feature) -> bool {
        match feature {
            Feature::Thread => self.thread.is_some(),
            Feature::Time => self.time(),
            Feature::User(_) => self.auto,
            other => self.features.asks(other),
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
            other => self.features.chosen(other),
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

    /// Whether this passes along an argument of a type that `earlier` did not.
    pub(crate) fn has_new_argument(&self, earlier: &Settings) -> bool {
        let passed = |argument: &Arc<dyn Any + Send + Sync>| {
            earlier
                .arguments
                .iter()
                .any(|other| (**other).type_id() == (**argument).type_id())
        };
        !self.arguments.iter().all(passed)
    }

    /// What both ask for together.
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
        self.arguments.extend(earlier.arguments);
        self
    }
}
