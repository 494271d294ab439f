//! The state of a descriptor: its registrations with hubs, and the mode that its user has set.
//!
//! A [`Watch`] belongs to one descriptor. It holds a registration for each hub on which a thread has waited for it. A
//! registration is made at the first such wait, and ended before the descriptor is closed or converted into std's type. A
//! watch shares an [`OpenFile`] with the watches of its duplicates: the state that the OS has for all of them.
#![forbid(unsafe_code)]

use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::descriptor::direction::Direction;
use crate::descriptor::open_file::OpenFile;

/// The interface of a hub: it polls descriptors for the threads that wait for them. A watcher is identified by its
/// address.
pub(crate) trait Watcher: Sync {
    /// Ends a registration. May be called from any OS thread, before the descriptor is closed.
    fn forget(&'static self, fd: RawFd, key: usize);
}

/// The state of one descriptor: the fields that every wait needs, and a pointer to the rest.
pub(crate) struct Watch {
    /// The first registration. Most descriptors have no other.
    first: OnceLock<Registration>,
    rest: OnceLock<Box<Rest>>,
    /// The number of the descriptor, set by the first registration.
    fd: AtomicI32,
    /// Whether the descriptor was just created, so that its mode need not be read from the OS.
    is_fresh: bool,
}

// A panic leaves the state consistent: each step is one store.
impl UnwindSafe for Watch {}
impl RefUnwindSafe for Watch {}

/// A registration with one watcher.
struct Registration {
    watcher: &'static dyn Watcher,
    key: AtomicUsize,
}

/// The fields that most descriptors do not need.
#[derive(Default)]
struct Rest {
    /// Absent while the descriptor is in the mode in which it was created.
    open_file: OnceLock<Arc<OpenFile>>,
    others: OnceLock<Box<Other>>,
}

/// A registration after the first. The list grows when a thread of another hub waits for the descriptor for the first
/// time, and never shrinks.
struct Other {
    registration: Registration,
    next: OnceLock<Box<Other>>,
}

impl Watch {
    /// Creates the watch of a descriptor in an unknown mode, which is read from the OS when it matters.
    pub(crate) const fn new() -> Self {
        Watch {
            first: OnceLock::new(),
            rest: OnceLock::new(),
            fd: AtomicI32::new(-1),
            is_fresh: false,
        }
    }

    /// Creates the watch of a descriptor that was just created: it blocks, without a timeout.
    pub(crate) const fn fresh() -> Self {
        Watch {
            first: OnceLock::new(),
            rest: OnceLock::new(),
            fd: AtomicI32::new(-1),
            is_fresh: true,
        }
    }

    /// Creates the watch of a duplicate of the descriptor.
    pub(crate) fn of_duplicate(&self, fd: BorrowedFd<'_>) -> Self {
        let rest = Rest {
            open_file: Arc::clone(self.open_file(fd)).into(),
            others: OnceLock::new(),
        };
        Watch {
            first: OnceLock::new(),
            rest: Box::new(rest).into(),
            fd: AtomicI32::new(-1),
            is_fresh: false,
        }
    }

    /// Returns the key under which the descriptor is registered with `watcher`, if it is.
    #[inline]
    pub(crate) fn key(&self, watcher: &'static dyn Watcher) -> Option<usize> {
        let registration = self.find(watcher)?;
        // Relaxed: it is read and written on the OS thread of the watcher only.
        Some(registration.key.load(Ordering::Relaxed))
    }

    /// Stores the key under which the descriptor is registered with `watcher`.
    pub(crate) fn set_key(&self, watcher: &'static dyn Watcher, fd: RawFd, key: usize) {
        if let Some(registration) = self.find(watcher) {
            // Relaxed, as in `key`; passing the value to the thread that drops it orders `drop` after all uses.
            registration.key.store(key, Ordering::Relaxed);
            return;
        }
        // Relaxed, as above; every watcher stores the same number.
        self.fd.store(fd, Ordering::Relaxed);
        let registration = Registration {
            watcher,
            key: AtomicUsize::new(key),
        };
        let Err(registration) = self.first.set(registration) else {
            return;
        };
        let mut other = Box::new(Other {
            registration,
            next: OnceLock::new(),
        });
        let mut last = &self.rest.get_or_init(Box::default).others;
        while let Err(unset) = last.set(other) {
            other = unset;
            last = &last
                .get()
                .expect("`set` has failed because a value is set")
                .next;
        }
    }

    /// Returns whether the user has made the descriptor non-blocking.
    #[inline]
    pub(crate) fn is_nonblocking(&self, fd: BorrowedFd<'_>) -> bool {
        self.known(fd)
            .is_some_and(|open_file| open_file.is_nonblocking())
    }

    /// Returns whether the descriptor is non-blocking, but blocks for its user.
    pub(crate) fn is_made_nonblocking(&self) -> bool {
        self.existing()
            .is_some_and(|open_file| open_file.is_made_nonblocking())
    }

    /// Makes the descriptor non-blocking from now on, for calls without a flag not to block. Its user does not see this.
    pub(crate) fn make_nonblocking(&self, fd: BorrowedFd<'_>) -> io::Result<()> {
        self.open_file(fd).make_nonblocking(fd)
    }

    /// Reads the mode and the timeout of the descriptor from the OS again. Pass `may_be_temporary` if calls are made
    /// [`without_blocking`](Self::without_blocking).
    #[cold]
    pub(crate) fn refresh(&self, fd: BorrowedFd<'_>, direction: Direction, may_be_temporary: bool) {
        if let Some(open_file) = self.existing() {
            return open_file.refresh(fd, direction, may_be_temporary);
        }
        // Most descriptors are in the mode in which they were created, and then nothing is stored.
        let open_file = OpenFile::fresh();
        open_file.refresh(fd, direction, may_be_temporary);
        if !open_file.is_fresh() {
            self.open_file(fd).refresh(fd, direction, may_be_temporary);
        }
    }

    /// Makes a call with the descriptor temporarily non-blocking.
    pub(crate) fn without_blocking<R>(
        &self,
        fd: BorrowedFd<'_>,
        call: impl FnOnce() -> io::Result<R>,
    ) -> io::Result<R> {
        self.open_file(fd).without_blocking(fd, call)
    }

    /// Returns whether a call may have been made [`without_blocking`](Self::without_blocking).
    pub(crate) fn was_temporary(&self) -> bool {
        self.existing()
            .is_some_and(|open_file| open_file.was_temporary())
    }

    /// Makes the descriptor non-blocking for its user, or blocking.
    pub(crate) fn set_nonblocking(&self, fd: BorrowedFd<'_>, on: bool) -> io::Result<()> {
        self.open_file(fd).set_nonblocking(fd, on)
    }

    /// Restores the mode that the user has set, before the descriptor is returned to the user.
    pub(crate) fn restore(&self, fd: BorrowedFd<'_>) {
        if let Some(open_file) = self.existing() {
            open_file.restore(fd);
        }
    }

    /// Returns the timeout of operations in one direction.
    #[inline]
    pub(crate) fn timeout(&self, fd: BorrowedFd<'_>, direction: Direction) -> Option<Duration> {
        self.known(fd)?.timeout(direction)
    }

    /// Stores the timeout of operations in one direction, which has been set in the OS.
    pub(crate) fn set_timeout(
        &self,
        fd: BorrowedFd<'_>,
        direction: Direction,
        timeout: Option<Duration>,
    ) {
        self.open_file(fd).set_timeout(direction, timeout);
    }

    /// Defers an error, which an attempt has cleared in the OS, to the next call.
    pub(crate) fn defer_error(&self, fd: BorrowedFd<'_>, code: i32) {
        self.open_file(fd).defer_error(code);
    }

    /// Takes the deferred error.
    pub(crate) fn take_deferred_error(&self) -> Option<io::Error> {
        self.existing()?.take_deferred_error()
    }

    /// Returns the state of the open file; none if it is that of a descriptor that was just created.
    #[inline]
    fn known(&self, fd: BorrowedFd<'_>) -> Option<&OpenFile> {
        match self.existing() {
            Some(open_file) => Some(open_file),
            None if self.is_fresh => None,
            None => Some(self.open_file(fd)),
        }
    }

    #[inline]
    fn existing(&self) -> Option<&Arc<OpenFile>> {
        self.rest.get()?.open_file.get()
    }

    fn open_file(&self, fd: BorrowedFd<'_>) -> &Arc<OpenFile> {
        let rest = self.rest.get_or_init(Box::default);
        rest.open_file.get_or_init(|| {
            Arc::new(if self.is_fresh {
                OpenFile::fresh()
            } else {
                OpenFile::of(fd)
            })
        })
    }

    #[inline]
    fn find(&self, watcher: &'static dyn Watcher) -> Option<&Registration> {
        let first = self.first.get()?;
        if first.is_of(watcher) {
            return Some(first);
        }
        self.find_other(watcher)
    }

    #[cold]
    fn find_other(&self, watcher: &'static dyn Watcher) -> Option<&Registration> {
        let mut other = self.rest.get()?.others.get()?;
        while !other.registration.is_of(watcher) {
            other = other.next.get()?;
        }
        Some(&other.registration)
    }
}

impl Registration {
    #[inline]
    fn is_of(&self, watcher: &'static dyn Watcher) -> bool {
        ptr::addr_eq(self.watcher, watcher)
    }

    fn end(mut self, fd: RawFd) {
        self.watcher.forget(fd, *self.key.get_mut());
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let fd = *self.fd.get_mut();
        if let Some(first) = self.first.take() {
            first.end(fd);
        }
        let mut next = self.rest.take().and_then(|mut rest| rest.others.take());
        while let Some(other) = next {
            other.registration.end(fd);
            next = other.next.into_inner();
        }
    }
}

/// A value that owns a descriptor, together with its [`Watch`]. It fills one cache line: with a thousand connections,
/// each further line is a cache miss.
#[repr(align(64))]
pub(crate) struct Watched<T> {
    // First, so that it is dropped before the descriptor is closed.
    watch: Watch,
    inner: T,
}

#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Watched<std::os::fd::OwnedFd>>() == 64);

impl<T: AsFd> Watched<T> {
    /// Takes ownership of a descriptor in an unknown mode.
    pub(crate) const fn new(inner: T) -> Self {
        Watched {
            watch: Watch::new(),
            inner,
        }
    }

    /// Takes ownership of a descriptor that was just created.
    pub(crate) fn fresh(inner: T) -> Self {
        Watched {
            watch: Watch::fresh(),
            inner,
        }
    }

    /// Creates a duplicate by calling `duplicate`.
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

    /// Returns the owner of the descriptor, in the mode that its user has set.
    pub(crate) fn into_inner(self) -> T {
        let Watched { watch, inner } = self;
        watch.restore(inner.as_fd());
        inner
    }

    pub(crate) fn set_nonblocking(&self, on: bool) -> io::Result<()> {
        self.watch.set_nonblocking(self.inner.as_fd(), on)
    }

    /// Takes the error that the socket has for the next call: the deferred one, or else the one that `ask` reads from the OS.
    pub(crate) fn take_error(
        &self,
        ask: impl FnOnce(&T) -> io::Result<Option<io::Error>>,
    ) -> io::Result<Option<io::Error>> {
        match self.watch.take_deferred_error() {
            Some(error) => Ok(Some(error)),
            None => ask(&self.inner),
        }
    }

    /// Stores the timeout of operations in one direction, which has been set in the OS.
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::thread;

    use super::*;

    /// Records the registrations that were ended.
    #[derive(Default)]
    struct Recorder(Mutex<Vec<(RawFd, usize)>>);

    impl Watcher for Recorder {
        fn forget(&'static self, fd: RawFd, key: usize) {
            self.0.lock().unwrap().push((fd, key));
        }
    }

    fn watchers(number: usize) -> Vec<&'static Recorder> {
        (0..number).map(|_| &*Box::leak(Box::default())).collect()
    }

    #[test]
    fn each_watcher_has_its_key_and_is_notified_at_the_end() {
        let watchers = watchers(4);
        let watch = Watch::fresh();
        for (number, watcher) in watchers.iter().enumerate() {
            assert_eq!(watch.key(*watcher), None);
            watch.set_key(*watcher, 7, number);
        }
        for (number, watcher) in watchers.iter().enumerate() {
            assert_eq!(watch.key(*watcher), Some(number));
        }
        for number in [0, 2] {
            watch.set_key(watchers[number], 7, 10 + number);
        }
        drop(watch);
        let ended: Vec<_> = watchers
            .iter()
            .map(|watcher| watcher.0.lock().unwrap().clone())
            .collect();
        assert_eq!(ended, [[(7, 10)], [(7, 1)], [(7, 12)], [(7, 3)]]);
    }

    #[test]
    fn watchers_that_come_at_once_are_all_kept() {
        for _ in 0..200 {
            let watchers = watchers(3);
            let watch = Watch::new();
            thread::scope(|scope| {
                for (number, watcher) in watchers.iter().enumerate() {
                    let watch = &watch;
                    scope.spawn(move || {
                        watch.set_key(*watcher, 7, number);
                        assert_eq!(watch.key(*watcher), Some(number));
                    });
                }
            });
            drop(watch);
            for (number, watcher) in watchers.iter().enumerate() {
                assert_eq!(*watcher.0.lock().unwrap(), [(7, number)]);
            }
        }
    }
}
