//! Which thread runs on a hub that does not answer.
//!
//! The hub's OS thread is interrupted by `SIGURG`, which does nothing by default, and says what it finds. If the program
//! has a handler of its own for that signal, it is left alone, and the thread is not known. A call that the OS does not restart, such as
//! `poll`, ends with `EINTR` in the interrupted thread.
//!
//! Invariant:
//! 1. What runs in the handler is async-signal-safe: it reads thread-local values without destructors, the context of the
//!    green thread that it has interrupted, which does not end meanwhile, and writes atomics.
#![allow(unsafe_code)]

use std::mem;
use std::panic::Location;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::os;
use crate::hub::{self, Hub};
use crate::seam::context::Context;

/// The signal.
const SIGNAL: libc::c_int = libc::SIGURG;
/// How often the answer is looked for, a millisecond apart.
const LOOKS: u32 = 100;

/// A thread that runs.
pub(super) struct Running {
    /// The number of the green thread. None for the code on the OS thread's own stack.
    pub(super) id: Option<u64>,
    pub(super) name: Option<String>,
    pub(super) spawned_at: Option<&'static Location<'static>>,
}

/// What the handler has found.
struct Answer {
    state: AtomicU32,
    /// The number of the hub's OS thread that is asked. Another one that has blocked the signal may get it late.
    asked: AtomicU64,
    /// Zero for the OS thread's own stack.
    id: AtomicU64,
    location: AtomicPtr<Location<'static>>,
    length: AtomicUsize,
    name: [AtomicU8; 64],
}

const IDLE: u32 = 0;
const ASKED: u32 = 1;
const ANSWERED: u32 = 2;

static ANSWER: Answer = Answer {
    state: AtomicU32::new(IDLE),
    asked: AtomicU64::new(0),
    id: AtomicU64::new(0),
    location: AtomicPtr::new(ptr::null_mut()),
    length: AtomicUsize::new(0),
    name: [const { AtomicU8::new(0) }; 64],
};

/// Returns the thread that runs on a hub.
pub(super) fn on(hub: &Hub) -> Option<Running> {
    static TURN: Mutex<()> = Mutex::new(());

    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    if !install() {
        return None;
    }
    ANSWER
        .asked
        .store(hub.os_thread_number(), Ordering::Relaxed);
    ANSWER.state.store(ASKED, Ordering::Release);
    // SAFETY: the OS thread of a hub lives as long as the process.
    if unsafe { libc::pthread_kill(hub.os_thread() as libc::pthread_t, SIGNAL) } != 0 {
        ANSWER.state.store(IDLE, Ordering::Release);
        return None;
    }
    for _ in 0..LOOKS {
        if ANSWER.state.load(Ordering::Acquire) == ANSWERED {
            ANSWER.state.store(IDLE, Ordering::Release);
            return Some(ANSWER.read());
        }
        #[expect(clippy::disallowed_methods, reason = "a report takes the OS thread")]
        thread::sleep(Duration::from_millis(1));
    }
    ANSWER.state.store(IDLE, Ordering::Release);
    None
}

/// Installs the handler unless the signal has another one. Returns whether it is there.
fn install() -> bool {
    // SAFETY: `sigaction` is plain data, for which zeroes are valid.
    let mut action: libc::sigaction = unsafe { mem::zeroed() };
    // SAFETY: `action` is valid for a write; without a new action none is changed.
    if unsafe { libc::sigaction(SIGNAL, ptr::null(), &raw mut action) } != 0 {
        return false;
    }
    match action.sa_sigaction {
        libc::SIG_DFL | libc::SIG_IGN => {}
        handler => return handler == answer as *const () as libc::sighandler_t,
    }
    action.sa_sigaction = answer as *const () as libc::sighandler_t;
    action.sa_flags = libc::SA_RESTART | libc::SA_ONSTACK;
    os::add_own_handler(SIGNAL, action.sa_sigaction);
    // SAFETY: by invariant 1 the handler may run at any time.
    unsafe { libc::sigaction(SIGNAL, &raw const action, ptr::null_mut()) == 0 }
}

extern "C" fn answer(_: libc::c_int) {
    if ANSWER.state.load(Ordering::Acquire) != ASKED {
        return;
    }
    let Some(hub) = hub::current() else {
        return;
    };
    if ANSWER.asked.load(Ordering::Relaxed) != hub.os_thread_number() {
        return;
    }
    let context = hub.user_data().map(NonNull::cast::<Context>);
    // SAFETY: by invariant 1.
    ANSWER.write(context.map(|context| unsafe { context.as_ref() }));
    ANSWER.state.store(ANSWERED, Ordering::Release);
}

impl Answer {
    fn write(&self, context: Option<&Context>) {
        let (mut id, mut location, mut name) = (0, ptr::null(), "");
        if let Some(context) = context {
            id = context.number().get();
            location = ptr::from_ref(context.lazy_identity().location());
            name = context.name().unwrap_or_default();
        }
        self.id.store(id, Ordering::Relaxed);
        self.location.store(location.cast_mut(), Ordering::Relaxed);
        for (place, byte) in self.name.iter().zip(name.bytes()) {
            place.store(byte, Ordering::Relaxed);
        }
        self.length
            .store(name.len().min(self.name.len()), Ordering::Relaxed);
    }

    fn read(&self) -> Running {
        let id = self.id.load(Ordering::Relaxed);
        let length = self.length.load(Ordering::Relaxed);
        let name: Vec<u8> = (self.name[..length].iter())
            .map(|byte| byte.load(Ordering::Relaxed))
            .collect();
        // SAFETY: it is null, or was a reference to a static.
        let spawned_at = unsafe { self.location.load(Ordering::Relaxed).as_ref() };
        Running {
            id: (id != 0).then_some(id),
            name: (length > 0).then(|| String::from_utf8_lossy(&name).into_owned()),
            spawned_at,
        }
    }
}
