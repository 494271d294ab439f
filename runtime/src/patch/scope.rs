//! Overrides that hold in one closure and in the threads that it starts.
//!
//! While a scope overrides a patch point, the slot holds the point's trampoline, which asks
//! [`Slot::scoped`] what to call here and now. Scopes form a list from the innermost outwards. Which
//! one a thread is in is kept by that thread: natively here, and for a green thread by whoever runs
//! it, through [`keep_in`].
//!
//! Invariants:
//! 1. A slot's function pointers are of the slot's own type `F`: see `slot`.
#![allow(unsafe_code)]

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use super::slot::{self, RawSlot, Scoped, Slot};
use super::table::{self, Id};

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

/// The scope that a thread is in, to be taken along to those that it starts. Costs nothing where
/// there is none.
#[derive(Clone, Default)]
pub(crate) struct ScopeHandle {
    innermost: Option<Arc<Node>>,
}

/// A scope is entered, until it is dropped, by the thread that entered it.
pub(crate) struct Entered {
    /// The scope to go back to; none if there was nothing to enter.
    outer: Option<ScopeHandle>,
    not_send: PhantomData<*const ()>,
}

/// How the thread that runs now keeps its scope.
#[derive(Clone, Copy)]
pub(crate) struct Keeper {
    /// The scope that the running thread is in.
    pub(crate) current: fn() -> ScopeHandle,
    /// Sets that scope and returns the one before.
    pub(crate) replace: fn(ScopeHandle) -> ScopeHandle,
}

static KEEPER: OnceLock<Keeper> = OnceLock::new();

/// Has the scopes of green threads kept elsewhere. What `keeper` does for a thread that is none is
/// [`native_current`] and [`native_replace`].
pub(crate) fn keep_in(keeper: Keeper) {
    // The first one stays, and nobody gives another.
    let _ = KEEPER.set(keeper);
}

/// How many scopes there are in the process.
static SCOPES: AtomicUsize = AtomicUsize::new(0);

/// Whether there are any scopes, so that the running thread may be in one.
#[inline]
fn are_there_any() -> bool {
    // Relaxed is enough: a scope that the running thread is in was counted before this thread came into it,
    // and is counted until after it has left it. What others count and discount cancels out.
    SCOPES.load(Ordering::Relaxed) > 0
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
    KEEPER
        .get()
        .map_or_else(native_current, |keeper| (keeper.current)())
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

    fn with(self, change: Change) -> ScopeHandle {
        match &change {
            Change::Native => table::begin_native(),
            Change::Overrides(items) => table::begin_override(items.iter().map(|item| item.raw)),
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

impl Drop for Entered {
    fn drop(&mut self) {
        if let Some(outer) = self.outer.take() {
            drop(replace(outer));
        }
    }
}

#[cold]
fn replace(scope: ScopeHandle) -> ScopeHandle {
    match KEEPER.get() {
        Some(keeper) => (keeper.replace)(scope),
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

/// One scope, and those around it. It counts in the table as long as a thread may be in it.
struct Node {
    change: Change,
    outer: ScopeHandle,
}

enum Change {
    /// Originals run.
    Native,
    /// These are overridden.
    Overrides(Vec<Override>),
}

struct Override {
    raw: &'static RawSlot,
    /// An `Arc<D>`, where `D` is the slot's.
    closure: Box<dyn Any + Send + Sync>,
}

impl Drop for Node {
    fn drop(&mut self) {
        SCOPES.fetch_sub(1, Ordering::Relaxed);
        // The closures are dropped after this, when the table's lock is free again.
        match &self.change {
            Change::Native => table::end_native(),
            Change::Overrides(items) => table::end_override(items.iter().map(|item| item.raw)),
        }
    }
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
