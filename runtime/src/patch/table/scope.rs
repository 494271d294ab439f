//! Overrides that apply in one closure and in the threads that it starts.
//!
//! While a scope overrides a patch point, the slot contains the trampoline of the patch point, which calls the result of
//! [`Slot::scoped`]. Scopes form a list from the innermost outwards. Each thread stores
//! the scope that it is in: a native thread in a thread-local here, a green thread as its
//! [`scheduler`] decides.
//!
//! Invariants:
//! 1. The function pointers of a slot are of the slot's own type `F`: see `slot`.
#![allow(unsafe_code)]

use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::entries::Id;
use super::scheduler;
use super::scope_list::{Change, Override, ScopeHandle, are_there_any};
use super::slot::{self, Scoped, Slot};

/// Runs `body` with one function overridden, in this thread and in the threads that it starts in `body`.
///
/// gevent has no counterpart. Other threads do not see the override, so tests can run concurrently. A thread that annotated
/// code starts, by [`thread`](crate::thread), inherits the override. A thread that code that is not annotated starts, by
/// `std::thread::spawn`, does not, and neither do the threads that it starts in turn. The closure may
/// capture values. Every call of the function in the scope runs it, including calls by the closure
/// itself, which can call the original by [`Slot::original`]. Scopes nest, and the innermost one applies.
///
/// # Examples
///
/// ```
/// use greenpatch::{override_item, patch_point, patchable};
///
/// #[patchable]
/// fn today() -> String {
///     "Monday".to_owned()
/// }
///
/// fn greeting() -> String {
///     format!("It is {}.", today())
/// }
///
/// let day = "Sunday".to_owned();
/// let greeted = override_item(patch_point!(today), Box::new(move || day.clone()), greeting);
/// assert_eq!(greeted, "It is Sunday.");
/// assert_eq!(greeting(), "It is Monday.");
/// ```
///
/// # Panics
///
/// Resumes a panic of `body` after the override has ended.
pub fn override_item<F: Copy, D, R>(
    point: &'static Slot<F, D>,
    closure: Box<D>,
    body: impl FnOnce() -> R,
) -> R
where
    D: ?Sized + Send + Sync + 'static,
{
    Overrides::new().item(point, closure).run(body)
}

/// Runs `body` with the original functions, in this thread and in the threads that it starts, as if nothing were
/// patched. Overrides inside `body` apply. See [`override_item`] for the threads that this affects.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// // Blocks the OS thread, and all green threads on it, even if sleep is patched.
/// greenpatch::native(|| greenpatch::thread::sleep(Duration::from_millis(1)));
/// ```
///
/// # Panics
///
/// Resumes a panic of `body` after the scope has ended.
pub fn native<R>(body: impl FnOnce() -> R) -> R {
    let _entered = capture().with(Change::Native).enter();
    body()
}

/// Several overrides for one scope; see [`override_item`].
#[derive(Default)]
#[must_use = "`run` runs the scope"]
pub struct Overrides {
    items: Vec<Override>,
}

impl Overrides {
    /// Creates an empty set of overrides.
    pub const fn new() -> Self {
        Overrides { items: Vec::new() }
    }

    /// Overrides a function with a closure. If a function is overridden twice, the last closure applies.
    pub fn item<F: Copy, D>(mut self, point: &'static Slot<F, D>, closure: Box<D>) -> Self
    where
        D: ?Sized + Send + Sync + 'static,
    {
        let closure: Arc<D> = Arc::from(closure);
        self.items.push(Override {
            raw: point.raw(),
            closure: Box::new(closure),
        });
        self
    }

    /// Runs `body` with these overrides, in this thread and in the threads that it starts in `body`.
    ///
    /// # Panics
    ///
    /// Resumes a panic of `body` after the overrides have ended.
    pub fn run<R>(self, body: impl FnOnce() -> R) -> R {
        let _entered = capture().with(Change::Overrides(self.items)).enter();
        body()
    }
}

impl fmt::Debug for Overrides {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.items.iter().map(|item| item.raw.site()))
            .finish()
    }
}

/// A guard that leaves the scope when it is dropped by the thread that entered it.
pub(crate) struct Entered {
    /// The scope to return to, or `None` if there was no scope to enter.
    outer: Option<ScopeHandle>,
    not_send: PhantomData<*const ()>,
}

/// Returns the scope that the running thread is in.
#[inline]
pub(crate) fn capture() -> ScopeHandle {
    if are_there_any() {
        current()
    } else {
        ScopeHandle::default()
    }
}

#[cold]
fn current() -> ScopeHandle {
    scheduler::get().map_or_else(native_current, |scheduler| (scheduler.current_scope)())
}

impl ScopeHandle {
    /// Enters the scope until the guard is dropped.
    #[inline]
    pub(crate) fn enter(self) -> Entered {
        let nothing = self.innermost.is_none() && !are_there_any();
        Entered {
            outer: (!nothing).then(|| replace(self)),
            not_send: PhantomData,
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        if let Some(outer) = self.outer.take() {
            drop(replace(outer));
        }
    }
}

#[cold]
fn replace(scope: ScopeHandle) -> ScopeHandle {
    match scheduler::get() {
        Some(scheduler) => (scheduler.replace_scope)(scope),
        None => native_replace(scope),
    }
}

thread_local! {
    static CURRENT: RefCell<ScopeHandle> = const { RefCell::new(ScopeHandle { innermost: None }) };
}

/// Returns the scope that this OS thread is in. There is none after the thread-local has been destroyed.
pub(crate) fn native_current() -> ScopeHandle {
    CURRENT
        .try_with(|current| current.borrow().clone())
        .unwrap_or_default()
}

/// Sets the scope of this OS thread and returns the previous one.
pub(crate) fn native_replace(scope: ScopeHandle) -> ScopeHandle {
    CURRENT
        .try_with(|current| current.replace(scope))
        .unwrap_or_default()
}

impl<F: Copy, D: ?Sized + 'static> Slot<F, D> {
    /// Returns the function or closure that the trampoline calls.
    pub fn scoped(&self) -> Scoped<F, D> {
        let scope = capture();
        let mut next = &scope;
        while let Some(node) = &next.innermost {
            match &node.change {
                Change::Native => return Scoped::Pointer(self.original()),
                Change::Overrides(items) => {
                    let id = Id::of(self.raw());
                    let found = items.iter().rev().find(|item| Id::of(item.raw) == id);
                    let closure = found.and_then(|item| item.closure.downcast_ref::<Arc<D>>());
                    if let Some(closure) = closure {
                        return Scoped::Closure(Arc::clone(closure));
                    }
                }
            }
            next = &node.outer;
        }
        // SAFETY: by invariant 1 the slot's function was erased from an `F`.
        let global = self
            .raw()
            .global()
            .map(|function| unsafe { slot::restore(function) });
        Scoped::Pointer(global.unwrap_or(self.original()))
    }
}
