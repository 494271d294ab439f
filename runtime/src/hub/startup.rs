//! Making a hub, and running it on an OS thread.
#![forbid(unsafe_code)]

use std::process;

use super::core::Hub;
use super::task::{State, Task};
use super::task_table::ChunkMemory;
use super::{alive, current, fork, inspection};
use crate::boundary;
use crate::coroutine::{self, SavedContext, overflow};
use crate::reactor::{Notifier, Poller};
use crate::refused::Refused;
#[cfg(greenpatch_libc)]
use crate::wait::first_hub;

/// What a hub needs that the OS may refuse.
///
/// It is acquired before the hub is made: a hub is never freed, and a failed attempt is to leave nothing behind.
#[derive(Debug)]
pub(super) struct Resources {
    poller: Poller,
    notifier: Notifier,
    /// For the first tasks.
    chunk: ChunkMemory,
}

impl Resources {
    /// Asks the OS for them.
    ///
    /// # Errors
    ///
    /// When the process has no descriptors or no address space left.
    pub(super) fn acquire() -> Result<Resources, Refused> {
        #[cfg(greenpatch_libc)]
        first_hub::announce().map_err(Refused::by("membarrier"))?;
        let (poller, notifier) = Poller::new()?;
        let chunk = ChunkMemory::map().map_err(Refused::by("mmap"))?;
        Ok(Resources {
            poller,
            notifier,
            chunk,
        })
    }
}

impl Hub {
    /// Makes a hub that an OS thread can enter.
    ///
    /// # Errors
    ///
    /// When the process has no descriptors or no address space left.
    pub(crate) fn new() -> Result<&'static Hub, Refused> {
        Resources::acquire().map(Hub::with_resources)
    }

    /// Makes a hub that an OS thread can enter.
    pub(super) fn with_resources(resources: Resources) -> &'static Hub {
        let Resources {
            poller,
            notifier,
            chunk,
        } = resources;
        let hub = Hub::leak(poller, notifier);
        fork::notice_forks();
        hub.core.tasks.add(&hub.remote, chunk);
        let root = hub.core.tasks.insert(&hub.remote, Task::root);
        hub.core.root.set(root);
        hub.core.running.set(root);
        alive::add(&hub.remote.alive);
        inspection::add(hub);
        hub
    }

    /// Makes this OS thread run the hub whenever its own stack, the root, waits. The OS thread lives as long as the
    /// process: it is the main thread, or one that greenpatch has started.
    ///
    /// # Panics
    ///
    /// Panics if this OS thread has a hub already.
    pub(crate) fn enter(&'static self) {
        self.settle();
        let is_main = self.os_thread_number() == u64::from(process::id());
        self.core().own_stack.set(coroutine::own_stack(is_main));
        self.observe();
        boundary::open();
    }

    /// Makes the hub that of this OS thread.
    fn settle(&'static self) {
        self.remote.set_this_thread();
        current::set(self);
        overflow::prepare_this_thread();
        self.core().mark.set_first();
        #[cfg(greenpatch_libc)]
        self.core().errno.find();
        self.root().context.adopt(SavedContext::of_this_thread());
        self.root().state.set(State::Running);
        self.core().budget.add_first_turn();
    }

    /// Runs the hub on this OS thread and nothing else.
    pub(super) fn run_forever(&'static self) -> ! {
        self.settle();
        self.core().driver.interrupt_all();
        self.root().state.set(State::Waiting);
        self.remote.counts.add_park();
        self.observe();
        boundary::close();
        loop {
            self.tick();
        }
    }
}
