//! Queues from many senders to one receiver.
//!
//! Layer: facade, above `seam`. A part of `sync`.
//! Called by: the user, and the other facades.
//! Calls: `seam` where something blocks.
//! Never: enters a seam where nothing blocks; asks what kind of thread the caller is.
//!
//! [`channel`] makes a queue without end (`unbounded`), [`sync_channel`] one with a bound, which may be
//! 0 (`bounded`).
//!
//! # Differences from std
//!
//! Senders that wait for room in a bounded channel are served in the order in which they came, and none
//! that comes later takes the room from them. The errors are std's own.

mod bounded;
mod iter;
mod shared;
mod unbounded;

use ::std::cell::Cell;
use ::std::fmt;
use ::std::marker::PhantomData;
use ::std::panic::{RefUnwindSafe, UnwindSafe};
use ::std::sync::Arc;
use ::std::time::{Duration, Instant};

pub use ::std::sync::mpsc::{RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError};

pub use self::iter::{IntoIter, Iter, TryIter};
use self::shared::Shared;
use crate::seam::busy::busy;

/// Makes a channel that takes any number of messages: sending never blocks.
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
    let (shared, receiver) = unbounded::new();
    (
        Sender { shared },
        Receiver::new(Flavor::Unbounded(receiver)),
    )
}

/// Makes a channel that takes `bound` messages: sending blocks while it is full. With a bound of 0 each
/// send waits until its message is received.
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
    let shared = Arc::new(Shared::new(bounded::Bounded::new(bound)));
    let receiver = Receiver::new(Flavor::Bounded(shared.clone()));
    (SyncSender { shared }, receiver)
}

/// Sends into a [`channel`]; may be cloned.
pub struct Sender<T> {
    shared: Arc<Shared<unbounded::Unbounded<T>>>,
}

impl<T> UnwindSafe for Sender<T> {}
impl<T> RefUnwindSafe for Sender<T> {}

impl<T> Sender<T> {
    /// Puts a message into the channel. Never blocks.
    ///
    /// # Errors
    ///
    /// If there is no receiver any more. The error holds the message. That the message was taken does not
    /// mean that it will be received.
    #[inline]
    pub fn send(&self, t: T) -> Result<(), SendError<T>> {
        self.shared.channel.send(t).map_err(SendError)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Sender<T> {
        self.shared.enter();
        Sender {
            shared: self.shared.clone(),
        }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        if self.shared.leave() {
            self.shared.channel.close();
        }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

/// Sends into a [`sync_channel`]; may be cloned.
pub struct SyncSender<T> {
    shared: Arc<Shared<bounded::Bounded<T>>>,
}

impl<T> UnwindSafe for SyncSender<T> {}
impl<T> RefUnwindSafe for SyncSender<T> {}

impl<T> SyncSender<T> {
    /// Puts a message into the channel, and blocks until there is room. If the channel's bound is 0 it
    /// blocks until the message is received.
    ///
    /// # Errors
    ///
    /// If there is no receiver, or none any more. The error holds the message.
    pub fn send(&self, t: T) -> Result<(), SendError<T>> {
        self.shared.channel.send(t).map_err(SendError)
    }

    /// Puts a message into the channel if there is room; if the bound is 0, if the receiver waits.
    ///
    /// # Errors
    ///
    /// If there is no room, or no receiver any more. The error holds the message.
    pub fn try_send(&self, t: T) -> Result<(), TrySendError<T>> {
        let result = self.shared.channel.try_send(t);
        if let Err(TrySendError::Full(_)) = result {
            busy();
        }
        result
    }
}

impl<T> Clone for SyncSender<T> {
    fn clone(&self) -> SyncSender<T> {
        self.shared.enter();
        SyncSender {
            shared: self.shared.clone(),
        }
    }
}

impl<T> Drop for SyncSender<T> {
    fn drop(&mut self) {
        if self.shared.leave() {
            self.shared.channel.close();
        }
    }
}

impl<T> fmt::Debug for SyncSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncSender").finish_non_exhaustive()
    }
}

/// Receives from a [`channel`] or a [`sync_channel`]. There is one for each.
///
/// Like std's it is not `Sync`:
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

/// The receiver's end of what [`channel`] or [`sync_channel`] made.
enum Flavor<T> {
    Unbounded(unbounded::Receiving<T>),
    Bounded(Arc<Shared<bounded::Bounded<T>>>),
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

    /// Takes a message if there is one.
    ///
    /// # Errors
    ///
    /// If there is none; the error says whether there can be one later.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        let result = self.take();
        if let Err(TryRecvError::Empty) = result {
            busy();
        }
        result
    }

    /// Takes a message, and blocks until there is one.
    ///
    /// # Errors
    ///
    /// If there is none, and no sender any more.
    pub fn recv(&self) -> Result<T, RecvError> {
        self.recv_until(None).map_err(|_| RecvError)
    }

    /// Takes a message, and blocks until there is one, but no longer than `timeout`.
    ///
    /// # Errors
    ///
    /// If there is none in that time, or none and no sender any more.
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
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        match self.take() {
            Ok(t) => Ok(t),
            Err(TryRecvError::Disconnected) => Err(RecvTimeoutError::Disconnected),
            // A time that lies beyond what an `Instant` can say never comes.
            Err(TryRecvError::Empty) => self.recv_until(Instant::now().checked_add(timeout)),
        }
    }

    /// Iterates over messages, and blocks for each, until there is no sender any more.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { rx: self }
    }

    /// Iterates over the messages that are there. Never blocks.
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
            Flavor::Unbounded(receiving) => receiving.try_recv(),
            Flavor::Bounded(shared) => shared.channel.try_recv(),
        }
    }

    fn recv_until(&self, deadline: Option<Instant>) -> Result<T, RecvTimeoutError> {
        match &self.flavor {
            Flavor::Unbounded(receiving) => receiving.recv(deadline),
            Flavor::Bounded(shared) => shared.channel.recv(deadline),
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        match &self.flavor {
            // Its own drop does it.
            Flavor::Unbounded(_) => {}
            Flavor::Bounded(shared) => shared.channel.abandon(),
        }
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}
