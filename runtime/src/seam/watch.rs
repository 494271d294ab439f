//! What is kept beside a descriptor: who looks at it, and how its user wants it to block.
//!
//! A [`Watch`] belongs to one descriptor. It holds a registration for each hub on which a thread has
//! waited for it, made at the first such wait and taken back before the descriptor is closed or given
//! away; and it shares with the watches of its duplicates what the OS keeps for all of them together.
#![forbid(unsafe_code)]

use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::description::Description;
use super::io::Direction;

/// Who can look at descriptors for the threads that wait for them. Known by its address.
pub(crate) trait Watcher: Sync {
    /// Ends a registration; from any OS thread, before the descriptor is closed.
    fn forget(&'static self, fd: RawFd, key: usize);
}

/// What is kept beside one descriptor.
pub(crate) struct Watch {
    /// The first registration, beside the descriptor itself: most have no other.
    first: OnceLock<Registration>,
    /// Not there for a descriptor that is as the OS makes it, until that is to change.
    description: OnceLock<Arc<Description>>,
    /// Whether the OS need not be asked for the description.
    is_fresh: bool,
}

// A panic leaves nothing half done: each step is one store.
impl UnwindSafe for Watch {}
impl RefUnwindSafe for Watch {}

/// One watcher's, and the next ones: a list that only grows, as a hub waits for it the first time.
struct Registration {
    watcher: &'static dyn Watcher,
    fd: RawFd,
    key: AtomicUsize,
    next: OnceLock<Box<Registration>>,
}

impl Watch {
    /// For a descriptor of which nothing is known yet; the OS is asked when it matters.
    pub(crate) const fn new() -> Self {
        Watch {
            first: OnceLock::new(),
            description: OnceLock::new(),
            is_fresh: false,
        }
    }

    /// For a descriptor that has just been made and is as the OS makes it: it blocks, for ever.
    pub(crate) const fn fresh() -> Self {
        Watch {
            first: OnceLock::new(),
            description: OnceLock::new(),
            is_fresh: true,
        }
    }

    /// For a duplicate of the descriptor.
    pub(crate) fn of_duplicate(&self, fd: BorrowedFd<'_>) -> Self {
        let watch = Watch::new();
        let description = Arc::clone(self.description(fd));
        watch
            .description
            .set(description)
            .unwrap_or_else(|_| unreachable!("a new watch has no description"));
        watch
    }

    /// The key under which `watcher` looks at the descriptor, if it does.
    #[inline]
    pub(crate) fn key(&self, watcher: &'static dyn Watcher) -> Option<usize> {
        let registration = self.find(watcher)?;
        // Relaxed: it is changed on the watcher's OS thread, which alone asks for it.
        Some(registration.key.load(Ordering::Relaxed))
    }

    /// Remembers the key under which `watcher` looks at the descriptor.
    pub(crate) fn set_key(&self, watcher: &'static dyn Watcher, fd: RawFd, key: usize) {
        if let Some(registration) = self.find(watcher) {
            // Relaxed, as in `key`; `drop` is ordered after all by whoever hands the value over.
            registration.key.store(key, Ordering::Relaxed);
            return;
        }
        let registration = Registration {
            watcher,
            fd,
            key: AtomicUsize::new(key),
            next: OnceLock::new(),
        };
        let Err(registration) = self.first.set(registration) else {
            return;
        };
        let mut registration = Box::new(registration);
        let mut last = self.first.get().expect("it was set, or this would be");
        while let Err(unset) = last.next.set(registration) {
            registration = unset;
            last = last.next.get().expect("it was set, or this would be");
        }
    }

    /// Whether the descriptor's user wants `WouldBlock` instead of a wait.
    #[inline]
    pub(crate) fn is_nonblocking(&self, fd: BorrowedFd<'_>) -> bool {
        self.known(fd)
            .is_some_and(|description| description.is_nonblocking())
    }

    /// Whether the descriptor does not block although its user wants it to.
    pub(crate) fn is_made_nonblocking(&self) -> bool {
        let description = self.description.get();
        description.is_some_and(|description| description.is_made_nonblocking())
    }

    /// Has the descriptor not block from now on, for those who cannot ask for it call by call. Its
    /// user does not get to see that.
    pub(crate) fn make_nonblocking(&self, fd: BorrowedFd<'_>) -> io::Result<()> {
        self.description(fd).make_nonblocking(fd)
    }

    /// Sets whether the descriptor's user wants `WouldBlock` instead of a wait.
    pub(crate) fn set_nonblocking(&self, fd: BorrowedFd<'_>, on: bool) -> io::Result<()> {
        self.description(fd).set_nonblocking(fd, on)
    }

    /// How long an operation may wait.
    #[inline]
    pub(crate) fn timeout(&self, fd: BorrowedFd<'_>, direction: Direction) -> Option<Duration> {
        self.known(fd)?.timeout(direction)
    }

    /// Remembers how long an operation may wait, which the OS has been told.
    pub(crate) fn set_timeout(
        &self,
        fd: BorrowedFd<'_>,
        direction: Direction,
        timeout: Option<Duration>,
    ) {
        self.description(fd).set_timeout(direction, timeout);
    }

    /// The description; none if it is as that of a new descriptor.
    #[inline]
    fn known(&self, fd: BorrowedFd<'_>) -> Option<&Description> {
        match self.description.get() {
            Some(description) => Some(description),
            None if self.is_fresh => None,
            None => Some(self.description(fd)),
        }
    }

    fn description(&self, fd: BorrowedFd<'_>) -> &Arc<Description> {
        self.description.get_or_init(|| {
            Arc::new(if self.is_fresh {
                Description::fresh()
            } else {
                Description::of(fd)
            })
        })
    }

    #[inline]
    fn find(&self, watcher: &'static dyn Watcher) -> Option<&Registration> {
        let mut registration = self.first.get()?;
        while !ptr::addr_eq(registration.watcher, watcher) {
            registration = registration.next.get()?;
        }
        Some(registration)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut next = self.first.take();
        while let Some(mut registration) = next {
            let key = *registration.key.get_mut();
            registration.watcher.forget(registration.fd, key);
            next = registration.next.take().map(|next| *next);
        }
    }
}

/// A value that owns a descriptor, together with what is kept beside it.
pub(crate) struct Watched<T> {
    // First, so that it is dropped before the descriptor is closed.
    watch: Watch,
    inner: T,
}

impl<T: AsFd> Watched<T> {
    /// Takes over a descriptor of which nothing is known yet.
    pub(crate) const fn new(inner: T) -> Self {
        Watched {
            watch: Watch::new(),
            inner,
        }
    }

    /// Takes over a descriptor that has just been made and is as the OS makes it.
    pub(crate) fn fresh(inner: T) -> Self {
        Watched {
            watch: Watch::fresh(),
            inner,
        }
    }

    /// A duplicate, made by `duplicate`.
    pub(crate) fn try_clone(
        &self,
        duplicate: impl FnOnce(&T) -> io::Result<T>,
    ) -> io::Result<Self> {
        let inner = duplicate(&self.inner)?;
        Ok(Watched {
            watch: self.watch.of_duplicate(self.inner.as_fd()),
            inner,
        })
    }

    pub(crate) fn inner(&self) -> &T {
        &self.inner
    }

    pub(crate) fn watch(&self) -> &Watch {
        &self.watch
    }

    /// Gives the descriptor away, in the state that its user has put it in.
    pub(crate) fn into_inner(self) -> T {
        let Watched { watch, inner } = self;
        if let Some(description) = watch.description.get() {
            description.restore(inner.as_fd());
        }
        inner
    }

    pub(crate) fn set_nonblocking(&self, on: bool) -> io::Result<()> {
        self.watch.set_nonblocking(self.inner.as_fd(), on)
    }

    /// Remembers how long an operation may wait, which the OS has been told.
    pub(crate) fn set_timeout(&self, direction: Direction, timeout: Option<Duration>) {
        self.watch
            .set_timeout(self.inner.as_fd(), direction, timeout);
    }
}

impl<T: AsFd> AsFd for Watched<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.as_fd()
    }
}

impl<T: AsRawFd> AsRawFd for Watched<T> {
    fn as_raw_fd(&self) -> RawFd {
        self.inner.as_raw_fd()
    }
}

impl<T: fmt::Debug> fmt::Debug for Watched<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
