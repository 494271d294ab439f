//! What becomes of a hub in a child that a fork has made.
//!
//! Only the thread that called fork lives in the child, as the OS has it for its threads. So the hub that it ran on is
//! given up there with all its tasks, and never runs again; what wakes them finds a hub that takes note and does
//! nothing. The thread goes on as the root of a new hub, made when it first waits or spawns. Until then nothing is
//! done beyond setting a mark: what runs between fork and exec may do little.
//!
//! When a green thread that so became a root ends, the process does once no other green thread is left, as it would
//! with the last OS thread.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::sync::{Once, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use super::{Hub, alive, current};
use crate::coroutine::Context;
use crate::reactor;

thread_local! {
    /// Whether the hub of this OS thread is that of the parent process.
    static FORKED: Cell<bool> = const { Cell::new(false) };
}

/// The longest time between two looks whether the last green thread of a child has ended.
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// Called when a green thread has ended that a fork made the root of its hub, and no other is left.
static WHEN_LAST: OnceLock<fn()> = OnceLock::new();

/// Sets what ends the process with its last green thread, in a child that a green thread made.
pub(crate) fn when_the_last_ends(f: fn()) {
    let _ = WHEN_LAST.set(f);
}

/// How many forks lie between this process and the one that loaded greenpatch.
pub(crate) use crate::reactor::forks;

/// Has every child that is made from now on know that it is one.
pub(super) fn notice_forks() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the handler may be called in a child: it changes an atomic, thread-locals without destructors, and a
        // cell of the hub of the OS thread that it runs on; it neither allocates nor locks. An error means that there
        // is no memory for it; then a child is not told.
        unsafe { libc::pthread_atfork(None, None, Some(forked)) };
    });
}

unsafe extern "C" fn forked() {
    reactor::forked();
    if let Some(hub) = current() {
        FORKED.set(true);
        // Should it end without ever having waited.
        hub.local().root.set(hub.local().running.get());
        super::current::suspend();
    }
}

/// Whether the hub of this OS thread belongs to the parent process.
pub(super) fn is_stale() -> bool {
    FORKED.get()
}

/// Makes a new hub for this OS thread, whose own stayed behind in the parent. None if there is no need or no room: then
/// the thread blocks natively.
pub(super) fn renew() -> Option<&'static Hub> {
    let old = current().filter(|_| FORKED.get())?;
    let new = Hub::new().ok()?;
    new.succeed(old);
    FORKED.set(false);
    super::current::replace(new);
    Some(new)
}

impl Hub {
    /// Makes what runs on another hub of this OS thread the root of this one.
    fn succeed(&'static self, old: &'static Hub) {
        // SAFETY: pthread_self has no preconditions.
        self.belongs_to(unsafe { libc::pthread_self() });
        // Not by `local`, since this OS thread's hub is another one yet; but nothing else knows of this one.
        self.local.mark.follow(&old.local.mark);
        self.root().context.adopt(Context::of_this_thread());
        self.root().kept.set(old.running().kept.get());
        self.root().state.set(super::State::Running);
    }

    /// Whether the task that runs is a green thread which a fork made the root. To be asked when a green thread ends.
    #[inline]
    pub(super) fn is_forked_root(&self) -> bool {
        self.local().running.get() == self.local().root.get()
    }
}

/// Ends the process when no green thread is left. On the green thread that a fork made the root, at its end.
#[cold]
pub(super) fn end_with_the_last() {
    let mut pause = Duration::from_millis(1);
    while alive() > 0 {
        match super::switching() {
            Some(hub) => hub.park(Some(Instant::now() + pause)),
            // Those that are left run on other OS threads.
            #[expect(
                clippy::disallowed_methods,
                reason = "nothing else runs on this OS thread"
            )]
            None => thread::sleep(pause),
        }
        pause = (2 * pause).min(LONGEST_PAUSE);
    }
    if let Some(f) = WHEN_LAST.get() {
        f();
    }
}
