//! Stack overflow: an access to the guard page below a stack prints std's message and aborts.
//!
//! std's signal handler knows only the stacks of OS threads. The handler here is installed before it and prints the message
//! that std's would, and how large the stack is. It forwards each fault outside greenpatch's guard pages to the handler that was installed earlier.
//!
//! Invariant:
//! 1. All code in the handler is async-signal-safe: it takes no lock and allocates nothing. Interrupted code resumes only
//!    if the earlier handler returns.
#![allow(unsafe_code)]

use std::mem::{self, MaybeUninit};
use std::ptr;
use std::sync::{Once, OnceLock};

use libc::{c_int, c_void, sigaction, siginfo_t};

use super::{pages, slab};

/// A function that calls its argument with the name of the running thread, if that has one. Async-signal-safe.
pub(crate) type Name = fn(&mut dyn FnMut(&str));

/// A handler without `SA_SIGINFO`.
type Simple = extern "C" fn(c_int);
/// A handler with `SA_SIGINFO`.
type Detailed = extern "C" fn(c_int, *mut siginfo_t, *mut c_void);

static NAME: OnceLock<Name> = OnceLock::new();

/// The signals by which the OS reports such a fault, and the earlier action for each.
static SIGNALS: [(c_int, Before); 2] = [
    (libc::SIGSEGV, Before(OnceLock::new())),
    (libc::SIGBUS, Before(OnceLock::new())),
];

/// The action for a signal before the handler was installed.
struct Before(OnceLock<sigaction>);

/// The size of a signal stack in bytes. A user's handler may also run there.
const SIGNAL_STACK: usize = 64 << 10;

/// Installs the handler, once per process. If that fails, a fault has the same effect as without greenpatch.
pub(crate) fn report_with(name: Name) {
    static ONCE: Once = Once::new();

    ONCE.call_once(|| {
        // Both are initialized before a handler can use them.
        let _ = NAME.set(name);
        pages::page_size();
        for (signal, before) in &SIGNALS {
            install(*signal, before);
        }
    });
}

fn install(signal: c_int, before: &Before) {
    let mut old = MaybeUninit::uninit();
    // SAFETY: the call only queries the action, and `old` is valid for the write.
    if unsafe { libc::sigaction(signal, ptr::null(), old.as_mut_ptr()) } != 0 {
        return;
    }
    // SAFETY: the call has succeeded, so it has initialized `old`.
    let old = before.0.get_or_init(|| unsafe { old.assume_init() });
    let mut new = *old;
    new.sa_sigaction = handle as Detailed as usize;
    new.sa_flags |= libc::SA_SIGINFO | libc::SA_ONSTACK;
    // The handler must stay installed, to forward later signals.
    new.sa_flags &= !libc::SA_RESETHAND;
    // SAFETY: `handle` has the type that `SA_SIGINFO` requires, and may run at any time by invariant 1.
    unsafe { libc::sigaction(signal, &raw const new, ptr::null_mut()) };
}

/// Gives the current OS thread a signal stack, unless it has one: no handler can run on the stack that has overflowed.
/// Called on OS threads that live as long as the process.
pub(crate) fn prepare_this_thread() {
    let mut now = MaybeUninit::uninit();
    // SAFETY: the call only queries the stack, and `now` is valid for the write.
    if unsafe { libc::sigaltstack(ptr::null(), now.as_mut_ptr()) } != 0 {
        return;
    }
    // SAFETY: the call has succeeded, so it has initialized `now`.
    let now: libc::stack_t = unsafe { now.assume_init() };
    if now.ss_flags & libc::SS_DISABLE == 0 {
        return;
    }
    // If there is no memory for the stack, only the OS reports the fault.
    if let Ok(memory) = pages::map(SIGNAL_STACK + pages::page_size()) {
        // SAFETY: this is the lowest page of a new mapping. If the OS refuses, the signal stack has no guard.
        let _ = unsafe { pages::guard(memory) };
        // SAFETY: the mapping is larger than a page.
        let start = unsafe { memory.add(pages::page_size()) };
        let stack = libc::stack_t {
            ss_sp: start.as_ptr().cast(),
            ss_flags: 0,
            ss_size: SIGNAL_STACK,
        };
        // SAFETY: the memory is in no other use and stays mapped forever.
        unsafe { libc::sigaltstack(&raw const stack, ptr::null_mut()) };
    }
}

extern "C" fn handle(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the OS passes the details of a signal to a handler with `SA_SIGINFO`.
    let details = unsafe { &*info };
    // SAFETY: the two signals that this handles have an address; of a signal that was sent it is an arbitrary number.
    let address = unsafe { details.si_addr() };
    if let Some(size) = slab::guarded_by(address.addr()) {
        report(size);
    }
    let before = SIGNALS.iter().find(|(known, _)| *known == signal);
    if let Some(before) = before.and_then(|(_, before)| before.0.get()) {
        // SAFETY: these are the arguments of this handler.
        unsafe { forward(before, signal, info, context) };
    }
}

/// Prints std's message for a stack overflow, with a line about the size of the stack, and aborts the process.
fn report(size: usize) -> ! {
    let mut id = [0; 20];
    let id = decimal(thread_id(), &mut id);
    let mut named = false;
    if let Some(name) = NAME.get() {
        name(&mut |name| {
            named = true;
            print(&["\nthread '", name, "' (", id]);
        });
    }
    if !named {
        print(&["\nthread '<unknown>' (", id]);
    }
    print(&[") has overflowed its stack\nfatal runtime error: stack overflow, aborting\n"]);
    let mut digits = [0; 20];
    print(&[
        "greenpatch: the stack of this green thread has ",
        decimal(size as u64, &mut digits),
        " bytes; thread::Builder::stack_size, Patcher::stack_size or RUST_MIN_STACK sets another size\n",
    ]);
    // SAFETY: `abort` may be called in a handler.
    unsafe { libc::abort() }
}

/// Writes to the standard error stream. Errors are ignored.
fn print(parts: &[&str]) {
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

/// Writes a number in decimal to the end of `buffer`, and returns its digits.
fn decimal(mut number: u64, buffer: &mut [u8; 20]) -> &str {
    let mut start = buffer.len();
    loop {
        start -= 1;
        buffer[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    str::from_utf8(&buffer[start..]).unwrap_or_default()
}

/// Takes the earlier action for a signal.
///
/// # Safety
///
/// The last three arguments must be those that the OS has called a handler with.
unsafe fn forward(before: &sigaction, signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: guaranteed by the caller.
    let is_fault = unsafe { (*info).si_code } > 0;
    match before.sa_sigaction {
        // An ignored fault would recur forever; the OS ends the process instead.
        libc::SIG_IGN if !is_fault => {}
        libc::SIG_DFL | libc::SIG_IGN => {
            // SAFETY: all zeros are a valid `sigaction`: the default action, without flags.
            let mut default: sigaction = unsafe { mem::zeroed() };
            default.sa_sigaction = libc::SIG_DFL;
            // SAFETY: `default` is valid for the read.
            unsafe { libc::sigaction(signal, &raw const default, ptr::null_mut()) };
            if !is_fault {
                // The signal is delivered once this handler returns; a fault recurs without this.
                // SAFETY: `raise` may be called in a handler.
                unsafe { libc::raise(signal) };
            }
        }
        handler if before.sa_flags & libc::SA_SIGINFO != 0 => {
            // SAFETY: by its flags, a handler of this type was installed.
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
