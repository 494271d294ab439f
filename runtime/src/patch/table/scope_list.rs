//! The list of scopes, from the innermost outwards.
#![forbid(unsafe_code)]

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::entries;
use super::slot::RawSlot;

/// The scope that a thread is in. A thread that it starts inherits a clone. Without a scope, cloning and entering it cost
/// nothing.
#[derive(Clone, Default)]
pub(crate) struct ScopeHandle {
    pub(super) innermost: Option<Arc<Node>>,
}

impl ScopeHandle {
    /// Creates a scope inside this one.
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

/// One scope, and the scopes around it. The table counts it as long as a thread may be in it.
pub(super) struct Node {
    pub(super) change: Change,
    pub(super) outer: ScopeHandle,
}

pub(super) enum Change {
    /// Originals run.
    Native,
    /// These items are overridden.
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
        // The closures are dropped after this function, when the table's lock has been released.
        match &self.change {
            Change::Native => entries::end_native(),
            Change::Overrides(items) => entries::end_override(items.iter().map(|item| item.raw)),
        }
    }
}

/// The number of scopes in the process.
static SCOPES: AtomicUsize = AtomicUsize::new(0);

/// Returns whether there are scopes, so that the running thread may be in one.
#[inline]
pub(super) fn are_there_any() -> bool {
    // Relaxed suffices: a scope that the running thread is in was added before the thread entered it,
    // and is removed after the thread has left it. The additions and removals of other scopes cancel out.
    SCOPES.load(Ordering::Relaxed) > 0
}
