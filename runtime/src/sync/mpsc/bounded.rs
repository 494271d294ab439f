//! A channel with a limited capacity, which may be zero.
//!
//! Messages are handed off. If the receiver waits, a sender moves its message into the receiver's node. A receiver that
//! makes room moves the message of the longest waiting sender into the buffer. So the wait of a thread is complete when it
//! is woken, and no other thread can barge in. Go's channels work like this.
//!
//! | buffer | senders wait | the receiver waits |
//! | --- | --- | --- |
//! | has room | no | only if the buffer is empty |
//! | is full | possible | only if the bound is 0, and no sender waits |
//!
//! Invariant:
//! 1. A node is linked only in its channel's queue, only from `register` on, and is unlinked when `is_waiting` is
//!    false or `unregister` was true; [`park::wait`](crate::wait::park::wait), the only caller of these,
//!    borrows the entry throughout, so it is not moved.
#![allow(unsafe_code)]

use ::std::cell::Cell;
use ::std::collections::VecDeque;
use ::std::mem;
use ::std::sync::mpsc::{RecvTimeoutError, TryRecvError, TrySendError};
use ::std::task::Waker;
use ::std::time::Instant;

use crate::interruption;
use crate::seam::sync::wait_signal;
use crate::wait::atomic::{Mutex, lock};
use crate::wait::park::{Outcome, Wait, WaitEntry};
use crate::wait::queue::{Fifo, Node, Verdict, Wakers};
use crate::wait::reason::{Kind, Reason};

pub(super) struct Bounded<T> {
    state: Mutex<State<T>>,
    bound: usize,
}

struct State<T> {
    buffer: VecDeque<T>,
    /// The senders that wait for room, each with its message.
    senders: Fifo<Message<T>>,
    /// The receiver, if it waits, with room for a message.
    receiver: Fifo<Message<T>>,
    ends: Ends,
}

/// A message, or room for one.
type Message<T> = Cell<Option<T>>;

/// The ends of the channel that are alive.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    Both,
    /// All senders have been dropped.
    Receiver,
    /// The receiver has been dropped, and possibly all senders.
    Senders,
}

impl<T> Bounded<T> {
    pub(super) fn new(bound: usize) -> Bounded<T> {
        Bounded {
            state: Mutex::new(State {
                buffer: VecDeque::new(),
                senders: Fifo::new(),
                receiver: Fifo::new(),
                ends: Ends::Both,
            }),
            bound,
        }
    }

    pub(super) fn try_send(&self, t: T) -> Result<(), TrySendError<T>> {
        let mut state = lock(&self.state);
        let waker = state.put(t, self.bound)?;
        drop(state);
        wake(waker);
        Ok(())
    }

    #[track_caller]
    pub(super) fn send(&self, t: T) -> Result<(), T> {
        match self.try_send(t) {
            Ok(()) => Ok(()),
            Err(TrySendError::Disconnected(t)) => Err(t),
            Err(TrySendError::Full(t)) => {
                let sending = Sending {
                    channel: self,
                    node: Node::new(Cell::new(Some(t))),
                };
                let outcome = wait_signal(&Wait::new(&sending, None).located().interruptible());
                if outcome == Outcome::Interrupted {
                    // No receiver has seen the message, which is dropped.
                    interruption::unwind();
                }
                // The receiver has taken the message from the node.
                sending.node.want.take().map_or(Ok(()), Err)
            }
        }
    }

    pub(super) fn try_recv(&self) -> Result<T, TryRecvError> {
        let mut state = lock(&self.state);
        let (t, waker) = state.take()?;
        drop(state);
        wake(waker);
        Ok(t)
    }

    #[track_caller]
    pub(super) fn recv(&self, deadline: Option<Instant>) -> Result<T, RecvTimeoutError> {
        match self.try_recv() {
            Ok(t) => return Ok(t),
            Err(TryRecvError::Disconnected) => return Err(RecvTimeoutError::Disconnected),
            Err(TryRecvError::Empty) => {}
        }
        let receiving = Receiving {
            channel: self,
            node: Node::new(Cell::new(None)),
        };
        let outcome = wait_signal(&Wait::new(&receiving, deadline).located().interruptible());
        if outcome == Outcome::Interrupted {
            interruption::unwind();
        }
        match receiving.node.want.take() {
            Some(t) => Ok(t),
            None if outcome == Outcome::TimedOut => Err(RecvTimeoutError::Timeout),
            None => Err(RecvTimeoutError::Disconnected),
        }
    }

    /// Called when the last sender is dropped.
    pub(super) fn disconnect_senders(&self) {
        let mut state = lock(&self.state);
        if state.ends == Ends::Both {
            state.ends = Ends::Receiver;
        }
        let waker = state.receiver.wake(Verdict::CLOSED);
        drop(state);
        wake(waker);
    }

    /// Called when the receiver is dropped.
    pub(super) fn disconnect_receiver(&self) {
        let mut state = lock(&self.state);
        state.ends = Ends::Senders;
        let messages = mem::take(&mut state.buffer);
        let mut wakers = Wakers::default();
        while let Some(waker) = state.senders.wake(Verdict::CLOSED) {
            wakers.push(waker);
        }
        drop(state);
        wakers.wake();
        drop(messages);
    }
}

impl<T> State<T> {
    /// Delivers a message. Returns the waker of the receiver if it waits.
    fn put(&mut self, t: T, bound: usize) -> Result<Option<Waker>, TrySendError<T>> {
        if self.ends == Ends::Senders {
            return Err(TrySendError::Disconnected(t));
        }
        if let Some(node) = self.receiver.iter().next() {
            node.want.set(Some(t));
            return Ok(self.receiver.wake(Verdict::HANDED));
        }
        if self.buffer.len() < bound {
            self.buffer.push_back(t);
            return Ok(None);
        }
        Err(TrySendError::Full(t))
    }

    /// Takes the first message, and moves the next waiting sender's into the buffer. Returns that sender's waker.
    fn take(&mut self) -> Result<(T, Option<Waker>), TryRecvError> {
        let waiting = self.senders.iter().next().and_then(|node| node.want.take());
        let first = match self.buffer.pop_front() {
            Some(first) => {
                self.buffer.extend(waiting);
                Some(first)
            }
            None => waiting,
        };
        match first {
            // If there is a sender at the front, its message has just been taken.
            Some(first) => Ok((first, self.senders.wake(Verdict::HANDED))),
            None if self.ends == Ends::Receiver => Err(TryRecvError::Disconnected),
            None => Err(TryRecvError::Empty),
        }
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// A sender that waits, with its message.
struct Sending<'a, T> {
    channel: &'a Bounded<T>,
    node: Node<Message<T>>,
}

impl<T> WaitEntry for Sending<'_, T> {
    fn register(&self, waker: Waker, _patience: u32) -> bool {
        let message = &self.node.want;
        let Some(t) = message.take() else {
            return false;
        };
        let mut state = lock(&self.channel.state);
        match state.put(t, self.channel.bound) {
            Ok(woken) => {
                drop(state);
                wake(woken);
                false
            }
            Err(TrySendError::Disconnected(t)) => {
                message.set(Some(t));
                false
            }
            Err(TrySendError::Full(t)) => {
                message.set(Some(t));
                // SAFETY: by invariant 1 the node is in no queue, and is not moved while it is linked.
                unsafe { state.senders.push(&self.node, waker, 0, false) };
                true
            }
        }
    }

    fn is_waiting(&self) -> bool {
        self.node.is_waiting()
    }

    fn unregister(&self) -> bool {
        let mut state = lock(&self.channel.state);
        // SAFETY: by invariant 1 the node was linked in this queue.
        let waker = unsafe { state.senders.remove(&self.node) };
        drop(state);
        waker.is_some()
    }

    fn reason(&self) -> Reason {
        Reason::new(Kind::ChannelSend, self.channel)
    }
}

/// The receiver that waits, with room for a message.
struct Receiving<'a, T> {
    channel: &'a Bounded<T>,
    node: Node<Message<T>>,
}

impl<T> WaitEntry for Receiving<'_, T> {
    fn register(&self, waker: Waker, _patience: u32) -> bool {
        let mut state = lock(&self.channel.state);
        match state.take() {
            Ok((t, woken)) => {
                drop(state);
                self.node.want.set(Some(t));
                wake(woken);
                false
            }
            Err(TryRecvError::Disconnected) => false,
            Err(TryRecvError::Empty) => {
                // SAFETY: by invariant 1 the node is in no queue, and is not moved while it is linked.
                unsafe { state.receiver.push(&self.node, waker, 0, false) };
                true
            }
        }
    }

    fn is_waiting(&self) -> bool {
        self.node.is_waiting()
    }

    fn unregister(&self) -> bool {
        let mut state = lock(&self.channel.state);
        // SAFETY: by invariant 1 the node was linked in this queue.
        let waker = unsafe { state.receiver.remove(&self.node) };
        drop(state);
        waker.is_some()
    }

    fn reason(&self) -> Reason {
        Reason::new(Kind::ChannelReceive, self.channel)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::thread;

    use super::{Bounded, lock};

    /// Waiting senders are served in order of arrival, and no later sender barges in.
    #[test]
    fn waiting_senders_are_served_in_order() {
        for bound in [0, 1, 3] {
            let channel = Bounded::new(bound);
            for number in 0..bound {
                channel.try_send(number).unwrap();
            }
            thread::scope(|s| {
                for number in 0..6 {
                    let channel = &channel;
                    s.spawn(move || channel.send(bound + number).unwrap());
                    while lock(&channel.state).senders.iter().count() <= number {
                        thread::yield_now();
                    }
                }
                for number in 0..bound + 6 {
                    assert_eq!(channel.try_recv(), Ok(number));
                    // There is room only if no sender waits for it.
                    let room = number >= 6 && bound > 0;
                    assert_eq!(channel.try_send(99).is_ok(), room);
                    if room {
                        lock(&channel.state).buffer.pop_back();
                    }
                }
            });
        }
    }
}
