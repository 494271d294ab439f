//! What happens when a thread runs into the guard page below its stack: std's message, and an abort.
//!
//! std's handler of the fault knows the stacks of OS threads alone. Ours comes before it, says what std's would, and
//! hands on each fault that is not of a guard page of ours to the handler that was there before.
//!
//! Invariant:
//! 1. What runs in the handler is async-signal-safe: it takes no lock and allocates nothing. Code that was
//!    interrupted does not go on but where the handler before decides so.
#![allow(unsafe_code)]

use std::mem::{self, MaybeUninit};
use std::ptr;
use std::sync::{Once, OnceLock};

use libc::{c_int, c_void, sigaction, siginfo_t};

use super::{pages, slab};

/// Calls the function it is given with the name of the thread that runs, if that has one. Async-signal-safe.
pub(crate) type Name = fn(&mut dyn FnMut(&str));

/// What is called without a signal's details.
type Simple = extern "C" fn(c_int);
/// What is called with them.
type Detailed = extern "C" fn(c_int, *mut siginfo_t, *mut c_void);

static NAME: OnceLock<Name> = OnceLock::new();

/// The signals by which an OS tells of such a fault, and what was done about each before.
static SIGNALS: [(c_int, Before); 2] = [
    (libc::SIGSEGV, Before(OnceLock::new())),
    (libc::SIGBUS, Before(OnceLock::new())),
];

struct Before(OnceLock<sigaction>);

/// How many bytes a stack for signals has: what runs there may be a user's handler as well.
const SIGNAL_STACK: usize = 64 << 10;

/// Puts the handler in place, once in the life of the process. Without it a fault is what it is without greenpatch.
pub(crate) fn report_with(name: Name) {
    static ONCE: Once = Once::new();

    ONCE.call_once(|| {
        // Both are there before a handler may look at them.
        let _ = NAME.set(name);
        pages::page_size();
        for (signal, before) in &SIGNALS {
            install(*signal, before);
        }
    });
}

fn install(signal: c_int, before: &Before) {
    let mut old = MaybeUninit::uninit();
    // SAFETY: it asks only, and `old` is valid for the write.
    if unsafe { libc::sigaction(signal, ptr::null(), old.as_mut_ptr()) } != 0 {
        return;
    }
    // SAFETY: it has been written.
    let old = before.0.get_or_init(|| unsafe { old.assume_init() });
    let mut new = *old;
    new.sa_sigaction = handle as Detailed as usize;
    new.sa_flags |= libc::SA_SIGINFO | libc::SA_ONSTACK;
    // Once the handler has reset it, it could not hand on what comes next.
    new.sa_flags &= !libc::SA_RESETHAND;
    // SAFETY: `handle` is such a function, which may run at any time by invariant 1.
    unsafe { libc::sigaction(signal, &raw const new, ptr::null_mut()) };
}

/// Gives the OS thread that runs a stack for signals, unless it has one: on the one that has overflowed no handler can
/// run. To be called on OS threads that live as long as the process.
pub(crate) fn prepare_this_thread() {
    let mut now = MaybeUninit::uninit();
    // SAFETY: it asks only, and `now` is valid for the write.
    if unsafe { libc::sigaltstack(ptr::null(), now.as_mut_ptr()) } != 0 {
        return;
    }
    // SAFETY: it has been written.
    let now: libc::stack_t = unsafe { now.assume_init() };
    if now.ss_flags & libc::SS_DISABLE == 0 {
        return;
    }
    // Without the memory for it the fault is reported by the OS alone.
    if let Ok(memory) = pages::map(SIGNAL_STACK + pages::page_size()) {
        // SAFETY: it is the lowest page of a mapping that was just made. A refusal leaves it without a guard.
        let _ = unsafe { pages::guard(memory) };
        // SAFETY: the mapping is larger than a page.
        let start = unsafe { memory.add(pages::page_size()) };
        let stack = libc::stack_t {
            ss_sp: start.as_ptr().cast(),
            ss_flags: 0,
            ss_size: SIGNAL_STACK,
        };
        // SAFETY: nothing else uses the memory, which stays mapped for ever.
        unsafe { libc::sigaltstack(&raw const stack, ptr::null_mut()) };
    }
}

extern "C" fn handle(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the OS hands the details of a signal to a handler with `SA_SIGINFO`.
    let details = unsafe { &*info };
    // SAFETY: it is there for the two signals that this handles; of one that was sent it is some number.
    let address = unsafe { details.si_addr() };
    if slab::is_guard(address.addr()) {
        report();
    }
    let before = SIGNALS.iter().find(|(known, _)| *known == signal);
    if let Some(before) = before.and_then(|(_, before)| before.0.get()) {
        // SAFETY: these are what this handler was called with.
        unsafe { hand_on(before, signal, info, context) };
    }
}

/// Says that the stack has overflowed, in std's words, and ends the process.
fn report() -> ! {
    let mut id = [0; 20];
    let id = decimal(thread_id(), &mut id);
    let mut named = false;
    if let Some(name) = NAME.get() {
        name(&mut |name| {
            named = true;
            say(&["\nthread '", name, "' (", id]);
        });
    }
    if !named {
        say(&["\nthread '<unknown>' (", id]);
    }
    say(&[") has overflowed its stack\nfatal runtime error: stack overflow, aborting\n"]);
    // SAFETY: it may be called in a handler.
    unsafe { libc::abort() }
}

/// Writes to the standard error. What cannot be written is lost.
fn say(parts: &[&str]) {
    for part in parts {
        // SAFETY: the part is readable, and `write` may be called in a handler.
        unsafe { libc::write(libc::STDERR_FILENO, part.as_ptr().cast(), part.len()) };
    }
}

fn thread_id() -> u64 {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    // SAFETY: gettid has no preconditions.
    let id = unsafe { libc::gettid() } as u64;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    // SAFETY: pthread_self has no preconditions.
    let id = unsafe { libc::pthread_self() } as u64;
    id
}

/// Writes a number in decimal, into the end of `room`.
fn decimal(mut number: u64, room: &mut [u8; 20]) -> &str {
    let mut start = room.len();
    loop {
        start -= 1;
        room[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    str::from_utf8(&room[start..]).unwrap_or_default()
}

/// Does with a signal what was done before there was this handler.
///
/// # Safety
///
/// The last three are what the OS has called a handler with.
unsafe fn hand_on(before: &sigaction, signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: by the caller's promise.
    let is_fault = unsafe { (*info).si_code } > 0;
    match before.sa_sigaction {
        // Ignoring a fault means to come back to it for ever; the OS ends the process instead.
        libc::SIG_IGN if !is_fault => {}
        libc::SIG_DFL | libc::SIG_IGN => {
            // SAFETY: all zeros are such a structure: the default, without flags.
            let mut default: sigaction = unsafe { mem::zeroed() };
            default.sa_sigaction = libc::SIG_DFL;
            // SAFETY: it is valid for the read.
            unsafe { libc::sigaction(signal, &raw const default, ptr::null_mut()) };
            if !is_fault {
                // It comes once this returns; a fault comes again by itself.
                // SAFETY: it may be called in a handler.
                unsafe { libc::raise(signal) };
            }
        }
        handler if before.sa_flags & libc::SA_SIGINFO != 0 => {
            // SAFETY: that is what was installed, by its flags.
            let handler = unsafe { mem::transmute::<usize, Detailed>(handler) };
            handler(signal, info, context);
        }
        handler => {
            // SAFETY: as above.
            let handler = unsafe { mem::transmute::<usize, Simple>(handler) };
            handler(signal);
        }
    }
}
