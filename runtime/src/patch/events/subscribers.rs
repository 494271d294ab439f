//! Subscribers: the functions that the program registers for an event.
#![forbid(unsafe_code)]

use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::event::{
    DidPatchAll, DidPatchBuiltinModules, DidPatchModule, WillPatchAll, WillPatchModule,
};
use super::veto::DoNotPatch;

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
pub(crate) enum Listener {
    WillPatchAll(Arc<Ask<WillPatchAll>>),
    WillPatchModule(Arc<AskToEdit<WillPatchModule>>),
    DidPatchModule(Arc<Ask<DidPatchModule>>),
    DidPatchBuiltinModules(Arc<Ask<DidPatchBuiltinModules>>),
    DidPatchAll(Arc<Ask<DidPatchAll>>),
}

#[derive(Clone)]
pub(crate) struct Subscriber {
    id: u64,
    pub(crate) at: &'static Location<'static>,
    pub(crate) listener: Listener,
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
pub(crate) fn subscribers() -> Vec<Subscriber> {
    lock().clone()
}

fn lock() -> MutexGuard<'static, Vec<Subscriber>> {
    SUBSCRIBERS.lock().unwrap_or_else(PoisonError::into_inner)
}
