//! What is kept beside a descriptor: its registrations with hubs, and how its user wants it to block.
//!
//! A [`Watch`] belongs to one descriptor. It holds a registration for each hub on which a thread has waited for it. A
//! registration is made at the first such wait and ended before the descriptor is closed or given away. With the watches of
//! its duplicates it shares the state that the OS keeps for all of them, an [`OpenFile`].
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

/// A hub, as seen from here: something that polls descriptors for the threads that wait for them. Identified by its
/// address.
pub(crate) trait Watcher: Sync {
    /// Ends a registration. May be called from any OS thread, before the descriptor is closed.
    fn forget(&'static self, fd: RawFd, key: usize);
}

/// What is kept beside one descriptor: what every wait needs, and a pointer to the rest.
pub(crate) struct Watch {
    /// The first registration: most have no other.
    first: OnceLock<Registration>,
    rest: OnceLock<Box<Rest>>,
    /// The descriptor's number, from the first registration on.
    fd: AtomicI32,
    /// Whether the descriptor was new, so that the OS need not be asked for its mode.
    is_fresh: bool,
}

// A panic leaves nothing half done: each step is one store.
impl UnwindSafe for Watch {}
impl RefUnwindSafe for Watch {}

/// A registration with one watcher.
struct Registration {
    watcher: &'static dyn Watcher,
    key: AtomicUsize,
}

/// What most descriptors do not need.
#[derive(Default)]
struct Rest {
    /// Absent while the descriptor is as the OS makes it.
    open_file: OnceLock<Arc<OpenFile>>,
    others: OnceLock<Box<Other>>,
}

/// A registration after the first, and the next ones: a list that grows when a thread of another hub waits for the
/// descriptor for the first time, and never shrinks.
struct Other {
    registration: Registration,
    next: OnceLock<Box<Other>>,
}

impl Watch {
    /// Creates the watch of a descriptor of which nothing is known yet. The OS is asked when it matters.
    pub(crate) const fn new() -> Self {
        Watch {
            first: OnceLock::new(),
            rest: OnceLock::new(),
            fd: AtomicI32::new(-1),
            is_fresh: false,
        }
    }

    /// Creates the watch of a descriptor that has just been made: it blocks, without a timeout.
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

    /// Returns the key under which `watcher` has the descriptor registered, if it has.
    #[inline]
    pub(crate) fn key(&self, watcher: &'static dyn Watcher) -> Option<usize> {
        let registration = self.find(watcher)?;
        // Relaxed: it is read and written on the watcher's OS thread only.
        Some(registration.key.load(Ordering::Relaxed))
    }

    /// Stores the key under which `watcher` has the descriptor registered.
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
            last = &last.get().expect("it was set, or this would be").next;
        }
    }

    /// Returns whether the descriptor's user wants `WouldBlock` instead of a wait.
    #[inline]
    pub(crate) fn is_nonblocking(&self, fd: BorrowedFd<'_>) -> bool {
        self.known(fd)
            .is_some_and(|open_file| open_file.is_nonblocking())
    }

    /// Returns whether the descriptor does not block although its user wants it to.
    pub(crate) fn is_made_nonblocking(&self) -> bool {
        self.existing()
            .is_some_and(|open_file| open_file.is_made_nonblocking())
    }

    /// Makes the descriptor non-blocking from now on, for calls that cannot be asked not to block one by one. This is
    /// hidden from its user.
    pub(crate) fn make_nonblocking(&self, fd: BorrowedFd<'_>) -> io::Result<()> {
        self.open_file(fd).make_nonblocking(fd)
    }

    /// Asks the OS again whether the descriptor blocks, and for how long. Pass `may_be_lent` if calls are made
    /// [`without_blocking`](Self::without_blocking).
    #[cold]
    pub(crate) fn refresh(&self, fd: BorrowedFd<'_>, direction: Direction, may_be_lent: bool) {
        if let Some(open_file) = self.existing() {
            return open_file.refresh(fd, direction, may_be_lent);
        }
        // Most descriptors are as they were made, and then nothing is stored.
        let open_file = OpenFile::fresh();
        open_file.refresh(fd, direction, may_be_lent);
        if !open_file.is_fresh() {
            self.open_file(fd).refresh(fd, direction, may_be_lent);
        }
    }

    /// Makes a call with the descriptor non-blocking for its duration.
    pub(crate) fn without_blocking<R>(
        &self,
        fd: BorrowedFd<'_>,
        call: impl FnOnce() -> io::Result<R>,
    ) -> io::Result<R> {
        self.open_file(fd).without_blocking(fd, call)
    }

    /// Returns whether another call may have been made without blocking.
    pub(crate) fn was_lent(&self) -> bool {
        self.existing()
            .is_some_and(|open_file| open_file.was_lent())
    }

    /// Sets whether the descriptor's user wants `WouldBlock` instead of a wait.
    pub(crate) fn set_nonblocking(&self, fd: BorrowedFd<'_>, on: bool) -> io::Result<()> {
        self.open_file(fd).set_nonblocking(fd, on)
    }

    /// Sets the mode that the descriptor's user has set, before the descriptor is given away.
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

    /// Keeps an error that an attempt has taken from the OS and that the next call is to return.
    pub(crate) fn keep_error(&self, fd: BorrowedFd<'_>, code: i32) {
        self.open_file(fd).keep_error(code);
    }

    /// Takes the error that was kept.
    pub(crate) fn take_kept_error(&self) -> Option<io::Error> {
        self.existing()?.take_kept_error()
    }

    /// Returns the open file's state; none if it is that of a new one.
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

/// A value that owns a descriptor, together with its [`Watch`]. It fills one cache line: with a thousand connections
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
    /// Takes ownership of a descriptor of which nothing is known yet.
    pub(crate) const fn new(inner: T) -> Self {
        Watched {
            watch: Watch::new(),
            inner,
        }
    }

    /// Takes ownership of a descriptor that has just been made.
    pub(crate) fn fresh(inner: T) -> Self {
        Watched {
            watch: Watch::fresh(),
            inner,
        }
    }

    /// Creates a duplicate, made by `duplicate`.
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

    /// Gives the descriptor away, in the mode that its user has set.
    pub(crate) fn into_inner(self) -> T {
        let Watched { watch, inner } = self;
        watch.restore(inner.as_fd());
        inner
    }

    pub(crate) fn set_nonblocking(&self, on: bool) -> io::Result<()> {
        self.watch.set_nonblocking(self.inner.as_fd(), on)
    }

    /// Takes the error that the socket has for the next call: the one that was kept, or else what `ask` has from the OS.
    pub(crate) fn take_error(
        &self,
        ask: impl FnOnce(&T) -> io::Result<Option<io::Error>>,
    ) -> io::Result<Option<io::Error>> {
        match self.watch.take_kept_error() {
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
    struct Remembers(Mutex<Vec<(RawFd, usize)>>);

    impl Watcher for Remembers {
        fn forget(&'static self, fd: RawFd, key: usize) {
            self.0.lock().unwrap().push((fd, key));
        }
    }

    fn watchers(number: usize) -> Vec<&'static Remembers> {
        (0..number).map(|_| &*Box::leak(Box::default())).collect()
    }

    #[test]
    fn each_watcher_has_its_key_and_is_told_at_the_end() {
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
        let told: Vec<_> = watchers
            .iter()
            .map(|watcher| watcher.0.lock().unwrap().clone())
            .collect();
        assert_eq!(told, [[(7, 10)], [(7, 1)], [(7, 12)], [(7, 3)]]);
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
