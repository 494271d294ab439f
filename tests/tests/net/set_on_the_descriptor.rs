//! Options take effect that are set on a descriptor by its number or on a duplicate, and not through the value that owns
//! it, as crates do that do not use greenpatch.
#![allow(unsafe_code)]

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use greenpatch::net::{TcpListener, TcpStream, UdpSocket};
use greenpatch::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use greenpatch::thread;
use socket2::SockRef;

use crate::Case;
use crate::stream::pair;
use crate::unix::Name;

pub(crate) const CASES: &[Case] = &[
    ("set on the descriptor: a read timeout", a_read_timeout),
    ("set on the descriptor: a later timeout", a_later_timeout),
    ("set on the descriptor: a write timeout", a_write_timeout),
    ("set on the descriptor: non-blocking", non_blocking),
    ("set on the descriptor: blocking again", blocking_again),
    ("set on the descriptor: by a duplicate", by_a_duplicate),
    ("set on the descriptor: after many waits", after_many_waits),
    (
        "set on the descriptor: inherited from a listener",
        inherited,
    ),
    (
        "set on the descriptor: an accept that times out",
        an_accept_that_times_out,
    ),
    (
        "set on the descriptor: an accept loop that polls",
        an_accept_loop_that_polls,
    ),
    (
        "set on the descriptor: a listener stays as it was set",
        a_listener_stays,
    ),
    (
        "set on the descriptor: all kinds accept together",
        all_kinds_accept,
    ),
    (
        "set on the descriptor: another descriptor under the number",
        another_descriptor,
    ),
];

const A_LITTLE: Duration = Duration::from_millis(20);
/// The OS counts in ticks, and the first one may be nearly over.
const A_TICK: Duration = Duration::from_millis(10);

/// Exchanges a byte, so that the receiver has waited and its descriptor is known to be drained.
fn exchange(ours: &mut (impl Read + Write), mut theirs: impl Read + Write + Send + 'static) {
    let other = thread::spawn(move || {
        let mut byte = [0];
        theirs.read_exact(&mut byte).unwrap();
        theirs.write_all(&byte).unwrap();
        std::mem::forget(theirs);
    });
    ours.write_all(b"x").unwrap();
    assert_eq!(ours.read(&mut [0; 8]).unwrap(), 1);
    other.join().unwrap();
}

fn would_block<T: std::fmt::Debug>(result: io::Result<T>) {
    assert_eq!(result.unwrap_err().kind(), ErrorKind::WouldBlock);
}

/// Bounds reads with `set`, and has `check` verify that, before and after a wait.
fn streams(set: fn(SockRef<'_>), check: fn(&mut dyn FnMut() -> io::Result<usize>)) {
    for has_waited in [false, true] {
        let (mut ours, theirs) = pair();
        let keep = theirs.try_clone().unwrap();
        if has_waited {
            exchange(&mut ours, theirs);
        }
        set(SockRef::from(&ours));
        check(&mut || ours.read(&mut [0; 8]));
        check(&mut || ours.peek(&mut [0; 8]));
        drop(keep);

        let (mut ours, theirs) = UnixStream::pair().unwrap();
        let keep = theirs.try_clone().unwrap();
        if has_waited {
            exchange(&mut ours, theirs);
        }
        set(SockRef::from(&ours));
        check(&mut || ours.read(&mut [0; 8]));
        drop(keep);
    }
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    set(SockRef::from(&socket));
    check(&mut || socket.recv(&mut [0; 8]));
    check(&mut || socket.recv_from(&mut [0; 8]).map(|(length, _)| length));
    let (socket, _other) = UnixDatagram::pair().unwrap();
    set(SockRef::from(&socket));
    check(&mut || socket.recv(&mut [0; 8]));
}

fn a_read_timeout() {
    streams(
        |socket| socket.set_read_timeout(Some(A_LITTLE)).unwrap(),
        |read| {
            let before = Instant::now();
            would_block(read());
            assert!(before.elapsed() >= A_TICK);
        },
    );
}

/// A timeout that was set on the value is changed on the descriptor.
fn a_later_timeout() {
    for later in [None, Some(Duration::from_secs(60))] {
        let (mut ours, mut theirs) = pair();
        ours.set_read_timeout(Some(A_LITTLE)).unwrap();
        would_block(ours.read(&mut [0; 8]));
        SockRef::from(&ours).set_read_timeout(later).unwrap();
        let writer = thread::spawn(move || {
            thread::sleep(3 * A_LITTLE);
            theirs.write_all(b"abc").unwrap();
        });
        assert_eq!(ours.read(&mut [0; 8]).unwrap(), 3);
        writer.join().unwrap();
    }
}

fn a_write_timeout() {
    let (mut ours, _theirs) = pair();
    SockRef::from(&ours)
        .set_write_timeout(Some(A_LITTLE))
        .unwrap();
    let bytes = vec![0; 1 << 20];
    let error = loop {
        match ours.write(&bytes) {
            Ok(written) => assert!(written > 0),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
}

fn non_blocking() {
    streams(
        |socket| socket.set_nonblocking(true).unwrap(),
        |read| {
            for _ in 0..3 {
                would_block(read());
            }
        },
    );
    let (mut reader, mut writer) = greenpatch::io::pipe().unwrap();
    writer.write_all(b"x").unwrap();
    assert_eq!(reader.read(&mut [0; 8]).unwrap(), 1);
    set_nonblocking(&reader, true);
    would_block(reader.read(&mut [0; 8]));
    set_nonblocking(&writer, true);
    let error = loop {
        match writer.write(&[0; 5000]) {
            Ok(written) => assert!(written > 0),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
}

/// Sets the mode with `fcntl`.
fn set_nonblocking(of: &impl AsRawFd, on: bool) {
    let (fd, flag) = (of.as_raw_fd(), libc::O_NONBLOCK);
    let flags = flags(of);
    let flags = if on { flags | flag } else { flags & !flag };
    // SAFETY: it changes how the descriptor blocks, and nothing else.
    assert_eq!(unsafe { libc::fcntl(fd, libc::F_SETFL, flags) }, 0);
}

fn flags(of: &impl AsRawFd) -> libc::c_int {
    // SAFETY: it changes nothing.
    unsafe { libc::fcntl(of.as_raw_fd(), libc::F_GETFL) }
}

/// Non-blocking mode that was set on the value is reset on the descriptor.
fn blocking_again() {
    let (mut ours, mut theirs) = pair();
    for by_value in [true, false] {
        match by_value {
            true => ours.set_nonblocking(true).unwrap(),
            false => set_nonblocking(&ours, true),
        }
        would_block(ours.read(&mut [0; 8]));
        set_nonblocking(&ours, false);
        let writer = thread::spawn(move || {
            thread::sleep(A_LITTLE);
            theirs.write_all(b"abc").unwrap();
            theirs
        });
        assert_eq!(ours.read(&mut [0; 8]).unwrap(), 3);
        theirs = writer.join().unwrap();
    }
}

/// Options are set on a duplicate of the bare descriptor, and on a clone of the value.
fn by_a_duplicate() {
    let (mut ours, theirs) = pair();
    exchange(&mut ours, theirs);
    let duplicate: OwnedFd = ours.as_fd().try_clone_to_owned().unwrap();
    set_nonblocking(&duplicate, true);
    would_block(ours.read(&mut [0; 8]));
    let mut clone = ours.try_clone().unwrap();
    would_block(clone.read(&mut [0; 8]));
    set_nonblocking(&clone, false);
    SockRef::from(&duplicate)
        .set_read_timeout(Some(A_LITTLE))
        .unwrap();
    would_block(ours.read(&mut [0; 8]));
    would_block(clone.read(&mut [0; 8]));
    // Converted to std's type and back.
    let std = std::net::TcpStream::from(ours);
    std.set_read_timeout(None).unwrap();
    std.set_nonblocking(true).unwrap();
    let mut ours = TcpStream::from(std);
    would_block(ours.read(&mut [0; 8]));
    would_block(clone.read(&mut [0; 8]));
}

/// So many waits in a row that greenpatch does not ask the OS in each.
fn after_many_waits() {
    let (mut ours, mut theirs) = pair();
    let mut clone = theirs.try_clone().unwrap();
    let other = thread::spawn(move || {
        let mut byte = [0];
        while theirs.read(&mut byte).unwrap() > 0 {
            theirs.write_all(&byte).unwrap();
        }
    });
    let exchange = |ours: &mut TcpStream, times| {
        for _ in 0..times {
            ours.write_all(b"x").unwrap();
            assert_eq!(ours.read(&mut [0; 8]).unwrap(), 1);
        }
    };
    exchange(&mut ours, 300);
    SockRef::from(&ours)
        .set_read_timeout(Some(A_LITTLE))
        .unwrap();
    would_block(ours.read(&mut [0; 8]));
    SockRef::from(&ours).set_read_timeout(None).unwrap();
    exchange(&mut ours, 300);
    set_nonblocking(&ours, true);
    would_block(ours.read(&mut [0; 8]));
    set_nonblocking(&ours, false);
    exchange(&mut ours, 10);
    clone.shutdown(std::net::Shutdown::Both).unwrap();
    other.join().unwrap();
    clone.flush().unwrap();
}

/// On Linux an accepted TCP socket inherits options; on other systems it does not.
fn inherited() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    SockRef::from(&listener)
        .set_read_timeout(Some(A_LITTLE))
        .unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut accepted, _) = listener.accept().unwrap();
    if accepted.read_timeout().unwrap().is_some() {
        would_block(accepted.read(&mut [0; 8]));
    }
    drop(client);
}

fn an_accept_that_times_out() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let name = Name::new();
    let unix = UnixListener::bind(&name.0).unwrap();
    for _ in 0..2 {
        for socket in [SockRef::from(&listener), SockRef::from(&unix)] {
            socket.set_read_timeout(Some(A_LITTLE)).unwrap();
        }
        let before = Instant::now();
        would_block(listener.accept());
        assert!(before.elapsed() >= A_TICK);
        would_block(unix.accept());
        for socket in [SockRef::from(&listener), SockRef::from(&unix)] {
            socket.set_read_timeout(None).unwrap();
        }
        let client = thread::spawn(move || {
            thread::sleep(3 * A_LITTLE);
            TcpStream::connect(address).unwrap()
        });
        listener.accept().unwrap();
        client.join().unwrap();
    }
}

fn an_accept_loop_that_polls() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let connect = move || {
        thread::sleep(A_LITTLE);
        TcpStream::connect(address).unwrap()
    };
    let client = thread::spawn(connect);
    listener.accept().unwrap();
    client.join().unwrap();
    set_nonblocking(&listener, true);
    let is_over = Arc::new(AtomicBool::new(false));
    let clock = thread::spawn({
        let is_over = is_over.clone();
        move || {
            thread::sleep(A_LITTLE);
            is_over.store(true, Ordering::Relaxed);
        }
    });
    while !is_over.load(Ordering::Relaxed) {
        would_block(listener.accept());
    }
    clock.join().unwrap();
    let client = thread::spawn(connect);
    let mut accepted = loop {
        match listener.accept() {
            Ok((accepted, _)) => break accepted,
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
    };
    // The accepted socket blocks.
    let mut client = client.join().unwrap();
    exchange(&mut accepted, client.try_clone().unwrap());
    client.flush().unwrap();
}

/// A listener does not become non-blocking while threads accept, nor after; non-blocking mode that the user sets stays.
fn a_listener_stays() {
    let listener = Arc::new(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    let address: SocketAddr = listener.local_addr().unwrap();
    let nonblocking = |listener: &TcpListener| flags(listener) & libc::O_NONBLOCK != 0;
    for _ in 0..3 {
        let acceptor = thread::spawn({
            let listener = listener.clone();
            move || drop(listener.accept().unwrap())
        });
        thread::sleep(Duration::from_millis(2));
        assert!(!nonblocking(&listener));
        let client = TcpStream::connect(address).unwrap();
        acceptor.join().unwrap();
        assert!(!nonblocking(&listener));
        drop(client);
    }
    for on in [true, false] {
        listener.set_nonblocking(on).unwrap();
        assert_eq!(nonblocking(&listener), on);
        drop(TcpStream::connect(address).unwrap());
        while let Err(error) = listener.accept() {
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
        }
        assert_eq!(nonblocking(&listener), on);
    }
}

/// Green and native threads accept on clones of one listener: each connection goes to one thread, and no accept
/// returns `WouldBlock`.
fn all_kinds_accept() {
    const CONNECTIONS: usize = 200;
    const EACH: usize = 3;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let left = Arc::new(AtomicUsize::new(CONNECTIONS));
    let accept = |listener: TcpListener| {
        let left = left.clone();
        move || {
            let mut accepted = 0;
            loop {
                let (mut stream, _) = listener.accept().unwrap();
                let mut what = [0];
                stream.read_exact(&mut what).unwrap();
                if what == *b"e" {
                    return accepted;
                }
                accepted += 1;
                left.fetch_sub(1, Ordering::Relaxed);
            }
        }
    };
    let ours: Vec<_> = (0..EACH)
        .map(|_| thread::spawn(accept(listener.try_clone().unwrap())))
        .collect();
    let natives: Vec<_> = (0..EACH)
        .map(|_| std::thread::spawn(accept(listener.try_clone().unwrap())))
        .collect();
    let send = |what: &[u8]| {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(what).unwrap();
    };
    for _ in 0..CONNECTIONS {
        send(b"x");
    }
    while left.load(Ordering::Relaxed) > 0 {
        thread::sleep(Duration::from_millis(1));
    }
    for _ in 0..2 * EACH {
        send(b"e");
    }
    let mut accepted = 0;
    for thread in ours {
        accepted += thread.join().unwrap();
    }
    for thread in natives {
        accepted += thread.join().unwrap();
    }
    assert_eq!(accepted, CONNECTIONS);
}

/// `dup2` replaces a descriptor that was waited for or is known to be drained: its number is then another socket.
fn another_descriptor() {
    for many in [false, true] {
        let (mut ours, theirs) = pair();
        // Keeps the first socket open after its number is reused.
        let _first = ours.as_fd().try_clone_to_owned().unwrap();
        exchange(&mut ours, theirs);
        if many {
            after_many_waits();
        }
        let (other, mut its_peer) = UnixStream::pair().unwrap();
        // SAFETY: both are open; the descriptor that it closes belongs to `ours`, which then owns the duplicate.
        let result = unsafe { libc::dup2(other.as_raw_fd(), ours.as_raw_fd()) };
        assert_eq!(result, ours.as_raw_fd());
        drop(other);
        // The bytes are there before the read.
        its_peer.write_all(b"abc").unwrap();
        assert_eq!(ours.read(&mut [0; 8]).unwrap(), 3);
        // The bytes arrive after the read has begun to wait.
        let writer = thread::spawn(move || {
            thread::sleep(Duration::from_millis(5));
            its_peer.write_all(b"de").unwrap();
            its_peer
        });
        assert_eq!(ours.read(&mut [0; 8]).unwrap(), 2);
        exchange(&mut ours, writer.join().unwrap());
    }
}
