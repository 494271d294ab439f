//! `UdpSocket`.

use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::time::Duration;

use greenpatch::net::UdpSocket;
use greenpatch::os::unix::net::UnixDatagram;
use greenpatch::thread;

use crate::Case;

pub(crate) const CASES: &[Case] = &[
    ("udp: send to and receive from", send_to_and_receive_from),
    ("udp: connected", connected),
    ("udp: messages stay apart", messages_stay_apart),
    ("udp: peek", peek),
    ("udp: times out", times_out),
    ("udp: non-blocking", non_blocking),
    ("udp: a peer that is closed", a_closed_peer),
    ("udp: a message without room", a_message_without_room),
    ("udp: options", options),
];

fn pair() -> (UdpSocket, UdpSocket) {
    let one = UdpSocket::bind("127.0.0.1:0").unwrap();
    let other = UdpSocket::bind("127.0.0.1:0").unwrap();
    one.connect(other.local_addr().unwrap()).unwrap();
    other.connect(one.local_addr().unwrap()).unwrap();
    (one, other)
}

fn send_to_and_receive_from() {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let echo = thread::spawn(move || {
        let mut buffer = [0; 64];
        for _ in 0..50 {
            let (length, from) = server.recv_from(&mut buffer).unwrap();
            assert_eq!(server.send_to(&buffer[..length], from).unwrap(), length);
        }
    });
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut buffer = [0; 64];
    for number in 0..50_u8 {
        client.send_to(&[number; 5], address).unwrap();
        let (length, from) = client.recv_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..length], from), (&[number; 5][..], address));
    }
    echo.join().unwrap();
    let nowhere = client.send_to(b"x", &[][..]).unwrap_err();
    assert_eq!(nowhere.kind(), ErrorKind::InvalidInput);
}

fn connected() {
    let (one, other) = pair();
    assert_eq!(one.peer_addr().unwrap(), other.local_addr().unwrap());
    let clone = other.try_clone().unwrap();
    let receiver = thread::spawn(move || {
        let mut buffer = [0; 16];
        let length = clone.recv(&mut buffer).unwrap();
        buffer[..length].to_vec()
    });
    thread::yield_now();
    assert_eq!(one.send(b"hello").unwrap(), 5);
    assert_eq!(receiver.join().unwrap(), b"hello");
}

fn messages_stay_apart() {
    let (one, other) = pair();
    for message in [&b"a long one"[..], b"", b"b"] {
        one.send(message).unwrap();
    }
    let mut buffer = [0; 4];
    // Bytes that do not fit are lost, and a short read does not mean that no message follows.
    assert_eq!(other.recv(&mut buffer).unwrap(), 4);
    assert_eq!(other.recv(&mut buffer).unwrap(), 0);
    assert_eq!(other.recv(&mut buffer).unwrap(), 1);
}

fn peek() {
    let (one, other) = pair();
    one.send(b"abc").unwrap();
    let mut buffer = [0; 16];
    assert_eq!(other.peek(&mut buffer).unwrap(), 3);
    let (length, from) = other.peek_from(&mut buffer).unwrap();
    assert_eq!((length, from), (3, one.local_addr().unwrap()));
    assert_eq!(other.recv(&mut buffer).unwrap(), 3);
}

fn times_out() {
    let (one, other) = pair();
    other
        .set_read_timeout(Some(Duration::from_millis(10)))
        .unwrap();
    let error = other.recv(&mut [0; 4]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    let error = other.recv_from(&mut [0; 4]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    one.send(b"x").unwrap();
    assert_eq!(other.recv(&mut [0; 4]).unwrap(), 1);
}

fn non_blocking() {
    let (one, other) = pair();
    other.set_nonblocking(true).unwrap();
    let error = other.recv(&mut [0; 4]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    one.send(b"x").unwrap();
    assert_eq!(other.recv(&mut [0; 4]).unwrap(), 1);
}

/// A pending error arrives as an event, and is cleared once it is returned.
fn a_closed_peer() {
    let (one, other) = pair();
    let address = other.local_addr().unwrap();
    drop(other);
    let clone = one.try_clone().unwrap();
    let receiver = thread::spawn(move || clone.recv(&mut [0; 4]));
    thread::yield_now();
    let sent = one.send(b"x");
    let received = receiver.join().unwrap();
    let refused = |error: &std::io::Error| error.kind() == ErrorKind::ConnectionRefused;
    assert!(
        received.as_ref().is_err_and(refused),
        "{received:?} {sent:?}"
    );
    let other = UdpSocket::bind(address).unwrap();
    other.send_to(b"y", one.local_addr().unwrap()).unwrap();
    assert_eq!(one.recv(&mut [0; 4]).unwrap(), 1);
}

fn options() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_broadcast(true).unwrap();
    assert!(socket.broadcast().unwrap());
    socket.set_ttl(9).unwrap();
    assert_eq!(socket.ttl().unwrap(), 9);
    socket.set_multicast_ttl_v4(3).unwrap();
    assert_eq!(socket.multicast_ttl_v4().unwrap(), 3);
    socket.set_multicast_loop_v4(false).unwrap();
    assert!(!socket.multicast_loop_v4().unwrap());
    assert!(socket.take_error().unwrap().is_none());
    // This fails where there is no such interface, as with std.
    let (group, any) = (Ipv4Addr::new(224, 0, 0, 251), Ipv4Addr::UNSPECIFIED);
    let ours = socket.join_multicast_v4(&group, &any).map_err(|e| e.kind());
    let std = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    assert_eq!(
        ours,
        std.join_multicast_v4(&group, &any).map_err(|e| e.kind())
    );
}

/// A receive into an empty buffer waits for a message and discards it; an empty message counts as a message.
fn a_message_without_room() {
    fn check(receive: impl Fn(&mut [u8]) -> usize, send: impl Fn(&[u8]) + Send + 'static) {
        let sender = thread::spawn(move || {
            for message in [&b"lost"[..], b"", b"whole"] {
                send(message);
            }
        });
        assert_eq!(receive(&mut []), 0);
        assert_eq!(receive(&mut [0; 8]), 0);
        assert_eq!(receive(&mut [0; 8]), 5);
        sender.join().unwrap();
    }
    let (one, other) = pair();
    check(
        move |buffer| one.recv(buffer).unwrap(),
        move |message| assert_eq!(other.send(message).unwrap(), message.len()),
    );
    let (one, other) = UnixDatagram::pair().unwrap();
    check(
        move |buffer| one.recv(buffer).unwrap(),
        move |message| assert_eq!(other.send(message).unwrap(), message.len()),
    );
}
