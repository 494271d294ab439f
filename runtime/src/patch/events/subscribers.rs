//! Subscribers: the functions that the program registers for an event.
#![forbid(unsafe_code)]

use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::cycle_found::CycleFound;
use super::event::{
    DidPatchAll, DidPatchBuiltinModules, DidPatchModule, WillPatchAll, WillPatchModule,
    for_each_event,
};
use super::hub_blocked::HubBlocked;
use super::veto::DoNotPatch;

/// A subscription to an event. It lasts until [`unsubscribe`](Subscription::unsubscribe) ends it, even if
/// this value is dropped.
#[derive(Debug)]
pub struct Subscription {
    id: u64,
}

impl Subscription {
    /// Ends the subscription. An event that is being announced may still reach the subscriber.
    pub fn unsubscribe(self) {
        let mut subscribers = lock();
        let at = subscribers
            .iter()
            .position(|subscriber| subscriber.id == self.id);
        let removed = at.map(|at| subscribers.remove(at));
        // The closure is dropped after the lock: dropping its captures runs arbitrary code.
        drop(subscribers);
        drop(removed);
    }
}

/// Defines the functions that subscribe, and the type of what they register.
macro_rules! subscriptions {
    ($($(#[$doc:meta])* $subscribe:ident, $method:ident, [$($borrow:tt)+], $event:ident;)*) => {
        /// A subscriber's function, by the event that it is called for.
        #[derive(Clone)]
        pub(crate) enum Listener {
            $($event(Arc<dyn Fn($($borrow)+ $event) -> Result<(), DoNotPatch> + Send + Sync>),)*
        }

        $(
            $(#[$doc])*
            #[track_caller]
            pub fn $subscribe<S>(subscriber: S) -> Subscription
            where
                S: Fn($($borrow)+ $event) -> Result<(), DoNotPatch> + Send + Sync + 'static,
            {
                subscribe(Listener::$event(Arc::new(subscriber)), Location::caller())
            }
        )*
    };
}
for_each_event!(subscriptions);

#[derive(Clone)]
pub(crate) struct Subscriber {
    id: u64,
    pub(crate) at: &'static Location<'static>,
    pub(crate) listener: Listener,
}

static SUBSCRIBERS: Mutex<Vec<Subscriber>> = Mutex::new(Vec::new());

fn subscribe(listener: Listener, at: &'static Location<'static>) -> Subscription {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    // Relaxed, because only the uniqueness of the number matters.
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    lock().push(Subscriber { id, at, listener });
    Subscription { id }
}

/// Returns the current subscribers, in the order in which they subscribed.
pub(crate) fn subscribers() -> Vec<Subscriber> {
    lock().clone()
}

fn lock() -> MutexGuard<'static, Vec<Subscriber>> {
    SUBSCRIBERS.lock().unwrap_or_else(PoisonError::into_inner)
}
