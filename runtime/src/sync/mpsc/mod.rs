//! Multi-producer, single-consumer channels.
//!
//! Layer: facade, above `seam`. A part of `sync`.
//! Called by: users, and the other facades.
//! Calls: `seam` where something blocks.
//! Never: enters a seam where nothing blocks; depends on the kind of the calling thread.
//!
//! [`channel`] creates an unbounded channel (`unbounded`), [`sync_channel`] one with a bound, which may be 0 (`bounded`).
//!
//! # Differences from std
//!
//! Senders that wait for capacity in a bounded channel are served in order of arrival, and a later sender cannot overtake
//! them. The error types are std's own.

mod bounded;
mod counter;
mod iter;
mod unbounded;

use ::std::cell::Cell;
use ::std::fmt;
use ::std::marker::PhantomData;
use ::std::panic::{RefUnwindSafe, UnwindSafe};
use ::std::sync::Arc;
use ::std::time::{Duration, Instant};

pub use ::std::sync::mpsc::{RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError};

use self::counter::Counter;
pub use self::iter::{IntoIter, Iter, TryIter};
use crate::seam::busy::busy;

/// Creates a channel with unlimited capacity: sending never blocks.
///
/// # Examples
///
/// ```
/// use greenpatch::sync::mpsc;
/// use greenpatch::thread;
///
/// let (sender, receiver) = mpsc::channel();
/// for number in 0..3 {
///     let sender = sender.clone();
///     thread::spawn(move || sender.send(number).unwrap());
/// }
/// drop(sender);
/// assert_eq!(receiver.iter().sum::<i32>(), 3);
/// ```
#[must_use]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let (counter, receiver) = unbounded::new();
    (
        Sender { counter },
        Receiver::new(Flavor::Unbounded(receiver)),
    )
}

/// Creates a channel with a capacity of `bound` messages: sending blocks while it is full. If the bound is 0, each send
/// blocks until its message is received.
///
/// # Examples
///
/// ```
/// use greenpatch::sync::mpsc::{self, TrySendError};
///
/// let (sender, receiver) = mpsc::sync_channel(1);
/// sender.send(1).unwrap();
/// assert_eq!(sender.try_send(2), Err(TrySendError::Full(2)));
/// assert_eq!(receiver.recv(), Ok(1));
/// ```
#[must_use]
pub fn sync_channel<T>(bound: usize) -> (SyncSender<T>, Receiver<T>) {
    let counter = Arc::new(Counter::new(bounded::Bounded::new(bound)));
    let receiver = Receiver::new(Flavor::Bounded(counter.clone()));
    (SyncSender { counter }, receiver)
}

/// The sending half of a [`channel`]. It can be cloned.
pub struct Sender<T> {
    counter: Arc<Counter<unbounded::Unbounded<T>>>,
}

impl<T> UnwindSafe for Sender<T> {}
impl<T> RefUnwindSafe for Sender<T> {}

impl<T> Sender<T> {
    /// Sends a message. Never blocks.
    ///
    /// A message that was sent successfully is not necessarily received.
    ///
    /// # Errors
    ///
    /// Returns the message if the receiver has been dropped.
    #[inline]
    pub fn send(&self, t: T) -> Result<(), SendError<T>> {
        self.counter.channel.send(t).map_err(SendError)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Sender<T> {
        self.counter.add_sender();
        Sender {
            counter: self.counter.clone(),
        }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        if self.counter.remove_sender() {
            self.counter.channel.disconnect_senders();
        }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

/// The sending half of a [`sync_channel`]. It can be cloned.
pub struct SyncSender<T> {
    counter: Arc<Counter<bounded::Bounded<T>>>,
}

impl<T> UnwindSafe for SyncSender<T> {}
impl<T> RefUnwindSafe for SyncSender<T> {}

impl<T> SyncSender<T> {
    /// Sends a message, blocking until there is capacity for it. If the channel's bound is 0, blocks until the message is
    /// received.
    ///
    /// # Errors
    ///
    /// Returns the message if the receiver has been dropped, or is dropped while this blocks.
    #[track_caller]
    pub fn send(&self, t: T) -> Result<(), SendError<T>> {
        self.counter.channel.send(t).map_err(SendError)
    }

    /// Attempts to send a message without blocking. If the channel's bound is 0, this succeeds only if the receiver waits.
    ///
    /// # Errors
    ///
    /// Returns the message if there is no capacity for it, or if the receiver has been dropped.
    pub fn try_send(&self, t: T) -> Result<(), TrySendError<T>> {
        let result = self.counter.channel.try_send(t);
        if let Err(TrySendError::Full(_)) = result {
            busy();
        }
        result
    }
}

impl<T> Clone for SyncSender<T> {
    fn clone(&self) -> SyncSender<T> {
        self.counter.add_sender();
        SyncSender {
            counter: self.counter.clone(),
        }
    }
}

impl<T> Drop for SyncSender<T> {
    fn drop(&mut self) {
        if self.counter.remove_sender() {
            self.counter.channel.disconnect_senders();
        }
    }
}

impl<T> fmt::Debug for SyncSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncSender").finish_non_exhaustive()
    }
}

/// The receiving half of a [`channel`] or a [`sync_channel`]. There is one for each channel.
///
/// It is not `Sync`:
///
/// ```compile_fail,E0277
/// let (_sender, receiver) = greenpatch::sync::mpsc::channel::<i32>();
/// fn share<T: Sync>(_: &T) {}
/// share(&receiver);
/// ```
pub struct Receiver<T> {
    flavor: Flavor<T>,
    not_sync: PhantomData<Cell<()>>,
}

/// The receiving half by the kind of the channel.
enum Flavor<T> {
    Unbounded(unbounded::UnboundedReceiver<T>),
    Bounded(Arc<Counter<bounded::Bounded<T>>>),
}

impl<T> UnwindSafe for Receiver<T> {}
impl<T> RefUnwindSafe for Receiver<T> {}

impl<T> Receiver<T> {
    fn new(flavor: Flavor<T>) -> Receiver<T> {
        Receiver {
            flavor,
            not_sync: PhantomData,
        }
    }

    /// Attempts to receive a message without blocking.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no message: [`TryRecvError::Empty`], or [`TryRecvError::Disconnected`] if there are no
    /// senders either.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        let result = self.take();
        if let Err(TryRecvError::Empty) = result {
            busy();
        }
        result
    }

    /// Receives a message, blocking until there is one.
    ///
    /// # Errors
    ///
    /// Returns an error if there are neither messages nor senders.
    #[track_caller]
    pub fn recv(&self) -> Result<T, RecvError> {
        self.recv_until(None).map_err(|_| RecvError)
    }

    /// Receives a message, blocking until there is one, but for no longer than `timeout`.
    ///
    /// # Errors
    ///
    /// Returns an error if no message arrives within `timeout`, or if there are neither messages nor senders.
    ///
    /// # Examples
    ///
    /// ```
    /// use greenpatch::sync::mpsc::{RecvTimeoutError, channel};
    /// use std::time::Duration;
    ///
    /// let (sender, receiver) = channel::<i32>();
    /// let a_little = Duration::from_millis(1);
    /// assert_eq!(receiver.recv_timeout(a_little), Err(RecvTimeoutError::Timeout));
    /// sender.send(1).unwrap();
    /// assert_eq!(receiver.recv_timeout(a_little), Ok(1));
    /// drop(sender);
    /// assert_eq!(receiver.recv_timeout(a_little), Err(RecvTimeoutError::Disconnected));
    /// ```
    #[track_caller]
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        match self.take() {
            Ok(t) => Ok(t),
            Err(TryRecvError::Disconnected) => Err(RecvTimeoutError::Disconnected),
            // A deadline that an `Instant` cannot represent is never reached.
            Err(TryRecvError::Empty) => self.recv_until(Instant::now().checked_add(timeout)),
        }
    }

    /// Returns an iterator that blocks for each message, and ends when the channel is disconnected.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { rx: self }
    }

    /// Returns an iterator over the pending messages, which never blocks.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = greenpatch::sync::mpsc::channel();
    /// sender.send(1).unwrap();
    /// sender.send(2).unwrap();
    /// assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [1, 2]);
    /// assert_eq!(receiver.try_iter().next(), None);
    /// ```
    pub fn try_iter(&self) -> TryIter<'_, T> {
        TryIter { rx: self }
    }

    fn take(&self) -> Result<T, TryRecvError> {
        match &self.flavor {
            Flavor::Unbounded(receiver) => receiver.try_recv(),
            Flavor::Bounded(counter) => counter.channel.try_recv(),
        }
    }

    #[track_caller]
    fn recv_until(&self, deadline: Option<Instant>) -> Result<T, RecvTimeoutError> {
        match &self.flavor {
            Flavor::Unbounded(receiver) => receiver.recv(deadline),
            Flavor::Bounded(counter) => counter.channel.recv(deadline),
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        match &self.flavor {
            // Dropping the `UnboundedReceiver` disconnects it.
            Flavor::Unbounded(_) => {}
            Flavor::Bounded(counter) => counter.channel.disconnect_receiver(),
        }
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}
