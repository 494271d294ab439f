//! `spawn_blocking`, and the future of its result.
#![forbid(unsafe_code)]

use ::std::any::Any;
use ::std::fmt;
use ::std::future::Future;
use ::std::io;
use ::std::panic::{self, AssertUnwindSafe};
use ::std::pin::Pin;
use ::std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use ::std::task::{Context, Poll, Waker};

use crate::thread;

/// Runs blocking code on a new thread, and returns a future of its result.
///
/// The thread is green if threads are patched, so an async program can make as many blocking calls at once as it likes.
/// A thread starts at once, whether or not the future is polled, and dropping the future does not end it.
///
/// # Errors
///
/// When the thread cannot be started, as in [`thread::Builder::spawn`].
///
/// # Examples
///
/// ```
/// use greenpatch::{block_on, spawn_blocking, thread};
/// use std::time::Duration;
///
/// let sum = block_on(async {
///     let slow = spawn_blocking(|| {
///         thread::sleep(Duration::from_millis(1));
///         20
///     });
///     let other = spawn_blocking(|| 22);
///     slow.unwrap().await.unwrap() + other.unwrap().await.unwrap()
/// });
/// assert_eq!(sum, 42);
/// ```
pub fn spawn_blocking<T, F>(f: F) -> io::Result<Blocking<T>>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let shared = Arc::new(Shared(Mutex::new(State::Running(None))));
    thread::Builder::new().spawn({
        let shared = shared.clone();
        // The closure is dropped before the result can be observed, because its call consumes it.
        move || shared.finish(panic::catch_unwind(AssertUnwindSafe(f)))
    })?;
    Ok(Blocking(shared))
}

/// The future of the result of [`spawn_blocking`]; the payload of the panic if the code panicked.
///
/// # Panics
///
/// When it is polled again after it was ready.
#[must_use = "futures do nothing unless awaited; the thread runs all the same"]
pub struct Blocking<T>(Arc<Shared<T>>);

struct Shared<T>(Mutex<State<T>>);

enum State<T> {
    /// With the waker of the last poll.
    Running(Option<Waker>),
    Done(Result<T, Box<dyn Any + Send>>),
    Taken,
}

impl<T> Shared<T> {
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn finish(&self, result: Result<T, Box<dyn Any + Send>>) {
        let before = ::std::mem::replace(&mut *self.state(), State::Done(result));
        if let State::Running(Some(waker)) = before {
            waker.wake();
        }
    }
}

impl<T> Blocking<T> {
    /// Returns true if the result is there.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        !matches!(*self.0.state(), State::Running(_))
    }
}

impl<T> Future for Blocking<T> {
    type Output = thread::Result<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // A waker's clone and drop are other code: neither happens under the lock.
        let waker = context.waker().clone();
        let mut state = self.0.state();
        if let State::Running(known) = &mut *state {
            let replaced = known.replace(waker);
            drop(state);
            drop(replaced);
            return Poll::Pending;
        }
        match ::std::mem::replace(&mut *state, State::Taken) {
            State::Done(result) => Poll::Ready(result),
            _ => {
                drop(state);
                panic!("a future of spawn_blocking was polled after it was ready")
            }
        }
    }
}

impl<T> fmt::Debug for Blocking<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocking")
            .field("is_finished", &self.is_finished())
            .finish()
    }
}
