//! The list of scopes, from the innermost outwards.
#![forbid(unsafe_code)]

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::entries;
use super::slot::RawSlot;

/// The scope that a thread is in, to be taken along to those that it starts. Costs nothing where
/// there is none.
#[derive(Clone, Default)]
pub(crate) struct ScopeHandle {
    pub(super) innermost: Option<Arc<Node>>,
}

impl ScopeHandle {
    /// The scope inside this one that makes that change.
    pub(super) fn with(self, change: Change) -> ScopeHandle {
        match &change {
            Change::Native => entries::begin_native(),
            Change::Overrides(items) => entries::begin_override(items.iter().map(|item| item.raw)),
        }
        SCOPES.fetch_add(1, Ordering::Relaxed);
        ScopeHandle {
            innermost: Some(Arc::new(Node {
                change,
                outer: self,
            })),
        }
    }
}

/// One scope, and those around it. It counts in the table as long as a thread may be in it.
pub(super) struct Node {
    pub(super) change: Change,
    pub(super) outer: ScopeHandle,
}

pub(super) enum Change {
    /// Originals run.
    Native,
    /// These are overridden.
    Overrides(Vec<Override>),
}

pub(super) struct Override {
    pub(super) raw: &'static RawSlot,
    /// An `Arc<D>`, where `D` is the slot's.
    pub(super) closure: Box<dyn Any + Send + Sync>,
}

impl Drop for Node {
    fn drop(&mut self) {
        SCOPES.fetch_sub(1, Ordering::Relaxed);
        // The closures are dropped after this, when the table's lock is free again.
        match &self.change {
            Change::Native => entries::end_native(),
            Change::Overrides(items) => entries::end_override(items.iter().map(|item| item.raw)),
        }
    }
}

/// How many scopes there are in the process.
static SCOPES: AtomicUsize = AtomicUsize::new(0);

/// Whether there are any scopes, so that the running thread may be in one.
#[inline]
pub(super) fn are_there_any() -> bool {
    // Relaxed is enough: a scope that the running thread is in was counted before this thread came into it,
    // and is counted until after it has left it. What others count and discount cancels out.
    SCOPES.load(Ordering::Relaxed) > 0
}
