//! Sockets in a process that has no descriptors left, that gets signals, or that shares a listener with another one.
//!
//! These lower the limits of their process and install a signal handler, so they do without libtest.
#![allow(missing_docs)]
#![allow(unsafe_code)]

use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::time::Duration;

use greenpatch::net::{TcpListener, TcpStream};
use greenpatch::thread;
use greenpatch_tests::{Runner, child, limit_child, task};

/// The task of the process that shares a listener with the one that starts it.
const SHARES: &str = "shares a listener";

fn main() {
    assert!(greenpatch::patch_all().unwrap().is_done());
    if task().is_some() {
        limit_child();
        let listener = std::io::stdin().as_fd().try_clone_to_owned().unwrap();
        return accept_until_told(&TcpListener::from(listener));
    }
    let mut runner = Runner::from_args();
    runner.test("signals while green threads wait", signals);
    runner.test("processes share a listener", processes_share_a_listener);
    runner.test("no descriptors left", no_descriptors_left);
    runner.finish();
}

extern "C" fn ignore(_signal: libc::c_int) {}

fn signals() {
    // SAFETY: an action of zeros is valid: the default, no flags, an empty mask.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = ignore as extern "C" fn(libc::c_int) as usize;
    // SAFETY: the handler does nothing; without SA_RESTART, calls that wait fail with EINTR.
    unsafe { libc::sigaction(libc::SIGUSR1, &raw const action, std::ptr::null_mut()) };
    // SAFETY: pthread_self has no preconditions.
    let main = unsafe { libc::pthread_self() };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut bytes = [0; 4];
        stream.read_exact(&mut bytes).unwrap();
        stream.write_all(&bytes).unwrap();
    });
    let native = std::thread::spawn(move || {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        for byte in b"ping" {
            for _ in 0..5 {
                // SAFETY: the main thread runs for as long as the process does.
                unsafe { libc::pthread_kill(main, libc::SIGUSR1) };
                #[allow(clippy::disallowed_methods)]
                std::thread::sleep(Duration::from_millis(1));
            }
            stream.write_all(&[*byte]).unwrap();
        }
        let mut answer = [0; 4];
        stream.read_exact(&mut answer).unwrap();
        answer
    });
    server.join().unwrap();
    assert_eq!(&native.join().unwrap(), b"ping");
}

/// How many threads of each process accept.
const ACCEPTORS: usize = 3;

/// Answers connections in several threads, until each has received the request to end.
fn accept_until_told(listener: &TcpListener) {
    thread::scope(|scope| {
        for _ in 0..ACCEPTORS {
            scope.spawn(|| {
                loop {
                    let (mut stream, _) = listener.accept().unwrap();
                    let mut what = [0];
                    stream.read_exact(&mut what).unwrap();
                    stream.write_all(&what).unwrap();
                    if what == *b"e" {
                        return;
                    }
                }
            });
        }
    });
}

/// Each connection goes to one process; no accept returns `WouldBlock`, and none blocks its hub.
fn processes_share_a_listener() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut child = child(SHARES)
        .stdin(listener.as_fd().try_clone_to_owned().unwrap())
        .spawn()
        .unwrap();
    let client = std::thread::spawn(move || {
        let ask = |what: u8| {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            stream.write_all(&[what]).unwrap();
            let mut answer = [0];
            stream.read_exact(&mut answer).unwrap();
            assert_eq!(answer, [what]);
        };
        for _ in 0..1000 {
            ask(b'x');
        }
        for _ in 0..2 * ACCEPTORS {
            ask(b'e');
        }
    });
    accept_until_told(&listener);
    client.join().unwrap();
    assert!(child.wait().unwrap().success());
}

/// Accepting fails, as with std, and works again once descriptors are free.
fn no_descriptors_left() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (waits, accepts) = std::sync::mpsc::channel();
    let client = std::thread::spawn(move || {
        // Connected while there are descriptors, accepted when there are none.
        let stream = std::net::TcpStream::connect(address).unwrap();
        waits.send(stream).unwrap();
    });
    client.join().unwrap();
    let mut client = accepts.recv().unwrap();
    let mut taken: Vec<_> = Vec::new();
    let limit = lower_limit(256);
    while let Ok(file) = std::fs::File::open("/dev/null") {
        taken.push(file);
    }
    for _ in 0..3 {
        let error = listener.accept().unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EMFILE));
    }
    let error = TcpStream::connect(address).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EMFILE));
    // Other green threads still run.
    let other = thread::spawn(|| thread::sleep(Duration::from_millis(2)));
    other.join().unwrap();
    taken.truncate(taken.len() - 4);
    let (mut accepted, _) = listener.accept().unwrap();
    client.write_all(b"x").unwrap();
    assert_eq!(accepted.read(&mut [0; 4]).unwrap(), 1);
    drop(taken);
    lower_limit(limit);
    accepted.set_nonblocking(true).unwrap();
    let error = accepted.read(&mut [0; 4]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
}

/// Sets the limit of descriptors and returns the one before.
fn lower_limit(limit: libc::rlim_t) -> libc::rlim_t {
    let mut limits = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the structure is valid for the write.
    let result = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limits) };
    assert_eq!(result, 0);
    let before = std::mem::replace(&mut limits.rlim_cur, limit);
    // SAFETY: the structure is valid for the read.
    let result = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limits) };
    assert_eq!(result, 0);
    before
}
