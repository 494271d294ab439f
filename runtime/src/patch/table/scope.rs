//! Overrides that hold in one closure and in the threads that it starts.
//!
//! While a scope overrides a patch point, the slot holds the point's trampoline, which asks
//! [`Slot::scoped`] what to call here and now. Scopes form a list from the innermost outwards. Which
//! one a thread is in is kept by that thread: natively here, and for a green thread by whoever runs
//! it, through [`scheduler`].
//!
//! Invariants:
//! 1. A slot's function pointers are of the slot's own type `F`: see `slot`.
#![allow(unsafe_code)]

use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::entries::Id;
use super::scheduler;
use super::scope_list::{Change, Override, ScopeHandle, are_there_any};
use super::slot::{self, Scoped, Slot};

/// Runs `body` with one function overridden, in this thread and in those that it starts meanwhile.
///
/// Beyond gevent. No other thread sees the override, so tests can run beside each other. Threads are inside that annotated
/// code starts, by [`thread`](crate::thread); one that `std::thread::spawn` itself starts, in code that is not
/// annotated, is outside, and so are those that it starts in turn. The closure may
/// capture, and is called for every call of the function in the scope, also for those that it makes
/// itself: it reaches the original by [`Slot::original`]. Scopes nest; the innermost counts.
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
/// Passes on a panic of `body`, when the override has ended.
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

/// Runs `body` with originals, in this thread and in those that it starts: as if nothing were
/// patched. Overrides that `body` itself makes hold. Which threads are inside, [`override_item`] says.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// // Holds the OS thread, and all green threads on it, also where sleep is patched.
/// greenpatch::native(|| greenpatch::thread::sleep(Duration::from_millis(1)));
/// ```
///
/// # Panics
///
/// Passes on a panic of `body`, when originals no longer have to run.
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
    /// None yet.
    pub const fn new() -> Self {
        Overrides { items: Vec::new() }
    }

    /// Overrides this function with that closure. The last one for a function counts.
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

    /// Runs `body` with these overrides, in this thread and in those that it starts meanwhile.
    ///
    /// # Panics
    ///
    /// Passes on a panic of `body`, when the overrides have ended.
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

/// A scope is entered, until it is dropped, by the thread that entered it.
pub(crate) struct Entered {
    /// The scope to go back to; none if there was nothing to enter.
    outer: Option<ScopeHandle>,
    not_send: PhantomData<*const ()>,
}

/// The scope that the running thread is in.
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
    /// Enters the scope, until the guard is dropped.
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

/// The scope that this OS thread is in. At the thread's very end there is none.
pub(crate) fn native_current() -> ScopeHandle {
    CURRENT
        .try_with(|current| current.borrow().clone())
        .unwrap_or_default()
}

/// Sets the scope of this OS thread and returns the one before.
pub(crate) fn native_replace(scope: ScopeHandle) -> ScopeHandle {
    CURRENT
        .try_with(|current| current.replace(scope))
        .unwrap_or_default()
}

impl<F: Copy, D: ?Sized + 'static> Slot<F, D> {
    /// What to call here and now, for the trampoline.
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
        // SAFETY: by invariant 1 the slot holds what was made from an `F`.
        let global = self
            .raw()
            .global()
            .map(|function| unsafe { slot::restore(function) });
        Scoped::Pointer(global.unwrap_or(self.original()))
    }
}
