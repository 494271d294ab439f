//! When greenpatch says that no thread can run again, and when it does not. Each scenario is a process of its own, this
//! program run again.
#![allow(missing_docs, unreachable_pub)]
#![allow(unsafe_code)]

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use greenpatch::net::UdpSocket;
use greenpatch::sync::{Mutex, mpsc};
use greenpatch::{Deadlock, Patcher, thread};
use greenpatch_tests::{Ended, Runner};

#[path = "../../examples/deadlock.rs"]
mod deadlock_example;

const SAID: &str = "greenpatch: deadlock: no thread of this process can run again";

/// Long enough for a deadlock to be noticed.
const A_WHILE: Duration = Duration::from_millis(700);

/// What ends, and says nothing.
const QUIET: &[(&str, fn())] = &[
    ("a thread sleeps", a_thread_sleeps),
    ("an OS thread wakes a thread", an_os_thread_wakes),
    ("a descriptor becomes ready", a_descriptor_becomes_ready),
    ("another process writes", another_process_writes),
    ("a signal has a handler", a_signal_has_a_handler),
    ("workers, and main waits natively", workers),
    ("a child of a fork", a_child_of_a_fork),
    ("helpers are idle, and one is busy", helpers),
];

fn main() {
    let mut runner = Runner::from_args();
    let example = || deadlock_example::main().unwrap();
    runner.scenario("the example", example, |_| (), |ended| {
        ended.with_code(101);
        ended.said(SAID);
        ended.said("thread 'greenpatch-deadlock'");
        ended.said("\"main\" (thread 1), the OS thread's own stack: waiting for the end of \"pays\" (thread 2)");
        ended.said("\"pays\" (thread 2): waiting for mutex");
        ended.said("held by \"refunds\" (thread 3)");
        ended.said("cycle: \"pays\" (thread 2) waits for \"refunds\" (thread 3) waits for \"pays\" (thread 2)");
    });
    runner.scenario(
        "a report is written once",
        || stuck(None),
        |_| (),
        |ended| {
            ended.by_signal(libc::SIGALRM);
            assert_eq!(ended.stderr.matches(SAID).count(), 1, "{ended}");
            ended.said("waiting for a message from channel");
        },
    );
    runner.scenario(
        "abort",
        || stuck(Some(Deadlock::Abort)),
        |_| (),
        |ended| {
            ended.by_abort();
            ended.said(SAID);
        },
    );
    let is_silent = |ended: &Ended| {
        ended.by_signal(libc::SIGALRM);
        assert_eq!(ended.stderr, "");
    };
    runner.scenario(
        "ignore",
        || stuck(Some(Deadlock::Ignore)),
        |_| (),
        is_silent,
    );
    let variable = |value: &'static str| {
        move |command: &mut Command| _ = command.env("GREENPATCH_DEADLOCK", value)
    };
    let aborts = || stuck(Some(Deadlock::Abort));
    runner.scenario(
        "the variable takes precedence",
        aborts,
        variable("ignore"),
        is_silent,
    );
    let refused = || {
        let error = greenpatch::patch_thread().unwrap_err();
        assert!(error.to_string().contains("GREENPATCH_DEADLOCK"), "{error}");
    };
    runner.scenario(
        "a value without a meaning",
        refused,
        variable("maybe"),
        Ended::well,
    );
    runner.scenario(
        "it is noticed after a while",
        noticed_late,
        |_| (),
        |ended| {
            ended.by_abort();
            ended.said(SAID);
        },
    );
    for (name, child) in QUIET {
        runner.scenario(
            name,
            *child,
            |_| (),
            |ended| {
                ended.well();
                assert_eq!(ended.stderr, "");
            },
        );
    }
    runner.finish();
}

fn patch(policy: Deadlock) {
    assert!(
        Patcher::new()
            .on_deadlock(policy)
            .apply()
            .unwrap()
            .is_done()
    );
}

/// Waits for a message that will never come, until SIGALRM ends the process.
fn stuck(policy: Option<Deadlock>) {
    match policy {
        None => assert!(greenpatch::patch_all().unwrap().is_done()),
        Some(policy) => patch(policy),
    }
    // SAFETY: alarm has no preconditions.
    unsafe { libc::alarm(2) };
    let (_sender, receiver) = mpsc::channel::<()>();
    let _ = receiver.recv();
}

/// Other OS threads end, or block, only after all green threads wait.
fn noticed_late() {
    patch(Deadlock::Abort);
    std::thread::spawn(|| std::thread::sleep(A_WHILE));
    let lock = Arc::new(Mutex::new(()));
    let _held = lock.lock();
    let theirs = Arc::clone(&lock);
    let waits = thread::spawn(move || drop(theirs.lock()));
    waits.join().unwrap();
}

fn a_thread_sleeps() {
    patch(Deadlock::Abort);
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        thread::sleep(A_WHILE);
        sender.send(1).unwrap();
    });
    assert_eq!(receiver.recv(), Ok(1));
}

fn an_os_thread_wakes() {
    patch(Deadlock::Abort);
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        std::thread::sleep(A_WHILE);
        sender.send(1).unwrap();
    });
    assert_eq!(receiver.recv(), Ok(1));
}

fn a_descriptor_becomes_ready() {
    patch(Deadlock::Abort);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    // Another process would do as well; only the hub's own OS thread is left once this one has sent.
    let from = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    std::thread::spawn(move || {
        std::thread::sleep(A_WHILE);
        from.send_to(b"x", address).unwrap();
    });
    assert_eq!(socket.recv(&mut [0; 4]).unwrap(), 1);
}

fn another_process_writes() {
    patch(Deadlock::Abort);
    let output = greenpatch::process::Command::new("sh")
        .args(["-c", "sleep 0.7; echo done"])
        .output()
        .unwrap();
    assert_eq!(output.stdout, b"done\n");
}

fn a_signal_has_a_handler() {
    extern "C" fn ends(_: libc::c_int) {
        // SAFETY: `_exit` may be called in a handler.
        unsafe { libc::_exit(0) };
    }

    patch(Deadlock::Abort);
    let handler = ends as *const () as libc::sighandler_t;
    // SAFETY: the handler only ends the process.
    unsafe { libc::signal(libc::SIGALRM, handler) };
    // SAFETY: alarm has no preconditions.
    unsafe { libc::alarm(1) };
    thread::park();
    unreachable!("the signal ends the process");
}

fn workers() {
    assert!(
        Patcher::new()
            .workers(2)
            .on_deadlock(Deadlock::Abort)
            .apply()
            .unwrap()
            .is_done()
    );
    let handle = thread::spawn(thread::park);
    std::thread::sleep(A_WHILE);
    handle.thread().unpark();
    handle.join().unwrap();
}

fn a_child_of_a_fork() {
    patch(Deadlock::Abort);
    thread::spawn(thread::yield_now).join().unwrap();
    // SAFETY: no other OS thread of this process holds anything.
    let child = unsafe { libc::fork() };
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        std::thread::sleep(A_WHILE);
        sender.send(1).unwrap();
    });
    assert_eq!(receiver.recv(), Ok(1));
    if child > 0 {
        let mut status = 0;
        // SAFETY: `status` is valid for the write.
        assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
        assert_eq!(status, 0);
    }
}

fn helpers() {
    let patched = Patcher::new()
        .fs(true)
        .on_deadlock(Deadlock::Abort)
        .apply()
        .unwrap();
    assert!(patched.is_done());
    for _ in 0..8 {
        thread::spawn(|| greenpatch::fs::metadata("/").unwrap());
    }
    greenpatch::fs::metadata("/").unwrap();
    // A connect, a look-up or a slow file would keep a helper as busy as this.
    let native = std::thread::spawn(|| std::thread::sleep(A_WHILE));
    let waits = thread::spawn(|| thread::park());
    while !native.is_finished() {
        thread::yield_now();
    }
    waits.thread().unpark();
    waits.join().unwrap();
    native.join().unwrap();
}
