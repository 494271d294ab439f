//! Signals with handlers installed without `SA_RESTART` interrupt the same blocking calls as with std: not patched,
//! and patched, on the root and on another hub. Signals with the flag interrupt none.
//!
//! The signals go to the main thread, so these tests do without libtest.
#![allow(missing_docs)]
#![allow(unsafe_code)]

use std::io::{self, ErrorKind, IoSliceMut, Read, Write};
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use greenpatch::io::pipe;
use greenpatch::net::{TcpListener, TcpStream, UdpSocket};
use greenpatch::os::unix::net::{UnixDatagram, UnixStream};
use greenpatch::process::{Command, Stdio};
use greenpatch::sync::mpsc;
use greenpatch::thread;
use greenpatch_tests::Runner;

fn main() {
    let mut runner = Runner::from_args();
    on_the_root(&mut runner, "not patched");
    assert!(greenpatch::patch_all().unwrap().is_done());
    on_the_root(&mut runner, "patched, root");
    runner.test("a green thread beside the root (patched)", beside_the_root);
    runner.test("a green thread on another hub (patched)", on_another_hub);
    runner.finish();
}

extern "C" fn handler(_: libc::c_int) {}

fn install(signal: libc::c_int, flags: libc::c_int) {
    // SAFETY: an action of zeros is valid: the default, no flags, an empty mask.
    let mut action: libc::sigaction = unsafe { mem::zeroed() };
    action.sa_sigaction = handler as *const () as libc::sighandler_t;
    action.sa_flags = flags;
    // SAFETY: the handler does nothing, and exists forever.
    let result = unsafe { libc::sigaction(signal, &raw const action, std::ptr::null_mut()) };
    assert_eq!(result, 0);
}

/// Sends signals to an OS thread until dropped.
struct Signals {
    is_over: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Signals {
    /// Sends to the calling OS thread.
    fn here(signal: libc::c_int) -> Signals {
        // SAFETY: pthread_self has no preconditions.
        Signals::to(unsafe { libc::pthread_self() }, signal)
    }

    fn to(target: libc::pthread_t, signal: libc::c_int) -> Signals {
        let is_over = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let is_over = is_over.clone();
            move || {
                while !is_over.load(Ordering::Acquire) {
                    #[allow(clippy::disallowed_methods)]
                    std::thread::sleep(Duration::from_millis(2));
                    // SAFETY: the target is the main thread or a hub's, which live as long as the process.
                    assert_eq!(unsafe { libc::pthread_kill(target, signal) }, 0);
                }
            }
        });
        Signals {
            is_over,
            thread: Some(thread),
        }
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        self.thread.take().unwrap().join().unwrap();
    }
}

/// A blocking call, and a closure that lets it complete.
type Wait = (
    Box<dyn FnMut() -> io::Result<usize>>,
    Box<dyn FnOnce() + Send>,
);

fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (ours, listener.accept().unwrap().0)
}

fn fill(stream: &mut (impl Write + std::os::fd::AsFd)) {
    let socket = socket2::SockRef::from(&*stream);
    socket.set_nonblocking(true).unwrap();
    while stream.write(&[0; 4096]).is_ok() {}
    socket2::SockRef::from(&*stream)
        .set_nonblocking(false)
        .unwrap();
}

/// A path that is removed when dropped.
struct Name(std::path::PathBuf);

impl Drop for Name {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Calls that a signal interrupts.
fn transfers() -> Vec<(&'static str, Wait)> {
    let mut waits: Vec<(&'static str, Wait)> = Vec::new();
    let mut add = |name, wait: Wait| waits.push((name, wait));

    let (mut ours, mut theirs) = pair();
    add(
        "TcpStream::read",
        (
            Box::new(move || ours.read(&mut [0; 8])),
            Box::new(move || theirs.write_all(b"abc").unwrap()),
        ),
    );
    let (ours, mut theirs) = pair();
    add(
        "TcpStream::peek",
        (
            Box::new(move || ours.peek(&mut [0; 8])),
            Box::new(move || theirs.write_all(b"abc").unwrap()),
        ),
    );
    let (mut ours, mut theirs) = pair();
    add(
        "TcpStream::read_vectored",
        (
            Box::new(move || ours.read_vectored(&mut [IoSliceMut::new(&mut [0; 8])])),
            Box::new(move || theirs.write_all(b"abc").unwrap()),
        ),
    );
    let (mut ours, mut theirs) = UnixStream::pair().unwrap();
    fill(&mut ours);
    add(
        "UnixStream::write",
        (
            Box::new(move || ours.write(b"abc")),
            Box::new(move || {
                theirs.set_nonblocking(true).unwrap();
                while theirs.read(&mut [0; 4096]).is_ok_and(|length| length > 0) {}
                mem::forget(theirs);
            }),
        ),
    );
    let ours = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = ours.local_addr().unwrap();
    add(
        "UdpSocket::recv_from",
        (
            Box::new(move || ours.recv_from(&mut [0; 8]).map(|(length, _)| length)),
            Box::new(move || {
                let theirs = UdpSocket::bind("127.0.0.1:0").unwrap();
                theirs.send_to(b"abc", address).unwrap();
            }),
        ),
    );
    let (ours, theirs) = UnixDatagram::pair().unwrap();
    add(
        "UnixDatagram::recv",
        (
            Box::new(move || ours.recv(&mut [0; 8])),
            Box::new(move || assert_eq!(theirs.send(b"abc").unwrap(), 3)),
        ),
    );
    let name = std::env::temp_dir().join(format!("greenpatch-interrupted-{}", std::process::id()));
    let theirs = UnixDatagram::bind(&name).unwrap();
    let ours = UnixDatagram::unbound().unwrap();
    ours.set_nonblocking(true).unwrap();
    while ours.send_to(b"full", &name).is_ok() {}
    ours.set_nonblocking(false).unwrap();
    let name = Name(name);
    add(
        "UnixDatagram::send_to",
        (
            Box::new(move || {
                // Captures the whole value, so that the path is removed with this closure.
                let name = &name;
                ours.send_to(b"abc", &name.0)
            }),
            Box::new(move || {
                theirs.set_nonblocking(true).unwrap();
                while theirs.recv(&mut [0; 8]).is_ok() {}
                mem::forget(theirs);
            }),
        ),
    );
    let (mut reader, mut writer) = pipe().unwrap();
    add(
        "PipeReader::read",
        (
            Box::new(move || reader.read(&mut [0; 8])),
            Box::new(move || writer.write_all(b"abc").unwrap()),
        ),
    );
    let mut child = Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    add(
        "ChildStdout::read",
        (
            Box::new(move || output.read(&mut [0; 8])),
            Box::new(move || {
                input.write_all(b"abc").unwrap();
                drop(input);
                child.wait().unwrap();
            }),
        ),
    );
    waits
}

/// Calls that continue after a signal.
fn others() -> Vec<(&'static str, Wait)> {
    let mut waits: Vec<(&'static str, Wait)> = Vec::new();
    let mut add = |name, wait: Wait| waits.push((name, wait));

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    add(
        "TcpListener::accept",
        (
            Box::new(move || listener.accept().map(|_| 3)),
            Box::new(move || drop(TcpStream::connect(address).unwrap())),
        ),
    );
    let (sender, receiver) = mpsc::channel();
    add(
        "Receiver::recv",
        (
            Box::new(move || Ok(receiver.recv().unwrap())),
            Box::new(move || sender.send(3).unwrap()),
        ),
    );
    let (mut ours, mut theirs) = pair();
    add(
        "Read::read_exact",
        (
            Box::new(move || ours.read_exact(&mut [0; 3]).map(|()| 3)),
            Box::new(move || theirs.write_all(b"abc").unwrap()),
        ),
    );
    let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
    let input = child.stdin.take();
    add(
        "Child::wait",
        (
            Box::new(move || child.wait().map(|_| 3)),
            Box::new(move || drop(input)),
        ),
    );
    add(
        "sleep",
        (
            Box::new(|| {
                thread::sleep(Duration::from_millis(30));
                Ok(3)
            }),
            Box::new(|| ()),
        ),
    );
    waits
}

/// Blocks natively while some signals arrive.
fn some_signals() {
    #[allow(clippy::disallowed_methods)]
    std::thread::sleep(Duration::from_millis(40));
}

/// Asserts that the call keeps waiting, whatever signals arrive, until it completes.
fn goes_on(signal: libc::c_int, (mut wait, end): Wait) {
    let signals = Signals::here(signal);
    let ending = std::thread::spawn(|| {
        some_signals();
        end();
    });
    assert_eq!(wait().unwrap(), 3);
    drop(signals);
    ending.join().unwrap();
}

/// Asserts that a signal interrupts the call, and that the call can be repeated.
fn is_ended(signal: libc::c_int, (mut wait, end): Wait) {
    let signals = Signals::here(signal);
    assert_eq!(wait().unwrap_err().kind(), ErrorKind::Interrupted);
    assert_eq!(wait().unwrap_err().kind(), ErrorKind::Interrupted);
    drop(signals);
    let ending = std::thread::spawn(end);
    assert_eq!(wait().unwrap(), 3);
    ending.join().unwrap();
}

fn on_the_root(runner: &mut Runner, mode: &str) {
    let signal = libc::SIGUSR1;
    install(signal, 0);
    for (name, wait) in transfers() {
        runner.test(&format!("{name} is ended ({mode})"), || {
            is_ended(signal, wait);
        });
    }
    for (name, wait) in others() {
        runner.test(&format!("{name} goes on ({mode})"), || {
            goes_on(signal, wait);
        });
    }
    install(signal, libc::SA_RESTART);
    for (name, wait) in transfers() {
        let name = format!("{name} goes on with SA_RESTART ({mode})");
        runner.test(&name, || goes_on(signal, wait));
    }
    // The OS cannot restart a call with a timeout.
    let (mut ours, mut theirs) = pair();
    ours.set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    runner.test(
        &format!("a timeout is ended with SA_RESTART ({mode})"),
        || {
            is_ended(
                signal,
                (
                    Box::new(move || ours.read(&mut [0; 8])),
                    Box::new(move || theirs.write_all(b"abc").unwrap()),
                ),
            );
        },
    );
}

/// The root receives the signal while it waits for something else: as with std's threads, no other call is
/// interrupted.
fn beside_the_root() {
    install(libc::SIGUSR1, 0);
    let (mut ours, mut theirs) = pair();
    let reader = thread::spawn(move || ours.read(&mut [0; 8]));
    let signals = Signals::here(libc::SIGUSR1);
    let ending = std::thread::spawn(move || {
        some_signals();
        theirs.write_all(b"abc").unwrap();
    });
    assert_eq!(reader.join().unwrap().unwrap(), 3);
    drop(signals);
    ending.join().unwrap();
}

/// The signal is sent to the OS thread of a hub that runs nothing but green threads.
fn on_another_hub() {
    install(libc::SIGUSR1, 0);
    let (mut ours, mut theirs) = pair();
    let (sender, receiver) = std::sync::mpsc::channel();
    let natively = std::thread::spawn(move || {
        let reader = thread::spawn(move || {
            // SAFETY: pthread_self has no preconditions.
            sender.send(unsafe { libc::pthread_self() }).unwrap();
            let error = ours.read(&mut [0; 8]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Interrupted);
            ours.read(&mut [0; 8]).unwrap_or(3)
        });
        let signals = Signals::to(receiver.recv().unwrap(), libc::SIGUSR1);
        some_signals();
        drop(signals);
        theirs.write_all(b"abc").unwrap();
        reader.join().unwrap()
    });
    assert_eq!(natively.join().unwrap(), 3);
}
