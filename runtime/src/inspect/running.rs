//! Which thread runs on a hub that does not answer, and what it is in.
//!
//! The hub's OS thread is interrupted by `SIGURG`, which does nothing by default, and says what it finds. If the program
//! has a handler of its own for that signal, it is left alone, and the thread is not known. A call that the OS does not restart, such as
//! `poll`, ends with `EINTR` in the interrupted thread.
//!
//! If its backtrace is asked for, the handler copies the stack, and the thread that asks walks along the frames in the copy.
//!
//! Invariants:
//! 1. What runs in the handler is async-signal-safe: it reads thread-local values without destructors, the context of the
//!    green thread that it has interrupted, which does not end meanwhile, and the stack, and writes atomics and the room for the copy. No
//!    other handler interrupts it.
//! 2. From the exchange of [`ASKED`] by [`ANSWERS`] to [`ANSWERED`] the handler alone accesses the answer and the room.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::mem;
use std::panic::Location;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::os;
use super::turn::Turns;
use crate::hub::{self, Hub, Interrupted, NotCopied, Room};
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
    /// Its stack, or why there is none, if it was asked for.
    pub(super) stack: Option<Result<Stack, &'static str>>,
}

/// The copy of a stack.
///
/// Invariant:
/// 1. The handler has copied it.
pub(super) struct Stack(Room);

impl Stack {
    /// Returns the addresses of the instruction at which the thread was interrupted, and of the calls that have led there.
    pub(super) fn instructions(self) -> Vec<usize> {
        // SAFETY: by invariant 1.
        unsafe { self.0.instructions() }
    }
}

/// What the handler has found.
struct Answer {
    /// The number of the question, and what has become of it in the lowest bits ([`PHASES`]).
    state: AtomicU64,
    /// The number of the hub's OS thread that is asked. Another one that has blocked the signal may get it late.
    asked: AtomicU64,
    /// The room for a copy of the stack, or null.
    room: AtomicPtr<u8>,
    /// What has become of the copy.
    copied: AtomicU8,
    /// Zero for the OS thread's own stack.
    id: AtomicU64,
    location: AtomicPtr<Location<'static>>,
    length: AtomicUsize,
    name: [AtomicU8; 64],
}

/// No answer is expected.
const IDLE: u64 = 0;
/// The signal is sent.
const ASKED: u64 = 1;
/// The handler writes the answer.
const ANSWERS: u64 = 2;
/// The answer can be read.
const ANSWERED: u64 = 3;
/// The mask of these.
const PHASES: u64 = 3;

const COPIED: u8 = 0;
const ON_ANOTHER_STACK: u8 = 1;
const TOO_LARGE: u8 = 2;

static ANSWER: Answer = Answer {
    state: AtomicU64::new(IDLE),
    asked: AtomicU64::new(0),
    room: AtomicPtr::new(ptr::null_mut()),
    copied: AtomicU8::new(COPIED),
    id: AtomicU64::new(0),
    location: AtomicPtr::new(ptr::null_mut()),
    length: AtomicUsize::new(0),
    name: [const { AtomicU8::new(0) }; 64],
};

/// Returns the thread that runs on a hub. With `copies_stack` its stack is copied.
pub(super) fn on(hub: &Hub, copies_stack: bool) -> Option<Running> {
    static QUESTIONS: Turns = Turns::new();

    let _turn = QUESTIONS.wait();
    if !install() {
        return None;
    }
    let os_thread = hub.os_thread() as libc::pthread_t;
    let room = if copies_stack { Room::new() } else { None };
    let question = ANSWER.ask(hub.os_thread_number(), room.as_ref());
    // SAFETY: the OS thread of a hub lives as long as the process.
    if unsafe { libc::pthread_kill(os_thread, SIGNAL) } != 0 {
        ANSWER.is_withdrawn(question);
        return None;
    }
    let mut looks = 0;
    while !ANSWER.is_given(question) {
        looks += 1;
        // Once the handler has begun, it has the room.
        if looks > LOOKS && ANSWER.is_withdrawn(question) {
            return None;
        }
        #[expect(clippy::disallowed_methods, reason = "a report takes the OS thread")]
        thread::sleep(Duration::from_millis(1));
    }
    let mut running = ANSWER.read();
    if copies_stack {
        running.stack = Some(match (room, ANSWER.copied.load(Ordering::Relaxed)) {
            (None, _) => Err("this platform has none, or the system no memory for it"),
            (Some(room), COPIED) => Ok(Stack(room)),
            (_, TOO_LARGE) => Err("its stack is too deep"),
            _ => Err("it runs on another stack, or has just begun to run"),
        });
    }
    Some(running)
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
    action.sa_flags = libc::SA_RESTART | libc::SA_ONSTACK | libc::SA_SIGINFO;
    // SAFETY: `sa_mask` is valid for a write. A handler of the program's that does not return would keep the answer.
    unsafe { libc::sigfillset(&raw mut action.sa_mask) };
    os::add_own_handler(SIGNAL, action.sa_sigaction);
    // SAFETY: by invariant 1 the handler may run at any time.
    unsafe { libc::sigaction(SIGNAL, &raw const action, ptr::null_mut()) == 0 }
}

extern "C" fn answer(_: libc::c_int, _: *mut libc::siginfo_t, context: *mut c_void) {
    let question = ANSWER.state.load(Ordering::Acquire);
    let Some(hub) = hub::current() else {
        return;
    };
    if ANSWER.asked.load(Ordering::Relaxed) != hub.os_thread_number() || !ANSWER.begin(question) {
        return;
    }
    let green = hub.user_data().map(NonNull::cast::<Context>);
    // SAFETY: by invariant 1.
    ANSWER.write(green.map(|green| unsafe { green.as_ref() }));
    if let Some(room) = NonNull::new(ANSWER.room.load(Ordering::Relaxed)) {
        // SAFETY: it is the context of this handler.
        let interrupted = unsafe { Interrupted::new(context) };
        // SAFETY: the room is kept until there is an answer, and by invariant 2 only this handler accesses it.
        let copied = interrupted.map(|interrupted| unsafe { hub.copy_stack(interrupted, room) });
        let copied = match copied {
            Some(Ok(())) => COPIED,
            Some(Err(NotCopied::TooLarge)) => TOO_LARGE,
            Some(Err(NotCopied::OnAnotherStack)) | None => ON_ANOTHER_STACK,
        };
        ANSWER.copied.store(copied, Ordering::Relaxed);
    }
    ANSWER.end(question);
}

impl Answer {
    /// Asks an OS thread. Returns the question.
    fn ask(&self, os_thread: u64, room: Option<&Room>) -> u64 {
        let room = room.map_or(ptr::null_mut(), |room| room.address().as_ptr());
        self.asked.store(os_thread, Ordering::Relaxed);
        self.room.store(room, Ordering::Relaxed);
        let last = self.state.load(Ordering::Relaxed);
        let question = (last & !PHASES).wrapping_add(PHASES + 1) | ASKED;
        // Release: pairs with the acquire of the handler.
        self.state.store(question, Ordering::Release);
        question
    }

    /// Returns true if the question was asked, and is answered by this call's caller from now on.
    fn begin(&self, question: u64) -> bool {
        question & PHASES == ASKED && self.replace(question, ANSWERS)
    }

    fn end(&self, question: u64) {
        // Release: pairs with the acquire in `is_given`.
        self.state
            .store(question & !PHASES | ANSWERED, Ordering::Release);
    }

    fn is_given(&self, question: u64) -> bool {
        self.state.load(Ordering::Acquire) == question & !PHASES | ANSWERED
    }

    /// Withdraws the question unless its answer has begun. Returns whether it is withdrawn.
    fn is_withdrawn(&self, question: u64) -> bool {
        self.replace(question, IDLE)
    }

    fn replace(&self, question: u64, phase: u64) -> bool {
        let next = question & !PHASES | phase;
        (self.state)
            .compare_exchange(question, next, Ordering::Acquire, Ordering::Relaxed)
            .is_ok()
    }

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
            stack: None,
        }
    }
}
