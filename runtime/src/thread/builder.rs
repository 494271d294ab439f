//! The builder of threads.
#![allow(unsafe_code)]

use std::ffi::CString;
use std::io;
use std::sync::Arc;

use super::JoinHandle;
use super::join_handle::Joined;
use super::packet::Packet;
use super::scope_data::ScopeData;
use crate::patch::scope;
use crate::seam::thread::{self as seam, Start};
use crate::thread_state::place::Place;
use crate::thread_state::shared::Shared;

/// A builder that sets the properties of a thread, native or green, and then spawns it.
///
/// # Differences from std
///
/// A green thread's stack size is rounded up to a power of two, and does not include the guard page. Up to 960 bytes of
/// the stack are not used, so that stacks begin at different offsets in a page.
///
/// # Examples
///
/// ```
/// use greenpatch::thread;
///
/// let handle = thread::Builder::new()
///     .name("counter".to_string())
///     .stack_size(64 * 1024)
///     .spawn(|| thread::current().name().map(str::to_string))
///     .unwrap();
/// assert_eq!(handle.join().unwrap().as_deref(), Some("counter"));
/// ```
#[derive(Debug)]
#[must_use = "must eventually spawn the thread"]
pub struct Builder {
    name: Option<String>,
    stack_size: Option<usize>,
    place: Place,
}

#[expect(clippy::new_without_default, reason = "std has none")]
impl Builder {
    /// Creates a builder with neither a name nor a stack size.
    pub fn new() -> Builder {
        Builder {
            name: None,
            stack_size: None,
            place: Place::Anywhere,
        }
    }

    /// Sets the name of the thread.
    pub fn name(mut self, name: String) -> Builder {
        self.name = Some(name);
        self
    }

    /// Sets the size of the stack in bytes. The default is the value of `RUST_MIN_STACK`, or else 2 MiB.
    ///
    /// # Differences from std
    ///
    /// See [`Builder`].
    pub fn stack_size(mut self, size: usize) -> Builder {
        self.stack_size = Some(size);
        self
    }

    /// Sets where the thread runs if it is a green one.
    pub(super) fn set_place(mut self, place: Place) -> Builder {
        self.place = place;
        self
    }

    /// Spawns the thread, and returns its [`JoinHandle`].
    ///
    /// # Errors
    ///
    /// Returns an error if the OS fails to create a thread, or if there is no address space for a stack. It is
    /// `WouldBlock` (`EAGAIN`), for green threads as for native ones. Before Linux 6.13 the guard page of each stack needs
    /// a mapping, and `vm.max_map_count` limits the mappings of a process.
    ///
    /// # Panics
    ///
    /// Panics if the name contains a null byte.
    #[track_caller]
    pub fn spawn<F, T>(self, f: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        // SAFETY: `'static` outlives every thread.
        unsafe { self.spawn_unchecked(f) }
    }

    /// Spawns the thread without checking that it ends before the lifetimes in `F` and `T` do.
    ///
    /// # Safety
    ///
    /// The caller must ensure that everything that `f` or `T` borrows outlives the thread: by joining the thread, or by
    /// borrowing only `'static` data.
    ///
    /// # Errors
    ///
    /// See [`spawn`](Builder::spawn).
    ///
    /// # Panics
    ///
    /// See [`spawn`](Builder::spawn).
    #[track_caller]
    pub unsafe fn spawn_unchecked<F, T>(self, f: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send,
        T: Send,
    {
        // SAFETY: the caller guarantees that all borrows outlive the thread.
        unsafe { self.start(f, None) }.map(JoinHandle::new)
    }

    /// Spawns a new thread that is counted by `scope`, if any.
    ///
    /// # Safety
    ///
    /// See [`spawn_unchecked`](Builder::spawn_unchecked).
    #[track_caller]
    pub(super) unsafe fn start<F, T>(
        self,
        f: F,
        scope: Option<Arc<ScopeData>>,
    ) -> io::Result<Joined<T>>
    where
        F: FnOnce() -> T + Send,
        T: Send,
    {
        let name = self.name.map(validate_name);
        let scope_number = scope.as_ref().map_or(0, |scope| {
            scope.thread_starts();
            scope.number()
        });
        let overrides = scope::capture();
        // SAFETY: the caller guarantees that all borrows outlive the thread.
        let (runner, joiner) =
            unsafe { Shared::split(scope_number, || Packet::new(f, overrides, scope)) };
        if let Some(name) = name {
            runner.lazy_identity().set_name(name);
        }
        let started = seam::start(Start {
            stack_size: self.stack_size,
            place: self.place,
            runner,
        })?;
        #[cfg(feature = "tracing")]
        super::life::spawned(&started, joiner.lazy_identity());
        Ok(Joined { started, joiner })
    }
}

#[cold]
#[track_caller]
fn validate_name(name: String) -> Box<str> {
    let name = CString::new(name).expect("thread name may not contain interior null bytes");
    let name = name.into_string().expect("it was created from a string");
    name.into_boxed_str()
}
