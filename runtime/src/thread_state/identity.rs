//! The identity of a thread: its number, its name, and the token of `park` and `unpark`.
#![forbid(unsafe_code)]

use std::num::NonZeroU64;
use std::panic::Location;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::thread_state::cancelled_scopes;

/// The identity of a thread, shared by all handles to it.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) id: NonZeroU64,
    pub(crate) name: Option<Box<str>>,
    /// The token of `park` and `unpark`. A parked thread waits on its address.
    pub(crate) token: AtomicU32,
}

impl Identity {
    pub(crate) fn new(id: NonZeroU64, name: Option<Box<str>>) -> Arc<Self> {
        Arc::new(Identity {
            id,
            name,
            token: AtomicU32::new(0),
        })
    }
}

/// The identity of a thread that greenpatch starts. All but the number is allocated when it is first needed.
pub(crate) struct LazyIdentity {
    number: NonZeroU64,
    /// Where the thread was spawned.
    location: &'static Location<'static>,
    /// Twice the number of the scope that the thread belongs to, or zero; plus one if the thread was cancelled.
    scope: AtomicU64,
    /// Twice the number of the thread that has spawned it, plus one; or, once a green thread has begun, its place on its hub,
    /// which is even. Null before it is started.
    origin: AtomicPtr<()>,
    identity: OnceLock<Arc<Identity>>,
}

impl LazyIdentity {
    /// Creates an identity with a new number, of a thread that belongs to the scope with this number, or to none if it is zero.
    #[inline]
    #[track_caller]
    pub(crate) fn new(scope: u64) -> Self {
        LazyIdentity {
            number: next_id(),
            location: Location::caller(),
            scope: AtomicU64::new(2 * scope),
            origin: AtomicPtr::new(ptr::null_mut()),
            identity: OnceLock::new(),
        }
    }

    /// Sets the name. Must be called before the identity is first needed.
    #[cold]
    pub(crate) fn set_name(&self, name: Box<str>) {
        let named = self.identity.set(Identity::new(self.number, Some(name)));
        assert!(named.is_ok(), "a thread is named before it is known");
    }

    /// Returns the number.
    #[inline]
    pub(crate) fn number(&self) -> NonZeroU64 {
        self.number
    }

    /// Returns where the thread was spawned.
    pub(crate) fn location(&self) -> &'static Location<'static> {
        self.location
    }

    /// Sets the number of the thread that has spawned it, before it can run.
    #[inline]
    pub(crate) fn set_parent(&self, parent: NonZeroU64) {
        // Relaxed: what starts the thread orders it.
        self.origin.store(
            ptr::without_provenance_mut(2 * parent.get() as usize + 1),
            Ordering::Relaxed,
        );
    }

    /// Returns the number of the thread that has spawned it, unless it is a green thread that has begun: then its context has
    /// the number.
    pub(crate) fn parent(&self) -> Option<NonZeroU64> {
        let origin = self.origin.load(Ordering::Relaxed).addr();
        NonZeroU64::new(origin as u64 / 2).filter(|_| origin % 2 == 1)
    }

    /// Returns the number of the scope that the thread belongs to.
    pub(crate) fn scope(&self) -> Option<NonZeroU64> {
        NonZeroU64::new(self.scope.load(Ordering::Relaxed) / 2)
    }

    /// Notes that the thread was cancelled, for when it begins.
    pub(crate) fn set_cancelled(&self) {
        // Relaxed, here and below: on the thread's hub a message orders it.
        self.scope.fetch_or(1, Ordering::Relaxed);
    }

    /// Returns false if the thread, which begins, was not cancelled, and is in no scope that was.
    #[inline]
    pub(crate) fn may_be_cancelled(&self) -> bool {
        self.scope.load(Ordering::Relaxed) != 0
    }

    /// Returns whether the thread, which begins, was cancelled, or is in a scope that was. Locks what says so.
    pub(crate) fn is_cancelled(&self) -> bool {
        let is_cancelled = self.scope.load(Ordering::Relaxed) & 1 != 0;
        is_cancelled || self.scope().is_some_and(cancelled_scopes::contain)
    }

    /// Sets the place of the thread on its hub, when it starts.
    #[inline]
    pub(crate) fn set_place(&self, place: NonNull<()>) {
        // Relaxed: what is there is accessed on the hub's OS thread alone.
        debug_assert!(place.cast::<u16>().is_aligned(), "tasks are aligned");
        self.origin.store(place.as_ptr(), Ordering::Relaxed);
    }

    /// Returns the place of the thread on its hub, if it is known to have started.
    pub(crate) fn place(&self) -> Option<NonNull<()>> {
        NonNull::new(self.origin.load(Ordering::Relaxed))
            .filter(|place| place.as_ptr().addr() % 2 == 0)
    }

    /// Returns the identity that all handles to the thread share.
    #[inline]
    pub(crate) fn identity(&self) -> &Arc<Identity> {
        match self.identity.get() {
            Some(identity) => identity,
            None => self.make_identity(),
        }
    }

    #[cold]
    fn make_identity(&self) -> &Arc<Identity> {
        // Allocated before `get_or_init`: the allocator may itself request the current thread.
        let identity = Identity::new(self.number, None);
        self.identity.get_or_init(|| identity)
    }

    /// Returns the name, if one was set.
    pub(crate) fn name(&self) -> Option<&str> {
        // `set_name` creates the identity, so a thread without one has no name.
        self.identity.get()?.name.as_deref()
    }
}

/// The number of the main thread, as in std.
pub(crate) const MAIN: NonZeroU64 = NonZeroU64::MIN;

/// Returns a number that has not been used in this process.
#[inline]
pub(crate) fn next_id() -> NonZeroU64 {
    static LAST: AtomicU64 = AtomicU64::new(MAIN.get());
    NonZeroU64::new(LAST.fetch_add(1, Ordering::Relaxed) + 1)
        .expect("2^64 threads are more than a process can start")
}
