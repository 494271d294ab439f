//! The state that belongs to one thread, native or green: its identity and its thread-local values.
#![allow(unsafe_code)]

use std::cell::{Cell, OnceCell, RefCell};
use std::mem::ManuallyDrop;
use std::num::NonZeroU64;
use std::ptr::NonNull;
use std::sync::Arc;

use crate::boundary;
use crate::patch::ScopeHandle;
use crate::patchable;
use crate::thread_state::identity::{Identity, LazyIdentity, MAIN, next_id};
use crate::thread_state::locals::Locals;
use crate::thread_state::os_thread;
use crate::thread_state::shared::Runner;
use crate::wait::waiting::Waiting;

/// The state of a green thread, which lies on its stack while it runs.
///
/// Invariant:
/// 1. A context is made by [`live`] alone. [`green`] returns one that `live` has published and not yet withdrawn. While
///    it is published, `lazy_identity` is valid.
pub(crate) struct Context {
    number: NonZeroU64,
    /// The number of the thread that has spawned it.
    parent: Option<NonZeroU64>,
    lazy_identity: NonNull<LazyIdentity>,
    pub(crate) locals: Locals,
    /// The scope of overrides that the thread is in.
    pub(crate) scope: RefCell<ScopeHandle>,
    /// What the thread is parked for, and what may end that early. There is nothing to drop once the latter is closed.
    pub(crate) waiting: ManuallyDrop<Waiting>,
}

impl Context {
    /// Returns the name of the green thread, if it was given one. Async-signal-safe.
    pub(crate) fn name(&self) -> Option<&str> {
        // SAFETY: by invariant 1.
        unsafe { self.lazy_identity.as_ref() }.name()
    }

    /// Returns the number of the green thread.
    #[inline]
    pub(crate) fn number(&self) -> NonZeroU64 {
        self.number
    }

    /// Returns the number of the thread that has spawned the green thread.
    pub(crate) fn parent(&self) -> Option<NonZeroU64> {
        self.parent
    }

    /// Returns the identity of the green thread.
    pub(crate) fn lazy_identity(&self) -> &LazyIdentity {
        // SAFETY: by invariant 1.
        unsafe { self.lazy_identity.as_ref() }
    }
}

/// Runs a green thread from start to end, on its own stack.
///
/// `parent` has spawned it. `tell` publishes the context, and withdraws it at the end. `retire` is called before the end can be observed.
///
/// Always inlined: it has one caller, and is most of a short green thread's life.
#[inline(always)]
pub(crate) fn live(
    runner: Runner,
    parent: Option<NonZeroU64>,
    tell: impl Fn(Option<NonNull<Context>>),
    retire: impl FnOnce(),
) {
    let lazy_identity = runner.lazy_identity();
    let context = Context {
        number: lazy_identity.number(),
        parent,
        lazy_identity: NonNull::from(lazy_identity),
        locals: Locals::default(),
        scope: RefCell::default(),
        waiting: ManuallyDrop::new(Waiting::new()),
    };
    let pointer = NonNull::from(&context);
    tell(Some(pointer));
    if lazy_identity.may_be_cancelled() {
        begin_cancelled(&context);
    }
    runner.run(|| context.waiting.interrupts.close());
    context.locals.destroy();
    retire();
    runner.finish(|users| {
        if users {
            tell(Some(pointer));
        } else {
            // Again: the drop of a result may have initialized thread-local values.
            context.locals.destroy();
            tell(None);
        }
    });
}

/// Cancels a green thread that begins, if it was cancelled before, or is in a scope that was.
#[cold]
fn begin_cancelled(context: &Context) {
    let _inside = boundary::enter();
    if context.lazy_identity().is_cancelled() {
        context.waiting.interrupts.cancel();
    }
}

/// Returns the context of the current green thread; none on an OS thread's own stack. It stays valid until that green
/// thread has ended.
#[patchable]
#[inline]
pub(crate) fn green() -> Option<NonNull<Context>> {
    None
}

thread_local! {
    static NATIVE: OnceCell<Arc<Identity>> = const { OnceCell::new() };
    // Outlives `NATIVE`, so that an OS thread keeps its number while its thread-locals are destroyed.
    static NATIVE_ID: Cell<Option<NonZeroU64>> = const { Cell::new(None) };
    // Without a destructor: what it would drop is dropped when the last time-out is left.
    static NATIVE_WAITING: ManuallyDrop<Waiting> = const { ManuallyDrop::new(Waiting::new()) };
}

/// Returns what belongs to the waits of an OS thread's own stack. It lives as long as the OS thread.
#[inline]
pub(crate) fn native_waiting() -> NonNull<Waiting> {
    NATIVE_WAITING.with(|waiting| NonNull::from_ref(&**waiting))
}

/// Returns the identity of the current thread.
pub(crate) fn identity() -> Arc<Identity> {
    if let Some(context) = green() {
        // SAFETY: it is the context of the green thread that runs this code, which therefore has not ended.
        let context = unsafe { context.as_ref() };
        // SAFETY: by invariant 1 of `Context`.
        return unsafe { context.lazy_identity.as_ref() }.identity().clone();
    }
    native_identity()
}

/// Returns the identity of the OS thread, whichever thread runs on it.
pub(crate) fn native_identity() -> Arc<Identity> {
    NATIVE
        .try_with(|identity| identity.get_or_init(new_native).clone())
        .unwrap_or_else(|_| new_native())
}

/// Returns the number of the current thread.
pub(crate) fn number() -> NonZeroU64 {
    if let Some(context) = green() {
        // SAFETY: it is the context of the green thread that runs this code, which therefore has not ended.
        return unsafe { context.as_ref() }.number;
    }
    native_number()
}

/// Returns the number of the OS thread, whichever thread runs on it.
#[inline]
pub(crate) fn native_number() -> NonZeroU64 {
    NATIVE_ID.get().unwrap_or_else(|| native_identity().id)
}

/// Sets the identity of an OS thread that greenpatch has just started. To be called on that thread before any other code.
pub(crate) fn adopt(identity: Arc<Identity>) {
    NATIVE_ID.set(Some(identity.id));
    NATIVE.with(|native| {
        native
            .set(identity)
            .expect("a new OS thread has no identity yet")
    });
}

/// Creates the identity of an OS thread that greenpatch has not started.
fn new_native() -> Arc<Identity> {
    let id = NATIVE_ID.get().unwrap_or_else(|| {
        if os_thread::is_main_thread() {
            MAIN
        } else {
            next_id()
        }
    });
    NATIVE_ID.set(Some(id));
    Identity::new(id, std::thread::current().name().map(Box::from))
}
