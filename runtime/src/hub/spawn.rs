//! Starting green threads on a hub, from any OS thread.
#![forbid(unsafe_code)]

use std::io;

use super::body::Body;
use super::core::Hub;
use super::current;
use super::remote::Message;
use super::task::Task;
use crate::boundary;
use crate::coroutine::{Reservation, Size};

impl Hub {
    /// Reserves a stack for a green thread of this hub, from any OS thread.
    ///
    /// # Errors
    ///
    /// When the process has no address space left for it.
    #[inline]
    pub(crate) fn reserve(&'static self, size: Size) -> io::Result<Reservation> {
        let _inside = boundary::enter();
        if current::is(self) {
            self.core().stacks.borrow_mut().reserve(size)
        } else {
            Reservation::new(size)
        }
    }

    /// Starts a green thread, from any OS thread.
    #[inline]
    pub(crate) fn start(&'static self, stack: Reservation, body: Body) {
        let _inside = boundary::enter();
        if current::is(self) {
            self.remote.alive.start();
            self.accept(stack, body);
        } else {
            self.remote.alive.send();
            self.remote.send(Message::Start(stack, body));
        }
    }

    /// Returns how many green threads this hub has that have not ended, including those still in its inbox.
    pub(crate) fn load(&self) -> usize {
        self.remote.alive.load()
    }

    /// Makes a task of a green thread that was started, and puts it into the run queue.
    ///
    /// Always inlined: a spawn by a green thread of the same hub is one frame.
    #[inline(always)]
    pub(super) fn accept(&'static self, stack: Reservation, body: Body) {
        let task = Task::new(stack, body);
        let task = self.core().tasks.insert(&self.remote, task);
        self.core().run_queue.push(task);
    }
}
