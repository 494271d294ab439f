//! The calls that patch, and the builder that holds what `patch_all` can be told.
#![forbid(unsafe_code)]

use std::any::Any;

use super::apply;
use super::plan::Plan;
use crate::patch::error::PatchError;
use crate::patch::events::report::{Patched, Report};
use crate::patch::events::settings::Settings;
use crate::patch::events::thread_options::ThreadOptions;
use crate::patch::feature::Feature;
use crate::patch::lookup::resolve;
use crate::patch::lookup::resolve::Named;
use crate::patch::table::slot::Slot;

/// Patches all built-in modules but `std::fs`, and the source modules marked `auto`.
///
/// Subscribers and plugins are told, and may cancel, as [`events`](crate::events) says. A feature
/// that is cancelled leaves the others alone; the report has a line for each. Called again, it
/// patches what is still left, which includes what was cancelled or left out the first time.
///
/// One OS thread patches at a time; another that wants to waits for its turn. The functions that are
/// patched may be called meanwhile: each call sees the old or the new one.
///
/// # Errors
///
/// An error that is found before anybody is asked changes nothing: a conflict between replacements,
/// or a call from a stage that is itself deciding whether to patch all. If a did stage objects, what it speaks of
/// stays patched; the features after it are patched and the closing events come before the error is returned.
///
/// # Panics
///
/// Passes on a panic of a hook or a subscriber. At a will stage it leaves the feature as it was, and those after it are
/// not reached; at a did stage it undoes nothing, and what is still to be done is done first.
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

/// Patches `std::thread`, `std::sync` and `thread_local!` as one feature, and `thread::sleep` with
/// them. [`ThreadOptions`] leaves parts of it native.
///
/// # Safety of native thread-locals
///
/// Green threads of one OS thread share the thread-locals of code that was not annotated. It is undefined
/// behaviour if the expression that makes such a value waits through annotated code, so that another green
/// thread makes one meanwhile: `std::thread_local!` drops the first of two values though it may be in use. No
/// function here can be `unsafe` for it, since it takes code that knows nothing of the patch: do not hand
/// such code a callback that waits. [`thread_local!`](crate::thread_local) of this crate has no such limit.
///
/// # Errors
///
/// As [`patch_all`], and when the system has no resources for green threads.
///
/// # Panics
///
/// As [`patch_all`].
pub fn patch_thread() -> Result<Patched, PatchError> {
    ThreadOptions::new().apply()
}

/// Patches `thread::sleep`.
///
/// # Errors
///
/// As [`patch_all`].
///
/// # Panics
///
/// As [`patch_all`].
pub fn patch_time() -> Result<Patched, PatchError> {
    feature(Feature::Time)
}

/// Patches the standard streams: a thread that waits for input on `stdin`, or for the lock of one of
/// the streams, lets other green threads run.
///
/// # Errors
///
/// As [`patch_all`].
///
/// # Panics
///
/// As [`patch_all`].
pub fn patch_stdio() -> Result<Patched, PatchError> {
    feature(Feature::Stdio)
}

/// Patches sockets: `std::net` and `std::os::unix::net`.
///
/// # Errors
///
/// As [`patch_all`].
///
/// # Panics
///
/// As [`patch_all`].
pub fn patch_net() -> Result<Patched, PatchError> {
    feature(Feature::Net)
}

/// Patches looking up names, which then runs on helper threads.
///
/// # Errors
///
/// As [`patch_all`].
///
/// # Panics
///
/// As [`patch_all`].
pub fn patch_dns() -> Result<Patched, PatchError> {
    feature(Feature::Dns)
}

/// Patches `std::process` and `std::io::pipe`: a thread that waits for a child process, or on a pipe, lets
/// other green threads run.
///
/// # Errors
///
/// As [`patch_all`].
///
/// # Panics
///
/// As [`patch_all`].
pub fn patch_process() -> Result<Patched, PatchError> {
    feature(Feature::Process)
}

/// Patches `std::fs`, which then reads and writes on helper threads.
///
/// [`patch_all`] leaves it out unless [`Patcher::fs`] asks for it: a local file is mostly in memory, and
/// is read in place in a tenth of the time that another thread needs to be woken for it. It is for disks and network file systems
/// that are slow enough to keep other green threads waiting.
///
/// # Errors
///
/// As [`patch_all`].
///
/// # Panics
///
/// As [`patch_all`].
pub fn patch_fs() -> Result<Patched, PatchError> {
    feature(Feature::Fs)
}

fn feature(feature: Feature) -> Result<Patched, PatchError> {
    let mut settings = Settings::nothing();
    settings.set(feature, true);
    apply::one(settings, || Plan::feature(feature))
}

impl ThreadOptions {
    /// Patches with these options; see [`patch_thread`].
    ///
    /// # Errors
    ///
    /// As [`patch_thread`].
    ///
    /// # Panics
    ///
    /// As [`patch_all`].
    pub fn apply(self) -> Result<Patched, PatchError> {
        let mut settings = Settings::nothing();
        settings.set_thread(Some(self));
        settings.set(Feature::Time, self.has_time());
        apply::one(settings, || Plan::thread(self))
    }
}

/// What [`patch_all`] can be told: which features, and how green threads run. All features but
/// [`fs`](Patcher::fs) are on unless turned off.
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
/// What is no option does not compile:
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
    /// Everything on.
    pub fn new() -> Self {
        Patcher {
            settings: Settings::all(),
        }
    }

    /// Whether threads, locks and `thread_local!` go green: `true`, `false`, or [`ThreadOptions`].
    /// Sleep goes green if both these options and [`time`](Patcher::time) say so.
    pub fn thread(mut self, options: impl Into<ThreadChoice>) -> Self {
        self.settings.set_thread(options.into().0);
        self
    }

    /// Whether `thread::sleep` goes green.
    pub fn time(self, on: bool) -> Self {
        self.choose(Feature::Time, on)
    }

    /// Whether `stdin`, `stdout`, `stderr` and the print macros go green; see [`patch_stdio`].
    pub fn stdio(self, on: bool) -> Self {
        self.choose(Feature::Stdio, on)
    }

    /// Whether sockets go green; see [`patch_net`].
    pub fn net(self, on: bool) -> Self {
        self.choose(Feature::Net, on)
    }

    /// Whether names are looked up on helper threads; see [`patch_dns`].
    pub fn dns(self, on: bool) -> Self {
        self.choose(Feature::Dns, on)
    }

    /// Whether child processes and pipes go green; see [`patch_process`].
    pub fn process(self, on: bool) -> Self {
        self.choose(Feature::Process, on)
    }

    /// Whether files are read and written on helper threads, which is off unless turned on; see
    /// [`patch_fs`].
    pub fn fs(self, on: bool) -> Self {
        self.choose(Feature::Fs, on)
    }

    /// Whether source modules marked `auto` are patched.
    pub fn auto(mut self, on: bool) -> Self {
        self.settings.set_auto(on);
        self
    }

    /// The size of the stacks of green threads, in bytes, for those that ask for none themselves.
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.settings.set_stack_size(bytes);
        self
    }

    /// The number of OS threads that run green threads. Without it, those started on the patching
    /// thread run on it.
    pub fn workers(mut self, workers: usize) -> Self {
        self.settings.set_workers(workers);
        self
    }

    /// Passes something along to subscribers and plugins, which find it by its type, by
    /// [`Settings::argument`]. Given to a later call, with a type that is new, the events of
    /// `patch_all` run once more, though nothing may be left to patch.
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

    fn choose(mut self, feature: Feature, on: bool) -> Self {
        self.settings.set(feature, on);
        self
    }
}

impl Default for Patcher {
    fn default() -> Self {
        Patcher::new()
    }
}

/// What [`Patcher::thread`] takes.
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

/// Patches a module: with a source module, or with the replacements found under a name.
///
/// A name is the path of a source module, or of another module; leading segments may be left out. The path of
/// another module means the replacements that stand in no source module and are for this module, or are
/// written in it; if there are none, the only source module that has it for its target. What is patched is
/// the whole feature that the source module belongs to.
///
/// # Errors
///
/// Nothing of that name, or more than one; a source module that implements nothing; more than one
/// replacement for an item; and as [`patch_all`].
///
/// # Panics
///
/// As [`patch_all`].
pub fn patch_module(source: impl Into<Named>) -> Result<Patched, PatchError> {
    let named = source.into();
    apply::one(Settings::nothing(), || {
        Plan::found(&resolve::source(named)?)
    })
}

/// Patches these items of a module, and leaves the others as they are.
///
/// # Errors
///
/// As [`patch_module`], and an item that the source module does not implement.
///
/// # Panics
///
/// As [`patch_all`].
pub fn patch_module_items(source: impl Into<Named>, items: &[&str]) -> Result<Patched, PatchError> {
    let named = source.into();
    apply::one(Settings::nothing(), || {
        let found = resolve::source(named)?;
        let mut plan = Plan::found(&found)?;
        plan.only(&found, items)?;
        Ok(plan)
    })
}

/// Replaces one function, with no hook and no event.
///
/// # Examples
///
/// ```
/// use greenpatch::{patch_item, patch_point, patchable};
///
/// #[patchable]
/// fn price(pieces: u32) -> u32 {
///     5 * pieces
/// }
///
/// fn reduced(pieces: u32) -> u32 {
///     patch_point!(price).original()(pieces) - 1
/// }
///
/// assert!(patch_item(patch_point!(price), reduced).is_done());
/// assert_eq!(price(2), 9);
/// ```
///
/// In the place of an `async fn` stands a function that returns its future in a box:
///
/// ```
/// use greenpatch::{patch_item, patch_point, patchable};
/// use std::pin::Pin;
///
/// #[patchable]
/// async fn load(name: &str) -> usize {
///     name.len()
/// }
///
/// async fn cached(name: &str) -> usize {
///     name.len() + 1
/// }
///
/// fn boxed(name: &str) -> Pin<Box<dyn Future<Output = usize> + Send + '_>> {
///     Box::pin(cached(name))
/// }
///
/// assert!(patch_item(patch_point!(load), boxed).is_done());
/// ```
#[track_caller]
pub fn patch_item<F: Copy, D: ?Sized>(point: &'static Slot<F, D>, function: F) -> Patched {
    if let Some(forbidden) = Patched::forbidden() {
        return forbidden;
    }
    point.set(function);
    Patched::Done(Report::of_item(point.raw().site()))
}
