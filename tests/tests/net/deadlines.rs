//! Data that arrives before a deadline is received, even if the waiter runs late.
//!
//! Another thread completes the wait and then keeps the processor until the deadline has passed: on a hub the waiter
//! cannot run before that.

use std::io::{ErrorKind, IoSliceMut, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use greenpatch::net::{TcpListener, TcpStream, UdpSocket};
use greenpatch::os::unix::net::{UnixDatagram, UnixStream};
use greenpatch::thread;
use socket2::SockRef;

use crate::Case;
use crate::stream::{pair, pattern};

pub(crate) const CASES: &[Case] = &[
    ("deadlines: a TCP stream", a_tcp_stream),
    ("deadlines: a UDP socket", a_udp_socket),
    ("deadlines: a Unix stream", a_unix_stream),
    ("deadlines: a Unix datagram", a_unix_datagram),
    ("deadlines: room to write", room_to_write),
    ("deadlines: a connection", a_connection),
    ("deadlines: an accept", an_accept),
    (
        "deadlines: data that was there before",
        data_that_was_there_before,
    ),
    ("deadlines: the end", the_end),
];

const TIMEOUT: Duration = Duration::from_millis(30);

/// Calls `act` on another thread, which then keeps its processor for twice the timeout, while `wait` waits here. If
/// `act` was called in time, `wait` must not have timed out. On a busy machine `act` may be late; the attempt is then
/// repeated.
fn comes_in_time<W, A>(mut prepare: impl FnMut() -> (W, A))
where
    W: FnOnce() -> std::io::Result<()>,
    A: FnOnce() + Send + 'static,
{
    for _ in 0..200 {
        let (wait, act) = prepare();
        let start = Instant::now();
        let neighbour = thread::spawn(move || {
            act();
            let done = Instant::now();
            while start.elapsed() < 2 * TIMEOUT {}
            done
        });
        let result = wait();
        let in_time = neighbour.join().unwrap() < start + TIMEOUT;
        match result {
            Ok(()) if in_time => return,
            Ok(()) => {}
            Err(error) => {
                assert!(is_timeout(error.kind()), "{error}");
                assert!(!in_time, "what had come in time was lost: {error}");
            }
        }
    }
    panic!("the neighbour is never in time");
}

fn is_timeout(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

fn a_tcp_stream() {
    let read: fn(&mut TcpStream) -> std::io::Result<usize> = |stream| stream.read(&mut [0; 8]);
    let peek: fn(&mut TcpStream) -> std::io::Result<usize> = |stream| stream.peek(&mut [0; 8]);
    let vectored: fn(&mut TcpStream) -> std::io::Result<usize> =
        |stream| stream.read_vectored(&mut [IoSliceMut::new(&mut [0; 8])]);
    for receive in [read, peek, vectored] {
        comes_in_time(|| {
            let (mut ours, mut theirs) = pair();
            // Leaves the descriptor known to be drained.
            theirs.write_all(b"x").unwrap();
            assert_eq!(ours.read(&mut [0; 8]).unwrap(), 1);
            ours.set_read_timeout(Some(TIMEOUT)).unwrap();
            (
                move || receive(&mut ours).map(|length| assert_eq!(length, 3)),
                move || {
                    let _ = theirs.write_all(b"abc");
                    std::mem::forget(theirs);
                },
            )
        });
    }
}

fn a_udp_socket() {
    type Receive = fn(&UdpSocket) -> std::io::Result<usize>;
    let ways: [Receive; 4] = [
        |socket| socket.recv(&mut [0; 8]),
        |socket| socket.recv_from(&mut [0; 8]).map(|(length, _)| length),
        |socket| socket.peek(&mut [0; 8]),
        |socket| socket.peek_from(&mut [0; 8]).map(|(length, _)| length),
    ];
    for receive in ways {
        comes_in_time(|| {
            let ours = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let theirs = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            theirs.connect(ours.local_addr().unwrap()).unwrap();
            ours.set_read_timeout(Some(TIMEOUT)).unwrap();
            (
                move || receive(&ours).map(|length| assert_eq!(length, 3)),
                move || drop(theirs.send(b"abc")),
            )
        });
    }
}

fn a_unix_stream() {
    comes_in_time(|| {
        let (mut ours, mut theirs) = UnixStream::pair().unwrap();
        ours.set_read_timeout(Some(TIMEOUT)).unwrap();
        (
            move || ours.read(&mut [0; 8]).map(|length| assert_eq!(length, 3)),
            move || drop(theirs.write_all(b"abc")),
        )
    });
}

fn a_unix_datagram() {
    comes_in_time(|| {
        let (ours, theirs) = UnixDatagram::pair().unwrap();
        ours.set_read_timeout(Some(TIMEOUT)).unwrap();
        (
            move || ours.recv(&mut [0; 8]).map(|length| assert_eq!(length, 3)),
            move || drop(theirs.send(b"abc")),
        )
    });
}

/// The buffers are full, and the peer makes room.
fn room_to_write() {
    comes_in_time(|| {
        let (mut ours, mut theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        while ours.write(&[0; 4096]).is_ok() {}
        ours.set_nonblocking(false).unwrap();
        ours.set_write_timeout(Some(TIMEOUT)).unwrap();
        theirs.set_nonblocking(true).unwrap();
        (
            move || ours.write(b"x").map(|length| assert_eq!(length, 1)),
            move || {
                let mut buffer = pattern(1 << 16);
                while theirs.read(&mut buffer).is_ok_and(|length| length > 0) {}
                std::mem::forget(theirs);
            },
        )
    });
}

/// The handshake completes while another thread holds the processor.
fn a_connection() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    comes_in_time(|| {
        let listener = listener.try_clone().unwrap();
        (
            move || {
                let stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
                assert_eq!(stream.peer_addr().unwrap(), address);
                Ok(())
            },
            // The kernel completes it.
            move || drop(listener),
        )
    });
}

/// std has no timeout for accept, the OS has one.
fn an_accept() {
    comes_in_time(|| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        SockRef::from(&listener)
            .set_read_timeout(Some(TIMEOUT))
            .unwrap();
        (
            move || listener.accept().map(drop),
            move || drop(std::net::TcpStream::connect(address)),
        )
    });
}

/// The data is there before the call, and its event is not processed yet.
fn data_that_was_there_before() {
    comes_in_time(|| {
        let (mut ours, mut theirs) = pair();
        theirs.write_all(b"x").unwrap();
        assert_eq!(ours.read(&mut [0; 8]).unwrap(), 1);
        ours.set_read_timeout(Some(TIMEOUT)).unwrap();
        let theirs_too = theirs.as_fd().try_clone_to_owned().unwrap();
        SockRef::from(&theirs_too).send(b"abc").unwrap();
        (
            move || ours.read(&mut [0; 8]).map(|length| assert_eq!(length, 3)),
            move || std::mem::forget(theirs),
        )
    });
}

fn the_end() {
    comes_in_time(|| {
        let (mut ours, theirs) = pair();
        ours.set_read_timeout(Some(TIMEOUT)).unwrap();
        (
            move || ours.read(&mut [0; 8]).map(|length| assert_eq!(length, 0)),
            move || drop(theirs),
        )
    });
}
