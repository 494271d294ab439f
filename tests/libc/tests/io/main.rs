//! The functions of libc that transfer, poll, sleep, and wait for processes, names and locks: called as C code calls them, by
//! green threads, the root, native threads, the child of a fork and a signal handler. Each scenario is a process of its own,
//! this program run again.
#![allow(missing_docs, unsafe_code)]
#![allow(
    clippy::undocumented_unsafe_blocks,
    clippy::multiple_unsafe_ops_per_block
)]

use std::ffi::c_int;
use std::io;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU32, Ordering};

use greenpatch::thread;
use greenpatch_tests::{Ended, Runner};

mod contexts;
mod numbers;
mod polling;
mod transfers;
mod waiting;

fn main() {
    let mut runner = Runner::from_args();
    for (name, child) in SCENARIOS {
        runner.scenario(name, *child, |_| (), Ended::well);
    }
    runner.finish();
}

const SCENARIOS: &[(&str, fn())] = &[
    ("reads wait for bytes", transfers::reads),
    ("writes write all", transfers::writes),
    ("messages", transfers::messages),
    (
        "a call that does not wait",
        transfers::calls_that_do_not_wait,
    ),
    ("timeouts of sockets", transfers::timeouts_of_sockets),
    ("clients are accepted", transfers::clients),
    ("poll and its relations", polling::polls),
    ("select and its relations", polling::selects),
    ("epoll and its relations", polling::epolls),
    ("eventfds and timerfds", transfers::counters),
    ("sleeps", waiting::sleeps),
    ("children", waiting::children),
    ("names", waiting::names),
    ("locks of files", waiting::locks),
    (
        "a number that is closed and reused",
        polling::reused_numbers,
    ),
    ("many wait for one descriptor", polling::many_waiters),
    ("by number: transfers", numbers::transfers),
    ("by number: poll and select", numbers::polls),
    ("by number: epoll", numbers::epolls),
    ("by number: children", numbers::children),
    ("by number: locks of files", numbers::locks),
    ("by number: sleeps and turns", numbers::sleeps_and_turns),
    ("by number: several futexes", numbers::several_futexes),
    ("native threads", contexts::native_threads),
    ("in the child of a fork", contexts::in_a_child),
    ("in a signal handler", contexts::in_a_signal_handler),
    ("a signal ends a wait of the root", contexts::interrupted),
    ("what is vetoed is native", contexts::vetoed),
];

/// How often the neighbour has run.
static TURNS: AtomicU32 = AtomicU32::new(0);

/// Calls `wait` on a green thread, on the root and on a green thread again. `then` ends the wait, and is called once another
/// green thread has run some times while it lasted: if none could, the scenario would hang.
#[track_caller]
fn gives_way<R: Send + 'static>(
    wait: impl Fn() -> R + Send + Clone + 'static,
    then: impl Fn() + Send + Clone + 'static,
    check: impl Fn(R),
) {
    for on_root in [false, true, false] {
        let begun = std::sync::Arc::new(AtomicU32::new(0));
        let then = then.clone();
        let neighbour = thread::spawn({
            let begun = begun.clone();
            move || {
                while begun.load(Ordering::Relaxed) == 0 {
                    thread::yield_now();
                }
                for _ in 0..5 {
                    TURNS.fetch_add(1, Ordering::Relaxed);
                    thread::yield_now();
                }
                then();
            }
        });
        let before = TURNS.load(Ordering::Relaxed);
        let wait = wait.clone();
        let wait = move || {
            begun.store(1, Ordering::Relaxed);
            wait()
        };
        let result = match on_root {
            true => wait(),
            false => thread::spawn(wait).join().unwrap(),
        };
        neighbour.join().unwrap();
        assert!(TURNS.load(Ordering::Relaxed) >= before + 5);
        check(result);
    }
}

#[track_caller]
fn ok(result: impl TryInto<i64>) -> i64 {
    let result = result.try_into().ok().unwrap();
    assert_ne!(result, -1, "{}", io::Error::last_os_error());
    result
}

#[track_caller]
fn fails(result: impl TryInto<i64>, error: c_int) {
    let last = io::Error::last_os_error();
    assert_eq!(result.try_into().ok().unwrap(), -1);
    assert_eq!(last.raw_os_error(), Some(error), "{last}");
}

fn pipe() -> (OwnedFd, OwnedFd) {
    let mut ends = [0; 2];
    ok(unsafe { libc::pipe(ends.as_mut_ptr()) });
    let [reader, writer] = ends.map(|end| unsafe { OwnedFd::from_raw_fd(end) });
    (reader, writer)
}

fn sockets(kind: c_int) -> (OwnedFd, OwnedFd) {
    let mut ends = [0; 2];
    ok(unsafe { libc::socketpair(libc::AF_UNIX, kind, 0, ends.as_mut_ptr()) });
    let [one, other] = ends.map(|end| unsafe { OwnedFd::from_raw_fd(end) });
    (one, other)
}

fn write_all(fd: RawFd, bytes: &[u8]) {
    let written = ok(unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) });
    assert_eq!(written as usize, bytes.len());
}

fn read_some(fd: RawFd) -> Vec<u8> {
    let mut buffer = [0_u8; 64];
    let length = ok(unsafe { libc::read(fd, buffer.as_mut_ptr().cast(), buffer.len()) });
    buffer[..length as usize].to_vec()
}

fn wants(fd: RawFd, events: i16) -> libc::pollfd {
    libc::pollfd {
        fd,
        events,
        revents: 0,
    }
}
