//! What belongs to one thread, native or green: who it is, and where its own values are kept.
#![allow(unsafe_code)]

use std::cell::{Cell, OnceCell, RefCell};
use std::num::NonZeroU64;
use std::ptr::NonNull;
use std::sync::Arc;

use super::local::Locals;
use crate::patch::ScopeHandle;
use crate::patchable;
use crate::thread_state::identity::{Identity, MAIN, Who, next_id};
use crate::thread_state::os_thread;
use crate::thread_state::shared::Runner;

/// What a green thread has of its own, on its stack, while it runs.
///
/// Invariant:
/// 1. A context is made by [`live`] alone, and what [`green`] returns is one that `live` has told of and not
///    yet taken back. While it is told of, `who` is there.
pub(crate) struct Context {
    number: NonZeroU64,
    who: NonNull<Who>,
    pub(crate) locals: Locals,
    /// The scope of overrides that it is in.
    pub(crate) scope: RefCell<ScopeHandle>,
}

impl Context {
    /// The name that the green thread was given. Async-signal-safe.
    pub(crate) fn name(&self) -> Option<&str> {
        // SAFETY: by invariant 1.
        unsafe { self.who.as_ref() }.name()
    }
}

/// Lives the life of a green thread, on its own stack. `tell` is told where its context is, and then that
/// there is none any more; `retire` is called before anybody can know that it has ended.
pub(crate) fn live(runner: Runner, tell: impl Fn(Option<NonNull<Context>>), retire: impl FnOnce()) {
    let who = runner.who();
    let context = Context {
        number: who.number(),
        who: NonNull::from(who),
        locals: Locals::default(),
        scope: RefCell::default(),
    };
    let pointer = NonNull::from(&context);
    tell(Some(pointer));
    runner.run();
    context.locals.destroy();
    retire();
    runner.finish(|users| {
        if users {
            tell(Some(pointer));
        } else {
            // Again, since a result that was dropped here may have made values.
            context.locals.destroy();
            tell(None);
        }
    });
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
        let context = unsafe { context.as_ref() };
        // SAFETY: by invariant 1 of `Context`.
        return unsafe { context.who.as_ref() }.identity().clone();
    }
    NATIVE
        .try_with(|identity| identity.get_or_init(new_native).clone())
        .unwrap_or_else(|_| new_native())
}

/// The number of the thread that runs.
pub(crate) fn number() -> NonZeroU64 {
    if let Some(context) = green() {
        // SAFETY: it is the context of the green thread that runs this, so that has not ended.
        return unsafe { context.as_ref() }.number;
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
    Identity::new(id, std::thread::current().name().map(Box::from))
}
