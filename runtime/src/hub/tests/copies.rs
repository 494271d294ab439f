//! Backtraces of threads that a signal interrupts, from copies of their stacks. It runs for two seconds, or for as many as
//! `GREENPATCH_STRESS_SECONDS` says.
#![allow(unsafe_code)]

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::hint::black_box;
use std::mem;
use std::panic;
use std::sync::atomic::{AtomicPtr, AtomicU8};

use super::*;

/// The room for the next copy.
static ROOM: AtomicPtr<u8> = AtomicPtr::new(std::ptr::null_mut());
/// What has become of it: 0 is nothing so far, 1 that it was copied, 2 that it was not.
static COPIED: AtomicU8 = AtomicU8::new(0);

extern "C" fn copies(_: libc::c_int, _: *mut libc::siginfo_t, context: *mut c_void) {
    let (Some(hub), Some(room)) = (current(), NonNull::new(ROOM.load(Ordering::Acquire))) else {
        return;
    };
    // SAFETY: it is the context of this handler.
    let interrupted = unsafe { Interrupted::new(context) }.unwrap();
    // SAFETY: the room is kept until `COPIED` is set.
    let copied = unsafe { hub.copy_stack(interrupted, room) };
    COPIED.store(if copied.is_ok() { 1 } else { 2 }, Ordering::Release);
}

/// Calls itself, and computes, switches, formats, fails and calls libc in between.
#[inline(never)]
fn works(hub: &'static Hub, seed: u64, depth: u32) -> u64 {
    let mut state = seed | 1;
    for _ in 0..black_box(20) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    state ^= match state % 8 {
        0 => u64::from(hub.yield_now()),
        1 => format!("{:?} {state}", state as f64 / 7.0).len() as u64,
        2 => {
            let caught = panic::catch_unwind(|| panic::resume_unwind(Box::new(state)));
            *caught.unwrap_err().downcast::<u64>().unwrap()
        }
        3 => u64::from(Instant::now().elapsed().subsec_nanos()),
        4 => {
            let mut numbers: Vec<u64> = (0..100).map(|n| n * (state % 1009)).collect();
            numbers.sort_unstable_by_key(|number| black_box(*number));
            numbers[50]
        }
        5 => (0..200).map(|_| u64::from(hub.yield_now())).sum(),
        6 => black_box(vec![state as u8; 5000]).clone().len() as u64,
        // SAFETY: it has no preconditions.
        _ => u64::from(unsafe { libc::getppid() }.unsigned_abs()),
    };
    if depth > 0 {
        state ^= works(hub, state, depth - 1);
    }
    black_box(state)
}

/// Wherever the threads of a hub are, their stacks can be copied, and their backtraces end where these do.
#[test]
fn a_thread_can_be_interrupted_anywhere() {
    // SAFETY: `sigaction` is plain data, for which zeroes are valid.
    let mut action: libc::sigaction = unsafe { mem::zeroed() };
    action.sa_sigaction = copies as *const () as libc::sighandler_t;
    action.sa_flags = libc::SA_RESTART | libc::SA_ONSTACK | libc::SA_SIGINFO;
    // SAFETY: the handler is async-signal-safe, and no other test uses this signal.
    let result =
        unsafe { libc::sigaction(libc::SIGWINCH, &raw const action, std::ptr::null_mut()) };
    assert_eq!(result, 0);
    let is_over = Arc::new(AtomicBool::new(false));
    let over = Arc::clone(&is_over);
    let hub = Hub::new().unwrap();
    let root = std::thread::spawn(move || {
        hub.enter();
        let mut seed = 1;
        while !over.load(Ordering::Relaxed) {
            while hub.load() < 4 {
                seed += 1;
                start_with(hub, 1 << 20, move || _ = works(hub, seed, 20));
            }
            hub.tick();
        }
        drain(hub);
    });
    while hub.os_thread_number() == 0 {
        std::thread::yield_now();
    }
    let seconds = std::env::var("GREENPATCH_STRESS_SECONDS");
    let seconds = seconds.map_or(2, |seconds| seconds.parse().unwrap());
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut found: BTreeMap<String, u32> = BTreeMap::new();
    while Instant::now() < end {
        let room = Room::new().expect("there is memory");
        COPIED.store(0, Ordering::Relaxed);
        ROOM.store(room.address().as_ptr(), Ordering::Release);
        // SAFETY: the thread of the hub runs until it is over.
        let result =
            unsafe { libc::pthread_kill(hub.os_thread() as libc::pthread_t, libc::SIGWINCH) };
        assert_eq!(result, 0);
        while COPIED.load(Ordering::Acquire) == 0 {
            std::thread::yield_now();
        }
        let last = match COPIED.load(Ordering::Relaxed) {
            1 => {
                // SAFETY: it was copied.
                let instructions = unsafe { room.instructions() };
                let mut last = String::from("unknown");
                let after =
                    std::ptr::without_provenance_mut(instructions[instructions.len() - 1] + 1);
                ::backtrace::resolve(after, |symbol| {
                    last = symbol
                        .name()
                        .map(|name| format!("{name:#}"))
                        .unwrap_or_default();
                });
                last
            }
            _ => "not copied".to_owned(),
        };
        *found.entry(last).or_default() += 1;
    }
    is_over.store(true, Ordering::Relaxed);
    root.join().unwrap();
    println!("{found:#?}");
    let whole = found.iter().filter(|(last, _)| last.ends_with("::begin"));
    let whole: u32 = whole.map(|(_, count)| count).sum();
    let all: u32 = found.values().sum();
    assert!(whole > all / 2, "{found:?}");
}
