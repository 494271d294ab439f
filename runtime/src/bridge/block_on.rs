//! `block_on`.
#![forbid(unsafe_code)]

use ::std::future::IntoFuture;
use ::std::pin::pin;
use ::std::sync::Arc;
use ::std::task::{Context, Poll, Wake, Waker};

use crate::interruption;
use crate::seam::sync::wait_signal;
use crate::wait::atomic::{AtomicBool, Ordering};
use crate::wait::park::Outcome;
use crate::wait::reason::Kind;
use crate::wait::wait_while::{wait_while_interruptible, wake_all};

/// Runs a future to completion on the calling thread, and returns its output.
///
/// While the future is pending the calling thread blocks. If that is a green thread, its hub runs other green threads.
/// The future is polled on the calling thread alone, so it need not be `Send`.
///
/// The future brings what it needs to make progress: sockets and timers of an async runtime need that runtime's driver,
/// on an OS thread of its own. Channels, locks and other futures that are woken by whatever completes them need nothing.
///
/// The token of [`thread::park`](crate::thread::park) is neither used nor changed.
///
/// # Panics
///
/// If the future panics.
///
/// # Examples
///
/// ```
/// let length = greenpatch::block_on(async { "green".len() });
/// assert_eq!(length, 5);
/// ```
#[track_caller]
pub fn block_on<F: IntoFuture>(future: F) -> F::Output {
    let mut future = pin!(future.into_future());
    let signal = Arc::new(Signal::new());
    let waker = Waker::from(signal.clone());
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        signal.wait();
    }
}

/// Whether the future has been woken since it was last polled.
struct Signal {
    woken: AtomicBool,
}

impl Signal {
    fn new() -> Self {
        Signal {
            woken: AtomicBool::new(false),
        }
    }

    /// Notes that the future has been woken, and wakes the thread that polls it.
    fn set(&self) {
        // If it was set already, the thread that set it wakes the waiter.
        if !self.woken.swap(true, Ordering::AcqRel) {
            wake_all(&self.woken);
        }
    }

    /// Blocks until the future has been woken, and forgets that it was.
    #[track_caller]
    fn wait(&self) {
        let is_pending = || !self.woken.load(Ordering::Relaxed);
        let kind = Kind::BlockOn;
        let outcome = wait_while_interruptible(wait_signal, kind, &self.woken, None, is_pending);
        if outcome == Outcome::Interrupted {
            // The future is dropped.
            interruption::unwind();
        }
        // Acquire: pairs with the release in `wake_by_ref`. The next poll sees what happened before each wakeup that is
        // forgotten here.
        self.woken.swap(false, Ordering::Acquire);
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.set();
    }
}

#[cfg(all(test, loom))]
mod loom_models {
    use loom::sync::Arc;
    use loom::sync::atomic::AtomicUsize;
    use loom::thread;

    use super::*;

    /// A future that is ready once `done` is 2, polled as [`block_on`] polls it.
    #[test]
    fn no_wakeup_of_a_future_is_lost() {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(2);
        model.check(|| {
            let shared = Arc::new((Signal::new(), AtomicUsize::new(0)));
            let wakers = [(); 2].map(|()| {
                let shared = shared.clone();
                thread::spawn(move || {
                    // Relaxed: the signal orders it before the poll.
                    shared.1.fetch_add(1, Ordering::Relaxed);
                    shared.0.set();
                })
            });
            while shared.1.load(Ordering::Relaxed) < 2 {
                shared.0.wait();
            }
            for waker in wakers {
                waker.join().unwrap();
            }
        });
    }
}
