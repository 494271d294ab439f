//! The identity of a thread: its number, its name, and the token of `park` and `unpark`.
#![forbid(unsafe_code)]

use std::num::NonZeroU64;
use std::os::unix::thread::RawPthread;
use std::panic::Location;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};
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
    /// The number of the thread that has spawned it; zero before it is started.
    parent: AtomicU64,
    /// Twice the number of the scope that the thread belongs to, or zero; plus one if the thread was cancelled.
    scope: AtomicU64,
    /// The place of a green thread on its hub, once it has started; null before that.
    place: AtomicPtr<()>,
    /// The OS thread that a green thread runs on, as bits, once it has started; zero before that.
    os_thread: AtomicUsize,
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
            parent: AtomicU64::new(0),
            scope: AtomicU64::new(2 * scope),
            place: AtomicPtr::new(ptr::null_mut()),
            os_thread: AtomicUsize::new(0),
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
        self.parent.store(parent.get(), Ordering::Relaxed);
    }

    /// Returns the number of the thread that has spawned it.
    pub(crate) fn parent(&self) -> Option<NonZeroU64> {
        NonZeroU64::new(self.parent.load(Ordering::Relaxed))
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
        self.place.store(place.as_ptr(), Ordering::Relaxed);
    }

    /// Returns the place of the thread on its hub, if it is known to have started.
    pub(crate) fn place(&self) -> Option<NonNull<()>> {
        NonNull::new(self.place.load(Ordering::Relaxed))
    }

    /// Sets the OS thread that the green thread runs on, when it starts.
    #[inline]
    pub(crate) fn set_os_thread(&self, os_thread: RawPthread) {
        // Relaxed: it is a number to the reader.
        self.os_thread.store(os_thread as usize, Ordering::Relaxed);
    }

    /// Returns the OS thread that the green thread runs on, if it is known to have started.
    pub(crate) fn os_thread(&self) -> Option<RawPthread> {
        match self.os_thread.load(Ordering::Relaxed) {
            0 => None,
            bits => Some(bits as RawPthread),
        }
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
