//! The scopes whose threads are cancelled, for threads that begin after that.
#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The numbers of the scopes.
static SCOPES: Mutex<BTreeSet<NonZeroU64>> = Mutex::new(BTreeSet::new());
/// How many there are.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Adds a scope.
pub(crate) fn add(scope: NonZeroU64) {
    let mut scopes = lock();
    scopes.insert(scope);
    // Relaxed, here and below: what a hub is sent after this orders it.
    COUNT.store(scopes.len(), Ordering::Relaxed);
}

/// Removes a scope, whose threads have ended.
pub(crate) fn remove(scope: NonZeroU64) {
    let mut scopes = lock();
    scopes.remove(&scope);
    COUNT.store(scopes.len(), Ordering::Relaxed);
}

/// Returns whether a scope was added.
pub(super) fn contain(scope: NonZeroU64) -> bool {
    COUNT.load(Ordering::Relaxed) > 0 && lock().contains(&scope)
}

fn lock() -> MutexGuard<'static, BTreeSet<NonZeroU64>> {
    SCOPES.lock().unwrap_or_else(PoisonError::into_inner)
}
