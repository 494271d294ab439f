//! Starting green threads on a hub, from any OS thread.
#![forbid(unsafe_code)]

use std::io;

use super::body::Body;
use super::core::Hub;
use super::current;
use super::observation;
use super::remote::{Message, Start};
use super::task::Task;
use super::team::Team;
use crate::boundary;
use crate::coroutine::{Reservation, Size};

/// The hub on which a green thread is to start.
#[derive(Clone, Copy)]
pub(crate) struct Destination {
    hub: &'static Hub,
    /// The same, if it is the hub of this OS thread. Determined once for a spawn. Not a `bool`: a copy of its padding would
    /// wait until the processor has written what is beside it.
    here: Option<&'static Hub>,
    /// If it is a worker, another worker may take the green thread over.
    team: Option<&'static Team>,
}

impl Destination {
    /// Returns a destination that is the hub of this OS thread.
    #[inline]
    pub(super) fn here(hub: &'static Hub) -> Self {
        Destination {
            hub,
            here: Some(hub),
            team: None,
        }
    }

    /// Returns the hub.
    #[inline]
    pub(crate) fn hub(self) -> &'static Hub {
        self.hub
    }

    /// Returns the hub if it is that of this OS thread.
    #[inline]
    pub(crate) fn hub_if_here(self) -> Option<&'static Hub> {
        self.here
    }

    /// Returns true if the green thread is certain to begin on this hub: no other worker takes it over.
    #[inline]
    pub(crate) fn is_final(self) -> bool {
        self.team.is_none()
    }

    /// Reserves a stack for a green thread.
    ///
    /// # Errors
    ///
    /// When the process has no address space left for it.
    #[inline]
    pub(crate) fn reserve(self, size: Size) -> io::Result<Reservation> {
        let _inside = boundary::enter();
        if self.here.is_some() {
            self.hub.core().stacks.borrow_mut().reserve(size)
        } else {
            Reservation::new(size)
        }
    }

    /// Starts a green thread.
    #[inline]
    pub(crate) fn start(self, stack: Reservation, body: Body) {
        let _inside = boundary::enter();
        if let Some(team) = self.team {
            self.start_on_a_worker(team, (stack, body));
        } else if self.here.is_some() {
            self.hub.remote.alive.start();
            self.hub.accept(stack, body);
        } else {
            self.start_elsewhere(stack, body);
        }
    }

    #[inline(never)]
    fn start_elsewhere(self, stack: Reservation, mut body: Body) {
        observation::starts_here(|| body.tag());
        self.hub.remote.alive.send();
        self.hub.remote.send(Message::Start(stack, body));
    }

    #[inline(never)]
    fn start_on_a_worker(self, team: &Team, mut start: Start) {
        observation::starts_here(|| start.1.tag());
        let remote = &self.hub.remote;
        if self.here.is_some() {
            remote.alive.start();
        } else {
            remote.alive.send();
        }
        remote.unstarted.push(start);
        // A worker that slept begins it now. One that runs does so when it can, unless another is sooner.
        if self.here.is_some() || !remote.poke() {
            team.rouse();
        }
    }
}

impl Hub {
    /// Returns this hub as the one on which a green thread is to start, from any OS thread.
    #[inline]
    pub(crate) fn as_destination(&'static self) -> Destination {
        Destination {
            hub: self,
            here: current::is(self).then_some(self),
            team: None,
        }
    }

    /// Does the same for a worker: until the green thread begins, another worker may take it over.
    pub(super) fn as_destination_in(&'static self, team: &'static Team) -> Destination {
        Destination {
            team: Some(team),
            ..self.as_destination()
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
        let make = || Task::new(stack, body);
        let task = self.core().tasks.insert(&self.remote, make);
        self.core().run_queue.push(task);
    }
}
