//! The identity of a thread: its number, its name, and the token of `park` and `unpark`.
#![forbid(unsafe_code)]

use std::num::NonZeroU64;
use std::panic::Location;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

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
    identity: OnceLock<Arc<Identity>>,
}

impl LazyIdentity {
    /// Creates an identity with a new number.
    #[inline]
    #[track_caller]
    pub(crate) fn new() -> Self {
        LazyIdentity {
            number: next_id(),
            location: Location::caller(),
            parent: AtomicU64::new(0),
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
