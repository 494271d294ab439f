//! `os::unix::net`.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use greenpatch::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use greenpatch::thread;

use crate::Case;
use crate::stalls_and_resets::assert_idle;
use crate::stream::pattern;

pub(crate) const CASES: &[Case] = &[
    ("unix: a listener", a_listener),
    ("unix: a pair", a_pair),
    ("unix: a lot", a_lot),
    ("unix: times out", times_out),
    ("unix: non-blocking", non_blocking),
    ("unix: a full queue", a_full_queue),
    ("unix: datagrams", datagrams),
    ("unix: datagrams by address", datagrams_by_address),
    (
        "unix: a datagram to a full socket",
        a_datagram_to_a_full_socket,
    ),
    (
        "unix: datagrams to a full socket by its name",
        datagrams_to_a_full_socket_by_its_name,
    ),
    (
        "unix: a full socket, not waited for",
        a_full_socket_not_waited_for,
    ),
    ("unix: a full socket that goes", a_full_socket_that_goes),
    (
        "unix: connected to one full socket, sends to another",
        connected_to_one_sends_to_another,
    ),
    #[cfg(target_os = "linux")]
    ("unix: abstract names", abstract_names),
];

/// A path that is removed when dropped.
pub(crate) struct Name(pub(crate) PathBuf);

impl Name {
    pub(crate) fn new() -> Name {
        static LAST: AtomicU32 = AtomicU32::new(0);
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        let name = format!("greenpatch-{}-{number}", std::process::id());
        Name(std::env::temp_dir().join(name))
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn a_listener() {
    let name = Name::new();
    let listener = UnixListener::bind(&name.0).unwrap();
    let path = name.0.clone();
    let client = thread::spawn(move || {
        let mut stream = UnixStream::connect(path).unwrap();
        stream.write_all(b"question").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    let (mut stream, from) = listener.accept().unwrap();
    assert!(from.is_unnamed());
    assert_eq!(stream.local_addr().unwrap().as_pathname(), Some(&*name.0));
    let mut question = String::new();
    stream.read_to_string(&mut question).unwrap();
    stream
        .write_all(question.to_uppercase().as_bytes())
        .unwrap();
    drop(stream);
    assert_eq!(client.join().unwrap(), "QUESTION");
    let missing = UnixStream::connect(Name::new().0.clone()).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
}

fn a_pair() {
    let (mut ours, mut theirs) = UnixStream::pair().unwrap();
    let other = thread::spawn(move || {
        let mut byte = [0];
        while theirs.read(&mut byte).unwrap() > 0 {
            theirs.write_all(&[byte[0] + 1]).unwrap();
        }
    });
    for number in 0..100 {
        let mut answer = [0; 16];
        ours.write_all(&[number]).unwrap();
        assert_eq!(ours.read(&mut answer).unwrap(), 1);
        assert_eq!(answer[0], number + 1);
    }
    drop(ours);
    other.join().unwrap();
}

fn a_lot() {
    let (mut ours, mut theirs) = UnixStream::pair().unwrap();
    let reader = thread::spawn(move || {
        let mut received = Vec::new();
        theirs.read_to_end(&mut received).unwrap();
        received
    });
    assert_eq!(ours.write(&pattern(3 << 20)).unwrap(), 3 << 20);
    drop(ours);
    assert!(reader.join().unwrap() == pattern(3 << 20));
}

fn times_out() {
    let (mut ours, _theirs) = UnixStream::pair().unwrap();
    ours.set_read_timeout(Some(Duration::from_millis(10)))
        .unwrap();
    let error = ours.read(&mut [0; 4]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    ours.set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    assert_eq!(ours.read_timeout().unwrap(), Some(Duration::from_secs(10)));
}

fn non_blocking() {
    let (mut ours, _theirs) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    let error = ours.read(&mut [0; 4]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    let name = Name::new();
    let listener = UnixListener::bind(&name.0).unwrap();
    listener.set_nonblocking(true).unwrap();
    let error = listener.accept().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
}

/// More clients connect than the queue holds: they wait, and other threads run.
fn a_full_queue() {
    let name = Name::new();
    let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
    socket
        .bind(&socket2::SockAddr::unix(&name.0).unwrap())
        .unwrap();
    socket.listen(1).unwrap();
    let listener = UnixListener::from(std::os::fd::OwnedFd::from(socket));
    let clients: Vec<_> = (0..6)
        .map(|_| {
            let path = name.0.clone();
            thread::spawn(move || UnixStream::connect(path).unwrap())
        })
        .collect();
    for _ in 0..20 {
        thread::yield_now();
    }
    for _ in &clients {
        drop(listener.accept().unwrap());
    }
    for client in clients {
        client.join().unwrap();
    }
}

fn datagrams() {
    let (one, other) = UnixDatagram::pair().unwrap();
    let receiver = thread::spawn(move || {
        let mut buffer = [0; 16];
        let length = other.recv(&mut buffer).unwrap();
        let text = buffer[..length].to_vec();
        let (length, from) = other.recv_from(&mut buffer).unwrap();
        assert_eq!((length, from.is_unnamed()), (3, true));
        text
    });
    thread::yield_now();
    one.send(b"hello").unwrap();
    one.send(b"abc").unwrap();
    assert_eq!(receiver.join().unwrap(), b"hello");
}

fn datagrams_by_address() {
    let (ours, theirs) = (Name::new(), Name::new());
    let server = UnixDatagram::bind(&theirs.0).unwrap();
    let echo = thread::spawn(move || {
        let mut buffer = [0; 16];
        let (length, from) = server.recv_from(&mut buffer).unwrap();
        server
            .send_to(&buffer[..length], from.as_pathname().unwrap())
            .unwrap();
    });
    let client = UnixDatagram::bind(&ours.0).unwrap();
    client.send_to(b"hello", &theirs.0).unwrap();
    let mut buffer = [0; 16];
    let (length, from) = client.recv_from(&mut buffer).unwrap();
    assert_eq!(
        (&buffer[..length], from.as_pathname()),
        (&b"hello"[..], Some(&*theirs.0))
    );
    echo.join().unwrap();
    let unbound = UnixDatagram::unbound().unwrap();
    unbound.connect(&ours.0).unwrap();
    unbound.send(b"x").unwrap();
    assert_eq!(client.recv(&mut buffer).unwrap(), 1);
}

fn a_datagram_to_a_full_socket() {
    const MESSAGES: usize = 600;
    let (one, other) = UnixDatagram::pair().unwrap();
    let sender = thread::spawn(move || {
        for number in 0..MESSAGES {
            one.send(&number.to_le_bytes()).unwrap();
        }
    });
    thread::yield_now();
    for number in 0..MESSAGES {
        let mut buffer = [0; size_of::<usize>()];
        assert_eq!(other.recv(&mut buffer).unwrap(), buffer.len());
        assert_eq!(usize::from_le_bytes(buffer), number);
    }
    sender.join().unwrap();
}

/// Fills a socket, and returns how many messages it took.
fn fill(sender: &UnixDatagram, name: &Name) -> usize {
    sender.set_nonblocking(true).unwrap();
    let mut sent = 0;
    let error = loop {
        match sender.send_to(b"full", &name.0) {
            Ok(_) => sent += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    sender.set_nonblocking(false).unwrap();
    sent
}

/// The senders, which are not connected, wait without using the processor, and every message arrives.
fn datagrams_to_a_full_socket_by_its_name() {
    const SENDERS: usize = 3;
    const MESSAGES: usize = 300;
    let name = Name::new();
    let receiver = UnixDatagram::bind(&name.0).unwrap();
    let full = fill(&UnixDatagram::unbound().unwrap(), &name);
    let senders: Vec<_> = (0..SENDERS)
        .map(|_| {
            let path = name.0.clone();
            thread::spawn(move || {
                let sender = UnixDatagram::unbound().unwrap();
                for number in 0..MESSAGES {
                    sender.send_to(&number.to_le_bytes(), &path).unwrap();
                }
            })
        })
        .collect();
    thread::yield_now();
    assert_idle(Duration::from_millis(150));
    for _ in 0..full {
        assert_eq!(receiver.recv(&mut [0; 16]).unwrap(), 4);
    }
    let mut counts = vec![0; MESSAGES];
    for _ in 0..SENDERS * MESSAGES {
        let mut buffer = [0; size_of::<usize>()];
        assert_eq!(receiver.recv(&mut buffer).unwrap(), buffer.len());
        counts[usize::from_le_bytes(buffer)] += 1;
    }
    assert!(counts.iter().all(|count| *count == SENDERS), "{counts:?}");
    for sender in senders {
        sender.join().unwrap();
    }
}

fn a_full_socket_not_waited_for() {
    let name = Name::new();
    let receiver = UnixDatagram::bind(&name.0).unwrap();
    let sender = UnixDatagram::unbound().unwrap();
    fill(&sender, &name);
    sender
        .set_write_timeout(Some(Duration::from_millis(20)))
        .unwrap();
    let before = Instant::now();
    let error = sender.send_to(b"x", &name.0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    // The OS counts in ticks, and the first one may be nearly over.
    assert!(before.elapsed() >= Duration::from_millis(10));
    receiver.recv(&mut [0; 4]).unwrap();
    assert_eq!(sender.send_to(b"x", &name.0).unwrap(), 1);
}

fn a_full_socket_that_goes() {
    let name = Name::new();
    let receiver = UnixDatagram::bind(&name.0).unwrap();
    let sender = UnixDatagram::unbound().unwrap();
    fill(&sender, &name);
    let path = name.0.clone();
    let waiting = thread::spawn(move || sender.send_to(b"x", &path).unwrap_err().kind());
    thread::sleep(Duration::from_millis(10));
    drop(receiver);
    assert_eq!(waiting.join().unwrap(), ErrorKind::ConnectionRefused);
}

/// The connected peer stays full, which does not stop the socket from sending to another one.
fn connected_to_one_sends_to_another() {
    let (one, other) = (Name::new(), Name::new());
    let _full = UnixDatagram::bind(&one.0).unwrap();
    let receiver = UnixDatagram::bind(&other.0).unwrap();
    let sender = UnixDatagram::unbound().unwrap();
    sender.connect(&one.0).unwrap();
    fill(&sender, &one);
    let full = fill(&sender, &other);
    let path = other.0.clone();
    let waiting = thread::spawn(move || sender.send_to(b"x", &path).unwrap());
    thread::sleep(Duration::from_millis(10));
    for _ in 0..full {
        assert_eq!(receiver.recv(&mut [0; 8]).unwrap(), 4);
    }
    assert_eq!(receiver.recv(&mut [0; 8]).unwrap(), 1);
    assert_eq!(waiting.join().unwrap(), 1);
}

#[cfg(target_os = "linux")]
fn abstract_names() {
    let name = format!("greenpatch-{}-abstract", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let listener = UnixListener::bind_addr(&address).unwrap();
    let local = listener.local_addr().unwrap();
    assert_eq!(local.as_abstract_name(), Some(name.as_bytes()));
    let client = thread::spawn(move || UnixStream::connect_addr(&address).unwrap());
    drop(listener.accept().unwrap());
    client.join().unwrap();

    let names = ["one", "other"].map(|which| format!("{name}-{which}"));
    let [ours, theirs] = names.map(|name| SocketAddr::from_abstract_name(name).unwrap());
    let one = UnixDatagram::bind_addr(&ours).unwrap();
    let other = UnixDatagram::bind_addr(&theirs).unwrap();
    one.send_to_addr(b"x", &theirs).unwrap();
    let (_, from) = other.recv_from(&mut [0; 4]).unwrap();
    assert_eq!(from.as_abstract_name(), ours.as_abstract_name());
    one.connect_addr(&theirs).unwrap();
    one.send(b"yz").unwrap();
    assert_eq!(other.recv(&mut [0; 4]).unwrap(), 2);
}
