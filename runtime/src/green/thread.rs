//! Spawning green threads, yielding, parking and joining.
#![allow(unsafe_code)]

use std::io;
use std::os::unix::thread::{JoinHandleExt, RawPthread};
use std::ptr::{self, NonNull};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::parker::{Parker, block};
use super::{offload, panic_hook, time};
use crate::coroutine::Size;
use crate::hub::{self, Body, Destination, Hub};
use crate::interruption::shield;
use crate::seam::context;
use crate::seam::offload::Call;
use crate::seam::thread as seam;
use crate::seam::thread::{Start, Started};
use crate::thread_state::place::Place;
use crate::thread_state::shared::Runner;
use crate::wait::park::{Outcome, Wait};

/// The default size of a stack, as in std. Only pages that are touched take memory.
const STACK_SIZE: usize = 2 << 20;

pub(super) fn start(start: Start) -> io::Result<Started> {
    panic_hook::chain();
    let size = Size::holding(start.stack_size.unwrap_or_else(default_stack_size))?;
    let destination = match start.place {
        Place::Anywhere => hub::hub_to_spawn_on()?,
        place => placed(place)?,
    };
    let stack = destination.reserve(size)?;
    let spawner = match destination.hub_if_here() {
        Some(hub) => super::context::number_on(hub),
        None => super::context::number(),
    };
    start.runner.lazy_identity().set_parent(spawner);
    // Only now: a copy of what was just written in pieces waits until the processor has written it.
    destination.start(stack, Body::new(Life(start.runner)));
    Ok(Started::Green {
        os_thread: destination.hub().os_thread(),
        elsewhere: (!destination.is_final()).then_some(os_thread_of),
    })
}

/// Returns the hub for a thread with a hint.
#[cold]
fn placed(place: Place) -> io::Result<Destination> {
    let destination = match place {
        Place::Anywhere => None,
        Place::Here => hub::this_hub_to_spawn_on(),
        Place::Worker(number) => hub::worker_to_spawn_on(number),
    };
    destination.map_or_else(hub::hub_to_spawn_on, Ok)
}

/// Returns the OS thread of a green thread that has begun, by its place on its hub.
fn os_thread_of(place: NonNull<()>) -> RawPthread {
    // SAFETY: only `Life` sets the place of an identity, to what its hub has returned.
    unsafe { hub::os_thread_of(place) }
}

/// What a green thread runs. Reports know it by its [`LazyIdentity`] before it starts, and by its context after that.
///
/// [`LazyIdentity`]: crate::thread_state::identity::LazyIdentity
struct Life(Runner);

impl hub::Run for Life {
    #[inline(always)]
    fn run(self) {
        let hub = hub::current().expect("a green thread runs on a hub");
        let identity = self.0.lazy_identity();
        let parent = identity.parent();
        identity.set_place(hub.place());
        let tell = |context: Option<NonNull<_>>| hub.set_user_data(context.map(NonNull::cast));
        context::live(self.0, parent, tell, hub::retire);
    }

    fn tag(&self) -> Option<NonNull<()>> {
        Some(NonNull::from(self.0.lazy_identity()).cast())
    }
}

pub(super) fn yield_now() {
    match hub::switching_or_in_a_hook() {
        // If no other green thread is runnable here, yield to other OS threads.
        Some(hub) if hub.yield_now() => {}
        _ => seam::yield_now__original(),
    }
}

/// Makes the current OS thread a hub, unless green threads run on workers.
pub(super) fn host() -> io::Result<Option<usize>> {
    if hub::has_workers() {
        return Ok(None);
    }
    let hub = match hub::current() {
        Some(hub) => hub,
        None => {
            let hub = Hub::new()?;
            hub.enter();
            hub
        }
    };
    Ok(Some(hub.load()))
}

pub(super) fn park(wait: &Wait<'_>) -> Outcome {
    block(wait, seam::park__original)
}

pub(super) fn join(wait: &Wait<'_>) -> Outcome {
    block(wait, seam::join__original)
}

/// Polls a few times whether the OS thread has ended, since it mostly has little left to do; then has a helper wait for
/// it. The hub is not blocked: the OS thread may depend on a green thread of this hub.
pub(super) fn join_native(native: std::thread::JoinHandle<()>) {
    let Some(parker) = Parker::current() else {
        return seam::join_native__original(native);
    };
    let native = native.into_pthread_t();
    for look in 0..LOOKS {
        if has_joined(native) {
            return;
        }
        shield(|| time::sleep(FIRST_PAUSE * (1 << look)));
    }
    let mut join = || {
        // SAFETY: the thread's handle was consumed for this, and the thread has not been joined.
        unsafe { libc::pthread_join(pthread(native), ptr::null_mut()) };
    };
    if offload::join(&parker, Call::new(&mut join)).is_err() {
        join();
    }
}

/// Returns a thread as the C library has it: a number, or, in musl, a pointer.
#[allow(clippy::unnecessary_cast, reason = "it is a number in glibc")]
fn pthread(native: RawPthread) -> libc::pthread_t {
    native as libc::pthread_t
}

const LOOKS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_micros(30);

/// Joins an OS thread if it has ended.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn has_joined(native: RawPthread) -> bool {
    // SAFETY: the thread's handle was consumed for this, and the thread has not been joined: after a successful join the
    // caller does not use it again.
    unsafe { libc::pthread_tryjoin_np(pthread(native), ptr::null_mut()) == 0 }
}

/// This system has no such call.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn has_joined(_: RawPthread) -> bool {
    false
}

/// Sets the stack size of green threads that are not given one.
pub(super) fn set_stack_size(bytes: usize) {
    CONFIGURED.store(bytes, Ordering::Relaxed);
}

/// The size set by the `Patcher`; zero if none.
static CONFIGURED: AtomicUsize = AtomicUsize::new(0);

fn default_stack_size() -> usize {
    static FROM_ENVIRONMENT: OnceLock<Option<usize>> = OnceLock::new();
    match CONFIGURED.load(Ordering::Relaxed) {
        0 => FROM_ENVIRONMENT
            .get_or_init(|| std::env::var("RUST_MIN_STACK").ok()?.parse().ok())
            .unwrap_or(STACK_SIZE),
        configured => configured,
    }
}
