//! What is announced while patching, and how to listen.
//!
//! For each feature, in this order:
//!
//! 1. for each of its modules: the source module's will hook, then [`WillPatchModule`] to subscribers
//!    in the order in which they subscribed, then to plugins in the order of their names;
//! 2. all items are replaced at once;
//! 3. for each of its modules: the did hook, then [`DidPatchModule`] likewise.
//!
//! `patch_all` announces [`WillPatchAll`] before the first feature, [`DidPatchBuiltinModules`] after
//! the built-in ones, and [`DidPatchAll`] at the end.
//!
//! [`DoNotPatch`] at a will stage cancels, and no further stage is asked. At a did stage it comes too late: the
//! others are told all the same, `patch_all` goes on with the next feature, and at its end the call
//! fails. A panic of a did stage is passed on at the end, likewise.
//!
//! A did stage may patch. `patch_all` in a did stage of `patch_all` patches what it asks for beyond the outer call;
//! where that is nothing, it returns [`AlreadyPatched`](crate::Patched::AlreadyPatched).
#![forbid(unsafe_code)]

use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::options::Settings;
use super::outcome::{DoNotPatch, Report};
use super::registry::Replacement;
use super::slot::Slot;
use super::source::Feature;
use super::table;
use super::warnings;

/// A module is about to be patched. Its items may be edited; [`DoNotPatch`] cancels its feature.
#[derive(Debug)]
pub struct WillPatchModule {
    pub(super) feature: Feature,
    pub(super) module: &'static str,
    pub(super) source: &'static str,
    pub(super) items: Vec<Replacement>,
    pub(super) settings: Arc<Settings>,
}

/// A module was patched.
#[derive(Debug)]
pub struct DidPatchModule {
    pub(super) feature: Feature,
    pub(super) module: &'static str,
    pub(super) source: &'static str,
    pub(super) items: Vec<&'static str>,
    pub(super) settings: Arc<Settings>,
}

/// `patch_all` is about to begin. [`DoNotPatch`] cancels all of it.
#[derive(Debug)]
pub struct WillPatchAll {
    pub(super) features: Vec<Feature>,
    pub(super) modules: Vec<&'static str>,
    pub(super) settings: Arc<Settings>,
}

/// `patch_all` has gone through the built-in modules. The place to patch those of third parties.
#[derive(Debug)]
pub struct DidPatchBuiltinModules {
    pub(super) report: Report,
    pub(super) settings: Arc<Settings>,
}

/// `patch_all` is done.
#[derive(Debug)]
pub struct DidPatchAll {
    pub(super) report: Report,
    pub(super) settings: Arc<Settings>,
}

impl WillPatchModule {
    /// The feature that the module belongs to.
    pub fn feature(&self) -> Feature {
        self.feature
    }

    /// The target module.
    pub fn module(&self) -> &'static str {
        self.module
    }

    /// The source module.
    pub fn source(&self) -> &'static str {
        self.source
    }

    /// The names of the items that will be replaced, and of those that a call asks for again which are replaced
    /// already. The list is this call's own.
    pub fn items(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.items.iter().flat_map(Replacement::names)
    }

    /// Leaves an item out; whether it was in the list. What is replaced already stays so. What is left out
    /// now is asked about again by a later call.
    ///
    /// Functions of std that wait by the same means, as `Mutex::lock` and `RwLock::read`, go together: with one of them the
    /// others are left out.
    pub fn remove(&mut self, item: &str) -> bool {
        let before = self.items.len();
        self.items.retain(|other| !other.is_choice(item));
        self.items.len() < before
    }

    /// Leaves out the items whose names `keep` refuses, and what goes together with one of them.
    pub fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) {
        self.items.retain(|item| item.names().all(&mut keep));
    }

    /// Adds an item, or gives another replacement for it.
    #[track_caller]
    pub fn replace<F: Copy, D: ?Sized>(&mut self, point: &'static Slot<F, D>, function: F) {
        let site = table::calling_site("WillPatchModule::replace", Location::caller());
        let item = Replacement::new(point, function, site);
        let id = table::Id::of(item.raw());
        self.items.retain(|other| table::Id::of(other.raw()) != id);
        self.items.push(item);
    }

    /// What the call asked for.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Queues a warning, written once when the call is over.
    pub fn warn(&self, text: impl Into<String>) {
        warnings::queue(text.into());
    }
}

impl DidPatchModule {
    /// The feature that the module belongs to.
    pub fn feature(&self) -> Feature {
        self.feature
    }

    /// The target module, by the same name that [`WillPatchModule::module`] gave.
    pub fn module(&self) -> &'static str {
        self.module
    }

    /// The source module.
    pub fn source(&self) -> &'static str {
        self.source
    }

    /// The names of the items that are replaced: by this call, or by an earlier one that asked for a part.
    pub fn items(&self) -> &[&'static str] {
        &self.items
    }

    /// What the call asked for.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Queues a warning, written once when the call is over.
    pub fn warn(&self, text: impl Into<String>) {
        warnings::queue(text.into());
    }
}

impl WillPatchAll {
    /// The features with something left to patch, in the order in which they will be patched.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// Whether a feature has something left to patch.
    pub fn will_patch(&self, feature: Feature) -> bool {
        self.features.contains(&feature)
    }

    /// Whether a target module has something left to patch.
    pub fn will_patch_module(&self, module: &str) -> bool {
        self.modules.contains(&module)
    }

    /// What the call asked for.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Queues a warning, written once when the call is over.
    pub fn warn(&self, text: impl Into<String>) {
        warnings::queue(text.into());
    }
}

impl DidPatchBuiltinModules {
    /// What became of the built-in features.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// What the call asked for.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Queues a warning, written once when the call is over.
    pub fn warn(&self, text: impl Into<String>) {
        warnings::queue(text.into());
    }
}

impl DidPatchAll {
    /// What became of every feature.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// What the call asked for.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Queues a warning, written once when the call is over.
    pub fn warn(&self, text: impl Into<String>) {
        warnings::queue(text.into());
    }
}

/// Asks `subscriber` before everything that `patch_all` does.
#[track_caller]
pub fn on_will_patch_all<S>(subscriber: S) -> Subscription
where
    S: Fn(&WillPatchAll) -> Result<(), DoNotPatch> + Send + Sync + 'static,
{
    subscribe(
        Listener::WillPatchAll(Arc::new(subscriber)),
        Location::caller(),
    )
}

/// Asks `subscriber` before each module that is patched.
///
/// # Examples
///
/// ```
/// use greenpatch::events;
///
/// let subscription = events::on_will_patch_module(|event| {
///     if event.module() == "std::thread" {
///         event.remove("sleep");
///     }
///     Ok(())
/// });
/// subscription.unsubscribe();
/// ```
#[track_caller]
pub fn on_will_patch_module<S>(subscriber: S) -> Subscription
where
    S: Fn(&mut WillPatchModule) -> Result<(), DoNotPatch> + Send + Sync + 'static,
{
    subscribe(
        Listener::WillPatchModule(Arc::new(subscriber)),
        Location::caller(),
    )
}

/// Tells `subscriber` of each module that was patched.
#[track_caller]
pub fn on_did_patch_module<S>(subscriber: S) -> Subscription
where
    S: Fn(&DidPatchModule) -> Result<(), DoNotPatch> + Send + Sync + 'static,
{
    subscribe(
        Listener::DidPatchModule(Arc::new(subscriber)),
        Location::caller(),
    )
}

/// Tells `subscriber` when `patch_all` has gone through the built-in modules.
#[track_caller]
pub fn on_did_patch_builtin_modules<S>(subscriber: S) -> Subscription
where
    S: Fn(&DidPatchBuiltinModules) -> Result<(), DoNotPatch> + Send + Sync + 'static,
{
    subscribe(
        Listener::DidPatchBuiltinModules(Arc::new(subscriber)),
        Location::caller(),
    )
}

/// Tells `subscriber` when `patch_all` is done.
#[track_caller]
pub fn on_did_patch_all<S>(subscriber: S) -> Subscription
where
    S: Fn(&DidPatchAll) -> Result<(), DoNotPatch> + Send + Sync + 'static,
{
    subscribe(
        Listener::DidPatchAll(Arc::new(subscriber)),
        Location::caller(),
    )
}

/// One subscription. It lasts until it is ended by [`unsubscribe`](Subscription::unsubscribe), also
/// when this is dropped.
#[derive(Debug)]
pub struct Subscription {
    id: u64,
}

impl Subscription {
    /// Ends it. An event that is just being announced may still arrive.
    pub fn unsubscribe(self) {
        let mut subscribers = lock();
        let at = subscribers
            .iter()
            .position(|subscriber| subscriber.id == self.id);
        let gone = at.map(|at| subscribers.remove(at));
        // What a closure owns is dropped when the lock is not held: it may be anything.
        drop(subscribers);
        drop(gone);
    }
}

type Ask<E> = dyn Fn(&E) -> Result<(), DoNotPatch> + Send + Sync;
type AskToEdit<E> = dyn Fn(&mut E) -> Result<(), DoNotPatch> + Send + Sync;

#[derive(Clone)]
pub(super) enum Listener {
    WillPatchAll(Arc<Ask<WillPatchAll>>),
    WillPatchModule(Arc<AskToEdit<WillPatchModule>>),
    DidPatchModule(Arc<Ask<DidPatchModule>>),
    DidPatchBuiltinModules(Arc<Ask<DidPatchBuiltinModules>>),
    DidPatchAll(Arc<Ask<DidPatchAll>>),
}

#[derive(Clone)]
pub(super) struct Subscriber {
    id: u64,
    pub(super) at: &'static Location<'static>,
    pub(super) listener: Listener,
}

static SUBSCRIBERS: Mutex<Vec<Subscriber>> = Mutex::new(Vec::new());

fn subscribe(listener: Listener, at: &'static Location<'static>) -> Subscription {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    // A number of its own is all that is wanted; nothing else is ordered by it.
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    lock().push(Subscriber { id, at, listener });
    Subscription { id }
}

/// Those subscribed now, in order.
pub(super) fn subscribers() -> Vec<Subscriber> {
    lock().clone()
}

fn lock() -> MutexGuard<'static, Vec<Subscriber>> {
    SUBSCRIBERS.lock().unwrap_or_else(PoisonError::into_inner)
}
