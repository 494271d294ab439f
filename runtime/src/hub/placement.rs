//! Which hub a new green thread is started on.
//!
//! With workers it is that of the spawner, or one that has far fewer (`team`), unless the thread's `Place` says
//! otherwise. Without them it is the hub that spawns it; from an OS
//! thread that is no hub it is the background hub, which always makes progress. The same goes for a hub's own OS
//! thread in a panic hook, since none of its green threads runs before the hook has ended.
#![forbid(unsafe_code)]

use std::io;
use std::os::unix::thread::JoinHandleExt;
use std::sync::mpsc::{self, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use super::core::Hub;
use super::current::{self, current};
use super::spawn::Destination;
use super::startup::Resources;
use super::switching::switching;
use super::team;
use crate::boundary;
use crate::coroutine::as_of_a_thread;
use crate::refused::Refused;

/// Name of the OS thread on which the background hub runs.
const BACKGROUND: &str = "greenpatch-hub";

/// Starts `count` OS threads that run a hub each, on which green threads are started from now on.
/// Workers that were started before stay the only ones.
///
/// # Errors
///
/// When the OS has no threads, descriptors or address space for them. Nothing is left of the attempt then.
pub(crate) fn start_workers(count: usize) -> Result<(), Refused> {
    let _inside = boundary::enter();
    if team::is_set() {
        return Ok(());
    }
    let resources = (0..count).map(|_| Resources::acquire());
    let resources: Vec<_> = resources.collect::<Result<_, _>>()?;
    let mut threads = Vec::new();
    for number in 0..count {
        match HubThread::start(&format!("greenpatch-{number}")) {
            Ok(thread) => threads.push(thread),
            Err(refused) => {
                threads.into_iter().for_each(HubThread::end);
                return Err(refused);
            }
        }
    }
    let hubs = threads.into_iter().zip(resources);
    let hubs = hubs.map(|(thread, resources)| thread.run(resources));
    // One thread patches at a time, so they have not been set since.
    team::set(hubs.collect());
    Ok(())
}

/// Returns true if there are workers, so that the patching thread is no hub.
#[inline]
pub(crate) fn has_workers() -> bool {
    team::team().is_some()
}

/// Returns the hub for a green thread that this OS thread spawns.
///
/// # Errors
///
/// When the background hub is needed and the OS has no thread or descriptor for it.
#[inline]
pub(crate) fn hub_to_spawn_on() -> io::Result<Destination> {
    match switching() {
        Some(hub) if !has_workers() => Ok(Destination::here(hub)),
        hub => another_hub(hub),
    }
}

/// Returns the hub of this OS thread for a green thread that is to stay with its spawner. `None` if none may switch here.
pub(crate) fn this_hub_to_spawn_on() -> Option<Destination> {
    switching().map(Destination::here)
}

/// Returns the worker with a number, counted on from the first one after the last, for a green thread that is to begin
/// there. `None` without workers, or if none of its green threads runs before the current call returns.
pub(crate) fn worker_to_spawn_on(number: usize) -> Option<Destination> {
    let hubs = team::team()?.hubs();
    let hub = hubs[number % hubs.len()];
    let is_blocked = current::is(hub) && switching().is_none();
    (!is_blocked).then(|| hub.as_destination())
}

/// Does the same as [`hub_to_spawn_on`] where that is not simply the hub that may switch.
#[inline(never)]
fn another_hub(hub: Option<&'static Hub>) -> io::Result<Destination> {
    let _inside = boundary::enter();
    if let Some(team) = team::team() {
        let own = hub.filter(|hub| hub.remote.is_worker());
        let blocked = current().filter(|_| hub.is_none());
        if let Some(worker) = team.choose(own, blocked) {
            return Ok(worker.as_destination_in(team));
        }
    }
    background().map(Hub::as_destination)
}

fn background() -> io::Result<&'static Hub> {
    static HUB: Mutex<Option<&'static Hub>> = Mutex::new(None);
    let mut hub = HUB.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(hub) = *hub
        && hub.remote.is_of_this_process()
    {
        return Ok(hub);
    }
    let start = || {
        let resources = Resources::acquire()?;
        HubThread::start(BACKGROUND).map(|thread| thread.run(resources))
    };
    let new = start().map_err(|refused: Refused| as_of_a_thread(refused.into()))?;
    Ok(*hub.insert(new))
}

/// An OS thread that waits for a hub to run. Hubs are never freed, so one is made only once its thread exists.
struct HubThread {
    os_thread: JoinHandle<()>,
    hub: Sender<&'static Hub>,
}

impl HubThread {
    fn start(name: &str) -> Result<HubThread, Refused> {
        let (hub, receiver) = mpsc::channel::<&'static Hub>();
        let started = std::thread::Builder::new()
            .name(name.into())
            .spawn(move || {
                #[expect(clippy::disallowed_methods, reason = "an OS thread that is no hub yet")]
                let hub = receiver.recv();
                if let Ok(hub) = hub {
                    drop(receiver);
                    hub.run_forever();
                }
            });
        let os_thread = started.map_err(Refused::by("pthread_create"))?;
        Ok(HubThread { os_thread, hub })
    }

    /// Makes the thread run a hub from now on.
    fn run(self, resources: Resources) -> &'static Hub {
        let hub = Hub::with_resources(resources);
        hub.remote.set_os_thread(self.os_thread.as_pthread_t());
        self.hub.send(hub).expect("the thread waits for a hub");
        hub
    }

    /// Ends the thread without a hub.
    fn end(self) {
        drop(self.hub);
        #[expect(clippy::disallowed_methods, reason = "it waits for nothing any more")]
        self.os_thread.join().expect("a thread without a hub ends");
    }
}
