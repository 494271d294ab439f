//! `Builder`.
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
use crate::thread_state::shared::Shared;

/// Sets the name and the stack size of a thread that it then starts, native or green.
///
/// # Differences from std
///
/// A green thread's stack size is rounded up to a power of two; its guard page comes on top. Up to 960 bytes of it
/// are left out, so that not all stacks begin at the same place in a page.
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
}

#[expect(clippy::new_without_default, reason = "std has none")]
impl Builder {
    /// Makes a builder with neither a name nor a stack size set.
    pub fn new() -> Builder {
        Builder {
            name: None,
            stack_size: None,
        }
    }

    /// Names the thread-to-be.
    pub fn name(mut self, name: String) -> Builder {
        self.name = Some(name);
        self
    }

    /// Sets the size of its stack in bytes. Without it, `RUST_MIN_STACK` decides, or else it is 2 MiB.
    ///
    /// # Differences from std
    ///
    /// As for the type.
    pub fn stack_size(mut self, size: usize) -> Builder {
        self.stack_size = Some(size);
        self
    }

    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// When the OS cannot start a thread, or the process has no address space for a stack: `WouldBlock`, by
    /// the OS's number `EAGAIN`, for green threads as for native ones. Before Linux 6.13 the guard page of a
    /// stack takes a mapping, of which a process has as many as `vm.max_map_count` says.
    ///
    /// # Panics
    ///
    /// Panics if the name contains a null byte.
    pub fn spawn<F, T>(self, f: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        // SAFETY: what is 'static outlives every thread.
        unsafe { self.spawn_unchecked(f) }
    }

    /// Starts the thread without checking that it outlives what it borrows.
    ///
    /// # Safety
    ///
    /// The caller sees to it that the thread has ended before anything that `f` or `T` borrows does:
    /// by joining it, or by borrowing only what is `'static`.
    ///
    /// # Errors
    ///
    /// As [`spawn`](Builder::spawn).
    ///
    /// # Panics
    ///
    /// As [`spawn`](Builder::spawn).
    pub unsafe fn spawn_unchecked<F, T>(self, f: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send,
        T: Send,
    {
        // SAFETY: the caller vouches for the borrows.
        unsafe { self.start(f, None) }.map(JoinHandle::new)
    }

    /// # Safety
    ///
    /// As for [`spawn_unchecked`](Builder::spawn_unchecked).
    pub(super) unsafe fn start<F, T>(
        self,
        f: F,
        scope: Option<Arc<ScopeData>>,
    ) -> io::Result<Joined<T>>
    where
        F: FnOnce() -> T + Send,
        T: Send,
    {
        let name = self.name.map(checked);
        if let Some(scope) = &scope {
            scope.thread_starts();
        }
        let overrides = scope::capture();
        // SAFETY: the caller vouches that the thread ends before what it borrows does.
        let (runner, joiner) = unsafe { Shared::split(|| Packet::new(f, overrides, scope)) };
        if let Some(name) = name {
            runner.lazy_identity().set_name(name);
        }
        let started = seam::start(Start {
            stack_size: self.stack_size,
            runner,
        })?;
        Ok(Joined { started, joiner })
    }
}

#[cold]
#[track_caller]
fn checked(name: String) -> Box<str> {
    let name = CString::new(name).expect("thread name may not contain interior null bytes");
    let name = name.into_string().expect("it is made of a string");
    name.into_boxed_str()
}
