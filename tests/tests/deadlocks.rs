//! When greenpatch says that no thread can run again, and when it does not. Each scenario is a process of its own, this
//! program run again.
#![allow(missing_docs, unreachable_pub)]
#![allow(unsafe_code)]

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use greenpatch::net::UdpSocket;
use greenpatch::sync::{Barrier, Mutex, mpsc};
use greenpatch::{Deadlock, Patcher, thread};
use greenpatch_tests::{Ended, Runner, Scenario, child, stress_time, task};

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
    (
        "workers, and an OS thread outside wakes one",
        an_os_thread_outside,
    ),
    ("workers, one with a timer", a_worker_has_a_timer),
    (
        "workers, and main waits with a deadline",
        main_has_a_deadline,
    ),
    ("workers wake main now and then", main_is_woken_now_and_then),
    ("OS threads pass a message on", os_threads_pass_on),
    ("a child of a fork", a_child_of_a_fork),
    ("helpers are idle, and one is busy", helpers),
    (
        "a subscriber of reports wakes a thread after a while",
        a_subscriber_wakes,
    ),
];

/// What is stuck, without a hub on the main thread or beside other OS threads.
const STUCK: &[Scenario] = &[
    Scenario {
        name: "workers, and main joins",
        child: crossed_on_workers,
        check: |ended| {
            ended.by_abort();
            ended.said(SAID);
            ended.said("2 green threads on 2 hubs, and 1 other OS thread\n");
            ended.said("\"main\" (thread 1), OS thread ");
            ended.said(": waiting for the end of \"left\" (thread ");
            ended.said(", at tests/tests/deadlocks.rs:");
            ended.said(": waiting for mutex ");
            ended.said("held by \"right\" (thread ");
            ended.said("cycle: \"");
        },
    },
    Scenario {
        name: "main has what a worker's thread needs",
        child: main_and_a_worker,
        check: |ended| {
            ended.by_abort();
            ended.said(SAID);
            ended.said("held by \"main\" (thread 1)");
            ended.said(MAIN_AND_NEEDS);
        },
    },
    Scenario {
        name: "something asks the hub all the time",
        child: asked_all_the_time,
        check: |ended| {
            ended.by_abort();
            ended.said(SAID);
        },
    },
    Scenario {
        name: "something asks the workers all the time",
        child: workers_asked_all_the_time,
        check: |ended| {
            ended.by_abort();
            ended.said(SAID);
        },
    },
    Scenario {
        name: "OS threads beside a hub",
        child: os_threads_beside,
        check: |ended| {
            ended.by_abort();
            ended.said(SAID);
            ended.said("\"beside\" (thread 2), OS thread ");
            ended.said(": waiting for a message from channel ");
            ended.said("held by \"beside\" (thread 2)");
        },
    },
    Scenario {
        name: "a child of a fork is stuck, and its parent is not",
        child: a_fork_is_stuck,
        check: |ended| {
            ended.well();
            assert_eq!(ended.stderr.matches(SAID).count(), 1, "{ended}");
        },
    },
];

const MAIN_AND_NEEDS: &str =
    "cycle: \"main\" (thread 1) waits for \"needs\" (thread 2) waits for \"main\" (thread 1)";

/// How long scenarios are run again and again under load.
const LOADED: Duration = Duration::from_secs(15);

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
    runner.scenarios(STUCK);
    if task().is_none() {
        runner.test("under load", || under_load(stress_time(LOADED)));
    }
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

/// While the subscriber waits natively, on an OS thread of greenpatch's own, all hubs are at rest.
fn a_subscriber_wakes() {
    let (sender, receiver) = mpsc::channel();
    let is_told = Arc::new(AtomicBool::new(false));
    let tells = Arc::clone(&is_told);
    greenpatch::events::on_hub_blocked(move |_| {
        tells.store(true, Ordering::Relaxed);
        std::thread::sleep(A_WHILE);
        let _ = sender.send(());
        Ok(())
    });
    let patcher = Patcher::new().monitor(Duration::from_millis(20));
    assert!(patcher.apply().unwrap().is_done());
    let holds = thread::spawn(move || {
        while !is_told.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(1));
        }
    });
    holds.join().unwrap();
    receiver.recv().unwrap();
}

/// Nothing is a cycle, and a hub that answers does not rest for long.
fn asked_all_the_time() {
    stuck_and_asked(Patcher::new());
}

fn workers_asked_all_the_time() {
    stuck_and_asked(Patcher::new().workers(2));
}

fn stuck_and_asked(patcher: Patcher) {
    let patcher = patcher.on_deadlock(Deadlock::Abort);
    let patched = patcher.cycles(Duration::from_millis(20)).apply();
    assert!(patched.unwrap().is_done());
    // SAFETY: alarm has no preconditions.
    unsafe { libc::alarm(40) };
    let (_sender, receiver) = mpsc::channel::<()>();
    let receives = thread::spawn(move || receiver.recv().is_err());
    receives.join().unwrap();
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

fn patch_workers(policy: Deadlock) {
    let patcher = Patcher::new().workers(2).on_deadlock(policy);
    assert!(patcher.apply().unwrap().is_done());
}

/// Locks two mutexes in opposite orders on workers, and joins.
fn crossed_on_workers() {
    patch_workers(Deadlock::Abort);
    cross();
}

fn cross() {
    let locks: Arc<[Mutex<()>; 2]> = Arc::default();
    let both = Arc::new(Barrier::new(2));
    let threads = [("left", [0, 1]), ("right", [1, 0])].map(|(name, [first, second])| {
        let (locks, both) = (Arc::clone(&locks), Arc::clone(&both));
        let builder = thread::Builder::new().name(name.into());
        let body = move || {
            let _first = locks[first].lock();
            both.wait();
            drop(locks[second].lock());
        };
        builder.spawn(body).unwrap()
    });
    for thread in threads {
        thread.join().unwrap();
    }
}

fn main_and_a_worker() {
    patch_workers(Deadlock::Abort);
    let lock: Arc<Mutex<()>> = Arc::default();
    let _held = lock.lock();
    let theirs = Arc::clone(&lock);
    let needs = thread::Builder::new().name("needs".into());
    let needs = needs.spawn(move || drop(theirs.lock())).unwrap();
    needs.join().unwrap();
}

/// An OS thread of the program's that holds a lock waits for a message of a green thread that waits for the lock.
fn os_threads_beside() {
    patch(Deadlock::Abort);
    let lock: Arc<Mutex<()>> = Arc::default();
    let (sender, receiver) = mpsc::channel::<()>();
    let (locked, is_locked) = mpsc::channel();
    let theirs = Arc::clone(&lock);
    let beside = std::thread::Builder::new().name("beside".into());
    let beside = beside.spawn(move || {
        let _held = theirs.lock();
        locked.send(()).unwrap();
        let _ = receiver.recv();
    });
    is_locked.recv().unwrap();
    drop(lock.lock());
    drop(sender);
    beside.unwrap().join().unwrap();
}

/// A process whose parent had OS threads that wait is stuck in its own right alone.
fn a_fork_is_stuck() {
    patch(Deadlock::Report);
    let (sender, receiver) = mpsc::channel::<()>();
    let beside = std::thread::spawn(move || receiver.recv().is_err());
    // The thread is to wait before the fork, with its number in the table.
    std::thread::sleep(A_WHILE / 4);
    // SAFETY: no other OS thread of this process holds anything.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: alarm has no preconditions.
        unsafe { libc::alarm(2) };
        let (_sender, receiver) = mpsc::channel::<()>();
        let _ = receiver.recv();
    }
    let mut status = 0;
    // SAFETY: `status` is valid for the write.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, libc::SIGALRM);
    drop(sender);
    assert!(beside.join().unwrap());
}

/// Runs scenarios again and again, side by side, beside two threads that keep the processors busy.
fn under_load(time: Duration) {
    let is_over = Arc::new(AtomicBool::new(false));
    let busy = [(); 2].map(|()| {
        let is_over = Arc::clone(&is_over);
        std::thread::spawn(move || while !is_over.load(Ordering::Relaxed) {})
    });
    let is_well: fn(&Ended) = |ended| {
        ended.well();
        assert_eq!(ended.stderr, "");
    };
    let run = |name: &str, check: fn(&Ended)| {
        let mut child = child(name);
        child.stdout(Stdio::piped()).stderr(Stdio::piped());
        (child.env("RUST_BACKTRACE", "0").spawn().unwrap(), check)
    };
    let begun = Instant::now();
    while begun.elapsed() < time {
        let stuck = STUCK
            .iter()
            .map(|scenario| run(scenario.name, scenario.check));
        let quiet = QUIET.iter().map(|(name, _)| run(name, is_well));
        let children: Vec<_> = stuck.chain(quiet).collect();
        for (child, check) in children {
            check(&child.wait_with_output().unwrap().into());
        }
    }
    is_over.store(true, Ordering::Relaxed);
    for busy in busy {
        busy.join().unwrap();
    }
}

fn an_os_thread_outside() {
    patch_workers(Deadlock::Abort);
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        std::thread::sleep(A_WHILE);
        sender.send(1).unwrap();
    });
    let receives = thread::spawn(move || receiver.recv());
    assert_eq!(receives.join().unwrap(), Ok(1));
}

fn a_worker_has_a_timer() {
    patch_workers(Deadlock::Abort);
    let (sender, receiver) = mpsc::channel();
    let sleeps = thread::spawn(move || {
        thread::sleep(A_WHILE);
        sender.send(1).unwrap();
    });
    let receives = thread::spawn(move || receiver.recv());
    assert_eq!(receives.join().unwrap(), Ok(1));
    sleeps.join().unwrap();
}

fn main_has_a_deadline() {
    patch_workers(Deadlock::Abort);
    let (sender, receiver) = mpsc::channel::<()>();
    let (theirs, ours) = mpsc::channel::<()>();
    let waits = thread::spawn(move || ours.recv().is_err());
    assert!(receiver.recv_timeout(A_WHILE).is_err());
    drop((sender, theirs));
    assert!(waits.join().unwrap());
}

/// All sleep for about as long as it takes until a hub looks whether all do.
fn main_is_woken_now_and_then() {
    patch_workers(Deadlock::Abort);
    let (question, questions) = mpsc::channel::<mpsc::Sender<()>>();
    let answers = thread::spawn(move || {
        for answer in questions {
            answer.send(()).unwrap();
        }
    });
    for pause in (95..106).chain(195..206) {
        let (answer, answered) = mpsc::channel();
        let asks = thread::spawn({
            let question = question.clone();
            move || {
                thread::sleep(Duration::from_millis(pause));
                question.send(answer).unwrap();
            }
        });
        assert_eq!(answered.recv(), Ok(()));
        asks.join().unwrap();
    }
    drop(question);
    answers.join().unwrap();
}

/// A message goes around among OS threads, green threads of workers and `main`: one of them runs at any time.
fn os_threads_pass_on() {
    patch_workers(Deadlock::Abort);
    let (first, mut last) = mpsc::channel::<u32>();
    for number in 0..8 {
        let (sender, receiver) = mpsc::channel();
        let passes = move || {
            for message in last {
                sender.send(message + 1).unwrap();
            }
        };
        last = receiver;
        match number % 2 {
            0 => drop(std::thread::spawn(passes)),
            _ => drop(thread::spawn(passes)),
        }
    }
    for _ in 0..5_000 {
        first.send(0).unwrap();
        assert_eq!(last.recv(), Ok(8));
    }
    // Also about when the hubs look.
    for pause in (98..103).chain(198..203) {
        std::thread::sleep(Duration::from_millis(pause));
        first.send(0).unwrap();
        assert_eq!(last.recv(), Ok(8));
    }
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
