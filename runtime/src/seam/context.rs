//! What belongs to one thread, native or green: who it is, and where its own values are kept.
#![allow(unsafe_code)]

use std::cell::{Cell, OnceCell, RefCell};
use std::num::NonZeroU64;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::local::Locals;
use super::os_thread;
use crate::patch::scope::ScopeHandle;
use crate::patchable;

/// Who a thread is. Shared by all handles to it.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) id: NonZeroU64,
    pub(crate) name: Option<Box<str>>,
    /// The token of park and unpark; its address is what a parked thread waits on.
    pub(crate) token: AtomicU32,
}

impl Identity {
    /// A new identity, whose number no other thread has had.
    pub(crate) fn new(name: Option<Box<str>>) -> Arc<Self> {
        Self::with_id(next_id(), name)
    }

    fn with_id(id: NonZeroU64, name: Option<Box<str>>) -> Arc<Self> {
        Arc::new(Identity {
            id,
            name,
            token: AtomicU32::new(0),
        })
    }
}

/// What a green thread has of its own, on its stack, while it runs.
pub(crate) struct Context {
    pub(crate) identity: Arc<Identity>,
    pub(crate) locals: Locals,
    /// The scope of overrides that it is in.
    pub(crate) scope: RefCell<ScopeHandle>,
}

/// The context of the green thread that runs, if one does. It stays where it is until that green
/// thread has ended.
#[patchable]
#[inline]
pub(crate) fn green() -> Option<NonNull<Context>> {
    None
}

thread_local! {
    static NATIVE: OnceCell<Arc<Identity>> = const { OnceCell::new() };
    // Outlives `NATIVE`, so that an OS thread keeps its number while it is torn down.
    static NATIVE_ID: Cell<Option<NonZeroU64>> = const { Cell::new(None) };
}

/// Who runs.
pub(crate) fn identity() -> Arc<Identity> {
    if let Some(context) = green() {
        // SAFETY: it is the context of the green thread that runs this, so that has not ended.
        return unsafe { context.as_ref() }.identity.clone();
    }
    NATIVE
        .try_with(|identity| identity.get_or_init(new_native).clone())
        .unwrap_or_else(|_| new_native())
}

/// The number of the thread that runs.
pub(crate) fn number() -> NonZeroU64 {
    if let Some(context) = green() {
        // SAFETY: it is the context of the green thread that runs this, so that has not ended.
        return unsafe { context.as_ref() }.identity.id;
    }
    NATIVE_ID.get().unwrap_or_else(|| identity().id)
}

/// Who an OS thread is, that greenpatch has just started. On that thread, before anything else.
pub(crate) fn adopt(identity: Arc<Identity>) {
    NATIVE_ID.set(Some(identity.id));
    NATIVE.with(|native| {
        native
            .set(identity)
            .expect("a new OS thread has no identity yet")
    });
}

/// The identity of an OS thread that greenpatch has not started.
fn new_native() -> Arc<Identity> {
    let id = NATIVE_ID.get().unwrap_or_else(|| {
        if os_thread::is_main_thread() {
            MAIN
        } else {
            next_id()
        }
    });
    NATIVE_ID.set(Some(id));
    Identity::with_id(id, std::thread::current().name().map(Box::from))
}

/// The number of the main thread, as in std.
const MAIN: NonZeroU64 = NonZeroU64::MIN;

fn next_id() -> NonZeroU64 {
    static LAST: AtomicU64 = AtomicU64::new(MAIN.get());
    NonZeroU64::new(LAST.fetch_add(1, Ordering::Relaxed) + 1)
        .expect("2^64 threads are more than a process can start")
}
