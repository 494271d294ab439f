//! Where a new green thread goes.
//!
//! With workers, to the one that has the fewest. Without, to the hub it is spawned on; from an OS
//! thread that is no hub, to the background hub, which always makes progress. So does a hub's own OS thread in
//! a panic hook, since no green thread of it runs before the hook has ended.
#![forbid(unsafe_code)]

use std::io;
use std::os::unix::thread::JoinHandleExt;
use std::sync::mpsc::{self, Sender};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;

use super::parts::Parts;
use super::{Hub, current, forks, switching};
use crate::coroutine::as_of_a_thread;
use crate::refused::Refused;

/// Name of the OS thread on which the background hub runs.
const BACKGROUND: &str = "greenpatch-hub";

/// They are there in the process that started them, and not in forks of it.
static WORKERS: OnceLock<Box<[&'static Hub]>> = OnceLock::new();

/// Starts `count` OS threads that run a hub each, on which green threads are placed from now on.
/// Workers that were started before stay the only ones.
///
/// # Errors
///
/// When the OS has no threads, descriptors or address space for them. Nothing is left of the attempt then.
pub(crate) fn start_workers(count: usize) -> Result<(), Refused> {
    if WORKERS.get().is_some() {
        return Ok(());
    }
    let parts: Vec<_> = (0..count).map(|_| Parts::new()).collect::<Result<_, _>>()?;
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
    let hubs = threads.into_iter().zip(parts);
    let hubs = hubs.map(|(thread, parts)| thread.run(parts)).collect();
    // One thread patches at a time, so they have not been set since.
    let _ = WORKERS.set(hubs);
    Ok(())
}

/// Whether there are workers, so that the patching thread is no hub.
#[inline]
pub(crate) fn has_workers() -> bool {
    workers().is_some()
}

#[inline]
fn workers() -> Option<&'static [&'static Hub]> {
    let workers = WORKERS.get()?;
    let are_here = workers.first().is_some_and(|hub| hub.process == forks());
    are_here.then_some(workers)
}

/// The hub for a green thread that this OS thread spawns.
///
/// # Errors
///
/// When the background hub is needed and the OS has no thread or descriptor for it.
#[inline]
pub(crate) fn place() -> io::Result<&'static Hub> {
    match switching() {
        Some(hub) if !has_workers() => Ok(hub),
        hub => place_elsewhere(hub),
    }
}

/// As [`place`], where that is not simply the hub that may switch.
#[cold]
fn place_elsewhere(hub: Option<&'static Hub>) -> io::Result<&'static Hub> {
    match workers() {
        Some(workers) => {
            let held = current().filter(|_| hub.is_none());
            least_loaded(workers, held).map_or_else(background, Ok)
        }
        None => background(),
    }
}

/// The worker that has the fewest, but not the one that is held.
fn least_loaded(workers: &[&'static Hub], held: Option<&Hub>) -> Option<&'static Hub> {
    let is_held = |hub: &Hub| held.is_some_and(|held| std::ptr::eq(held, hub));
    let able = workers.iter().copied().filter(|hub| !is_held(hub));
    able.min_by_key(|hub| hub.load())
}

fn background() -> io::Result<&'static Hub> {
    static HUB: Mutex<Option<&'static Hub>> = Mutex::new(None);
    let mut hub = HUB.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(hub) = *hub
        && hub.process == forks()
    {
        return Ok(hub);
    }
    let start = || {
        let parts = Parts::new()?;
        HubThread::start(BACKGROUND).map(|thread| thread.run(parts))
    };
    let new = start().map_err(|refused: Refused| as_of_a_thread(refused.into()))?;
    Ok(*hub.insert(new))
}

/// An OS thread that waits for the hub that it is to run, as a hub that is made stays.
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
                    hub.run_for_ever();
                }
            });
        let os_thread = started.map_err(Refused::by("pthread_create"))?;
        Ok(HubThread { os_thread, hub })
    }

    /// Has it run a hub from now on.
    fn run(self, parts: Parts) -> &'static Hub {
        let hub = Hub::of(parts);
        hub.belongs_to(self.os_thread.as_pthread_t());
        self.hub.send(hub).expect("the thread waits for a hub");
        hub
    }

    /// Ends it, without a hub.
    fn end(self) {
        drop(self.hub);
        #[expect(clippy::disallowed_methods, reason = "it waits for nothing any more")]
        self.os_thread.join().expect("a thread without a hub ends");
    }
}
