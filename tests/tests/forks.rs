//! Children that `fork` makes: which threads run in them, and that they do not use the parent's hub. Each scenario is
//! a separate process, this program run again.
#![allow(missing_docs)]
#![allow(unsafe_code)]

use std::io::{Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use greenpatch::net::{TcpListener, TcpStream};
use greenpatch::os::unix::process::CommandExt;
use greenpatch::process::Command;
use greenpatch::sync::{Mutex, mpsc};
use greenpatch::thread;
use greenpatch_tests::{Ended, Runner};

/// A scenario: its process forks the children that are tested.
type Fork = (&'static str, fn());

const FORKS: &[Fork] = &[
    (
        "others do not run before exec",
        others_do_not_run_before_exec,
    ),
    (
        "only the thread that forked runs on",
        only_the_caller_runs_on,
    ),
    ("a green thread forks", a_green_thread_forks),
    ("a green thread of a worker forks", a_worker_forks),
    ("workers that echo", workers_that_echo),
    (
        "workers that echo, forked by a green thread",
        green_workers_that_echo,
    ),
    ("a parent waits on while children close", closing_in_a_child),
    ("helpers in a child", helpers_in_a_child),
    ("exit in a child", exit_in_a_child),
    (
        "a dump in a child, while the parent makes one",
        a_dump_in_a_child,
    ),
];

fn main() {
    let mut runner = Runner::from_args();
    for (name, child) in FORKS {
        runner.scenario(name, *child, |_| (), Ended::well);
    }
    runner.finish();
}

fn patch() {
    assert!(greenpatch::patch_all().unwrap().is_done());
}

/// Forks; the child runs `body` and ends with what that returns.
fn fork(body: impl FnOnce() -> i32) -> libc::pid_t {
    // SAFETY: the behaviour of the child is under test; the other threads of this process are green, or wait.
    match unsafe { libc::fork() } {
        0 => {
            // The parent's alarm is not inherited.
            // SAFETY: alarm has no preconditions.
            unsafe { libc::alarm(40) };
            let code = body();
            // SAFETY: it ends the process.
            unsafe { libc::_exit(code) }
        }
        -1 => panic!("{}", std::io::Error::last_os_error()),
        child => child,
    }
}

/// Waits for a child and returns its exit status.
fn wait(child: libc::pid_t) -> i32 {
    let mut status = 0;
    // SAFETY: there is room for the status.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert!(libc::WIFEXITED(status), "status {status:#x}");
    libc::WEXITSTATUS(status)
}

/// Counts what another green thread does, in each process.
static STEPS: AtomicUsize = AtomicUsize::new(0);

fn start_stepping() {
    thread::spawn(|| {
        loop {
            STEPS.fetch_add(1, Ordering::Relaxed);
            thread::yield_now();
        }
    });
    thread::yield_now();
    assert!(STEPS.load(Ordering::Relaxed) > 0);
}

/// Waits in several ways, and returns whether the other green thread did not run meanwhile.
fn waits_alone() -> bool {
    let before = STEPS.load(Ordering::Relaxed);
    for _ in 0..10 {
        thread::yield_now();
        thread::sleep(Duration::from_micros(300));
    }
    STEPS.load(Ordering::Relaxed) == before
}

fn others_do_not_run_before_exec() {
    patch();
    start_stepping();
    for green in [false, true] {
        let run = || {
            let mut command = Command::new("true");
            // SAFETY: it waits natively, or on a hub that it makes: one thread does it.
            unsafe {
                command.pre_exec(|| {
                    if waits_alone() {
                        Ok(())
                    } else {
                        Err(std::io::Error::from_raw_os_error(libc::EDOM))
                    }
                });
            }
            assert!(command.status().unwrap().success());
        };
        if green {
            thread::spawn(run).join().unwrap();
        } else {
            run();
        }
    }
}

/// In a child threads, locks, channels and time work, without the parent's threads.
fn works() -> i32 {
    if !waits_alone() {
        return 2;
    }
    let (sender, receiver) = mpsc::channel();
    let lock = std::sync::Arc::new(Mutex::new(0));
    let threads: Vec<_> = (0..10)
        .map(|number| {
            let (sender, lock) = (sender.clone(), lock.clone());
            thread::spawn(move || {
                let mut sum = lock.lock().unwrap();
                thread::sleep(Duration::from_micros(200));
                *sum += number;
                sender.send(number).unwrap();
            })
        })
        .collect();
    drop(sender);
    let sum: usize = receiver.iter().sum();
    for thread in threads {
        thread.join().unwrap();
    }
    i32::from(sum != 45 || *lock.lock().unwrap() != 45)
}

fn only_the_caller_runs_on() {
    patch();
    start_stepping();
    assert_eq!(wait(fork(works)), 0);
    // The parent is unchanged.
    assert!(!waits_alone());
    // A child of a child.
    assert_eq!(wait(fork(|| works() + wait(fork(works)))), 0);
}

/// In the child only the green thread that forked exists; when it ends, the process ends.
fn a_green_thread_forks() {
    greenpatch::thread_local!(static OWN: AtomicUsize = const { AtomicUsize::new(0) });
    patch();
    start_stepping();
    let forking = thread::Builder::new().name("forking".into()).spawn(|| {
        OWN.with(|own| own.store(7, Ordering::Relaxed));
        // SAFETY: as in `fork`.
        let child = unsafe { libc::fork() };
        if child != 0 {
            return (child, fork(works));
        }
        // SAFETY: alarm has no preconditions.
        unsafe { libc::alarm(40) };
        assert_eq!(thread::current().name(), Some("forking"));
        assert_eq!(OWN.with(|own| own.load(Ordering::Relaxed)), 7);
        assert_eq!(works(), 0);
        thread::spawn(|| thread::sleep(Duration::from_millis(5)));
        (0, 0)
    });
    let (returns, exits) = forking.unwrap().join().unwrap();
    assert!(returns > 0, "the root does not run on in the child");
    assert_eq!((wait(returns), wait(exits)), (0, 0));
}

fn a_worker_forks() {
    assert!(
        greenpatch::Patcher::new()
            .workers(2)
            .apply()
            .unwrap()
            .is_done()
    );
    let child = thread::spawn(|| fork(works)).join().unwrap();
    assert_eq!(wait(child), 0);
    let child = fork(works);
    assert_eq!(wait(child), 0);
}

/// Accepts and echoes until a connection asks for the end.
fn serve(listener: &TcpListener) -> i32 {
    let (ends, is_over) = mpsc::channel();
    loop {
        let (mut stream, _) = listener.accept().unwrap();
        let ends = ends.clone();
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        let echo = thread::spawn(move || {
            let mut bytes = [0; 4];
            while stream.read_exact(&mut bytes).is_ok() {
                if &bytes == b"end." {
                    let _ = ends.send(());
                    return;
                }
                stream.write_all(&bytes).unwrap();
            }
        });
        if is_over.try_recv().is_ok() {
            return 0;
        }
        // One at a time ends.
        echo.join().unwrap();
        if is_over.try_recv().is_ok() {
            return 0;
        }
    }
}

fn echo_with_workers() {
    const WORKERS: usize = 3;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // The hub of the parent knows the listener before it forks.
    let first = thread::spawn(move || TcpStream::connect(address).unwrap());
    let accepted = listener.accept().unwrap();
    drop((first.join().unwrap(), accepted));
    let children: Vec<_> = (0..WORKERS).map(|_| fork(|| serve(&listener))).collect();
    drop(listener);
    let clients: Vec<_> = (0..30_u8)
        .map(|number| {
            thread::spawn(move || {
                let mut stream = TcpStream::connect(address).unwrap();
                stream
                    .set_read_timeout(Some(Duration::from_secs(30)))
                    .unwrap();
                for round in 0..20 {
                    let sent = [number, round, 1, 2];
                    stream.write_all(&sent).unwrap();
                    let mut back = [0; 4];
                    stream.read_exact(&mut back).unwrap();
                    assert_eq!(sent, back);
                    thread::yield_now();
                }
            })
        })
        .collect();
    for client in clients {
        client.join().unwrap();
    }
    for _ in 0..WORKERS {
        TcpStream::connect(address)
            .unwrap()
            .write_all(b"end.")
            .unwrap();
    }
    for child in children {
        assert_eq!(wait(child), 0);
    }
}

fn workers_that_echo() {
    patch();
    echo_with_workers();
}

fn green_workers_that_echo() {
    patch();
    start_stepping();
    thread::spawn(echo_with_workers).join().unwrap();
}

/// A child that closes a descriptor that the parent waits for does not disturb the parent.
fn closing_in_a_child() {
    patch();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut writer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut reader, _) = listener.accept().unwrap();
    writer.write_all(b"a").unwrap();
    let mut byte = [0];
    // One wait registers the descriptor with the hub.
    reader.read_exact(&mut byte).unwrap();
    let writing = thread::spawn(move || {
        thread::sleep(Duration::from_millis(1));
        writer.write_all(b"b").unwrap();
        writer
    });
    reader.read_exact(&mut byte).unwrap();
    let mut writer = writing.join().unwrap();
    let mut reader = Some(reader);
    let child = fork(|| {
        drop(reader.take());
        works()
    });
    assert_eq!(wait(child), 0);
    let mut reader = reader.expect("the child's is another");
    let writing = thread::spawn(move || {
        thread::sleep(Duration::from_millis(5));
        writer.write_all(b"c").unwrap();
    });
    reader.read_exact(&mut byte).unwrap();
    assert_eq!(&byte, b"c");
    writing.join().unwrap();
}

/// The parent's helper threads do not exist in the child.
fn helpers_in_a_child() {
    let patched = greenpatch::Patcher::new().fs(true).apply();
    assert!(patched.unwrap().is_done());
    let read = || i32::from(greenpatch::fs::read("/proc/self/stat").unwrap().is_empty());
    assert_eq!(read(), 0);
    thread::spawn(read).join().unwrap();
    assert_eq!(wait(fork(read)), 0);
    let child = thread::spawn(move || fork(read)).join().unwrap();
    assert_eq!(wait(child), 0);
}

fn exit_in_a_child() {
    patch();
    start_stepping();
    assert_eq!(wait(fork(|| greenpatch::process::exit(3))), 3);
    let child = thread::spawn(|| fork(|| greenpatch::process::exit(4))).join();
    assert_eq!(wait(child.unwrap()), 4);
    let child = fork(|| {
        let _ = thread::spawn(|| greenpatch::process::exit(5)).join();
        0
    });
    assert_eq!(wait(child), 5);
}

/// A thread of the parent has the turn to make a dump. The child does not have that thread.
fn a_dump_in_a_child() {
    patch();
    let dumps = std::thread::spawn(|| greenpatch::dump().hubs.len());
    // It waits for the hub of this OS thread, which does not answer.
    std::thread::sleep(Duration::from_millis(50));
    let child = fork(|| i32::from(greenpatch::dump().hubs.len() > 1));
    assert_eq!(wait(child), 0);
    assert_eq!(dumps.join().unwrap(), 1);
}
