//! `TcpStream`.

use std::io::{ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd, OwnedFd};
use std::time::{Duration, Instant};

use greenpatch::net::{TcpListener, TcpStream};
use greenpatch::os::unix::net::UnixStream;
use greenpatch::thread;

use crate::Case;

pub(crate) const CASES: &[Case] = &[
    ("stream: a greeting", a_greeting),
    ("stream: ping-pong", ping_pong),
    ("stream: the end", the_end),
    ("stream: both directions at once", both_directions_at_once),
    ("stream: a write is whole", a_write_is_whole),
    (
        "stream: a vectored write is whole",
        a_vectored_write_is_whole,
    ),
    ("stream: a vectored read", a_vectored_read),
    ("stream: peek", peek),
    ("stream: half-closed", half_closed),
    ("stream: shutdown wakes a reader", shutdown_wakes_a_reader),
    ("stream: a read times out", a_read_times_out),
    ("stream: a write times out", a_write_times_out),
    ("stream: write_all times out", write_all_times_out),
    ("stream: timeouts as std's", timeouts_as_std),
    ("stream: timeouts are shared", timeouts_are_shared),
    ("stream: non-blocking", non_blocking),
    ("stream: non-blocking is shared", non_blocking_is_shared),
    ("stream: connection refused", connection_refused),
    ("stream: connect with a timeout", connect_with_a_timeout),
    ("stream: a connect that times out", a_connect_that_times_out),
    ("stream: addresses in turn", addresses_in_turn),
    ("stream: options", options),
    ("stream: conversions", conversions),
    ("stream: std's, made before", stds_made_before),
    ("stream: debug", debug),
    ("stream: an empty buffer", an_empty_buffer),
    ("stream: no room in any buffer", no_room_in_any_buffer),
    ("stream: a number twice", a_number_twice),
];

/// Returns the two ends of a connection.
pub(crate) fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, address) = listener.accept().unwrap();
    assert_eq!(address, client.local_addr().unwrap());
    (client, server)
}

fn a_greeting() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let client = thread::spawn(move || {
        let mut text = String::new();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.read_to_string(&mut text).unwrap();
        text
    });
    let (mut stream, _) = listener.accept().unwrap();
    stream.write_all(b"hello").unwrap();
    drop(stream);
    assert_eq!(client.join().unwrap(), "hello");
}

fn ping_pong() {
    let (mut ours, mut theirs) = pair();
    let other = thread::spawn(move || {
        let mut byte = [0];
        while theirs.read(&mut byte).unwrap() > 0 {
            theirs.write_all(&[byte[0] + 1]).unwrap();
        }
    });
    for number in 0..200 {
        let mut answer = [0; 16];
        ours.write_all(&[number]).unwrap();
        assert_eq!(ours.read(&mut answer).unwrap(), 1);
        assert_eq!(answer[0], number + 1);
    }
    drop(ours);
    other.join().unwrap();
}

fn the_end() {
    let (mut ours, mut theirs) = pair();
    theirs.write_all(b"abc").unwrap();
    drop(theirs);
    let mut buffer = [0; 16];
    // A short read before the end of the stream.
    assert_eq!(ours.read(&mut buffer).unwrap(), 3);
    assert_eq!(ours.read(&mut buffer).unwrap(), 0);
    assert_eq!(ours.read(&mut buffer).unwrap(), 0);
}

fn both_directions_at_once() {
    const BYTES: usize = 3 << 20;
    let (ours, theirs) = pair();
    thread::scope(|s| {
        for stream in [&ours, &theirs] {
            s.spawn(move || {
                let mut stream = stream;
                stream.write_all(&pattern(BYTES)).unwrap();
                stream.shutdown(Shutdown::Write).unwrap();
            });
            s.spawn(move || {
                let mut stream = stream;
                let mut received = Vec::new();
                stream.read_to_end(&mut received).unwrap();
                assert!(received == pattern(BYTES));
            });
        }
    });
}

pub(crate) fn pattern(length: usize) -> Vec<u8> {
    (0..length)
        .map(|place| (place * 7 + place / 251) as u8)
        .collect()
}

fn a_write_is_whole() {
    // A blocking socket takes all of it, however much it is.
    const BYTES: usize = 8 << 20;
    let (mut ours, mut theirs) = pair();
    let reader = thread::spawn(move || {
        let mut received = Vec::new();
        theirs.read_to_end(&mut received).unwrap();
        received
    });
    assert_eq!(ours.write(&pattern(BYTES)).unwrap(), BYTES);
    drop(ours);
    assert!(reader.join().unwrap() == pattern(BYTES));
}

fn a_vectored_write_is_whole() {
    let (mut ours, mut theirs) = pair();
    let reader = thread::spawn(move || {
        let mut received = Vec::new();
        theirs.read_to_end(&mut received).unwrap();
        received
    });
    let bytes = pattern(6 << 20);
    let slices: Vec<_> = bytes.chunks(100_003).map(IoSlice::new).collect();
    assert_eq!(ours.write_vectored(&slices).unwrap(), bytes.len());
    drop(ours);
    assert!(reader.join().unwrap() == bytes);
}

fn a_vectored_read() {
    let (mut ours, mut theirs) = pair();
    let writer = thread::spawn(move || {
        thread::yield_now();
        theirs.write_all(b"abcdef").unwrap();
    });
    let (mut first, mut second) = ([0; 4], [0; 8]);
    let mut length = 0;
    while length < 6 {
        let mut all = [0; 12];
        let (left, right) = all.split_at_mut(4);
        let got = ours
            .read_vectored(&mut [IoSliceMut::new(left), IoSliceMut::new(right)])
            .unwrap();
        for (place, byte) in all[..got].iter().enumerate() {
            match length + place {
                place @ 0..4 => first[place] = *byte,
                place => second[place - 4] = *byte,
            }
        }
        length += got;
    }
    assert_eq!((&first, &second[..2]), (b"abcd", &b"ef"[..]));
    writer.join().unwrap();
}

fn peek() {
    let (mut ours, mut theirs) = pair();
    let writer = thread::spawn(move || {
        theirs.write_all(b"abc").unwrap();
        theirs
    });
    let mut buffer = [0; 16];
    assert_eq!(ours.peek(&mut buffer).unwrap(), 3);
    assert_eq!(ours.peek(&mut buffer[..1]).unwrap(), 1);
    assert_eq!(ours.read(&mut buffer).unwrap(), 3);
    assert_eq!(&buffer[..3], b"abc");
    drop(writer.join().unwrap());
    assert_eq!(ours.peek(&mut buffer).unwrap(), 0);
}

fn half_closed() {
    let (mut ours, mut theirs) = pair();
    let other = thread::spawn(move || {
        let mut question = String::new();
        theirs.read_to_string(&mut question).unwrap();
        theirs
            .write_all(question.to_uppercase().as_bytes())
            .unwrap();
    });
    ours.write_all(b"question").unwrap();
    ours.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    ours.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "QUESTION");
    assert_eq!(
        ours.write(b"more").unwrap_err().kind(),
        ErrorKind::BrokenPipe
    );
    other.join().unwrap();
}

fn shutdown_wakes_a_reader() {
    let (ours, _theirs) = pair();
    let clone = ours.try_clone().unwrap();
    let reader = thread::spawn(move || (&clone).read(&mut [0; 16]).unwrap());
    thread::yield_now();
    ours.shutdown(Shutdown::Both).unwrap();
    assert_eq!(reader.join().unwrap(), 0);
}

fn a_read_times_out() {
    let (mut ours, mut theirs) = pair();
    ours.set_read_timeout(Some(Duration::from_millis(15)))
        .unwrap();
    for _ in 0..2 {
        let before = Instant::now();
        let error = ours.read(&mut [0; 16]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        // The OS counts in ticks, and the first one may be nearly over.
        assert!(before.elapsed() >= Duration::from_millis(10));
    }
    theirs.write_all(b"abc").unwrap();
    assert_eq!(ours.read(&mut [0; 16]).unwrap(), 3);
    ours.set_read_timeout(None).unwrap();
    let writer = thread::spawn(move || {
        thread::sleep(Duration::from_millis(30));
        theirs.write_all(b"de").unwrap();
    });
    assert_eq!(ours.read(&mut [0; 16]).unwrap(), 2);
    writer.join().unwrap();
}

fn a_write_times_out() {
    let (mut ours, _theirs) = pair();
    ours.set_write_timeout(Some(Duration::from_millis(10)))
        .unwrap();
    let bytes = vec![0; 1 << 20];
    // It returns how much it wrote, and the error once that is nothing.
    let error = loop {
        match ours.write(&bytes) {
            Ok(written) => assert!(written > 0),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
}

fn write_all_times_out() {
    let (mut one, mut other) = pair();
    one.set_write_timeout(Some(Duration::from_millis(20)))
        .unwrap();
    let sent = pattern(32 << 20);
    let error = one.write_all(&sent).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    drop(one);
    let mut received = Vec::new();
    other.read_to_end(&mut received).unwrap();
    assert!(!received.is_empty() && received.len() < sent.len());
    assert!(sent.starts_with(&received));
}

fn timeouts_as_std() {
    let (ours, _theirs) = pair();
    assert_eq!(ours.read_timeout().unwrap(), None);
    assert_eq!(ours.write_timeout().unwrap(), None);
    let zero = ours.set_read_timeout(Some(Duration::ZERO)).unwrap_err();
    assert_eq!(zero.kind(), ErrorKind::InvalidInput);
    ours.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
    ours.set_write_timeout(Some(Duration::from_secs(4)))
        .unwrap();
    assert_eq!(ours.read_timeout().unwrap(), Some(Duration::from_secs(3)));
    assert_eq!(ours.write_timeout().unwrap(), Some(Duration::from_secs(4)));
}

fn timeouts_are_shared() {
    let (ours, _theirs) = pair();
    let clone = ours.try_clone().unwrap();
    ours.set_read_timeout(Some(Duration::from_millis(5)))
        .unwrap();
    let error = (&clone).read(&mut [0; 16]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    // A value that is made from a bare descriptor asks the OS.
    let other = TcpStream::from(clone.as_fd().try_clone_to_owned().unwrap());
    let error = (&other).read(&mut [0; 16]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
}

fn non_blocking() {
    let (mut ours, mut theirs) = pair();
    ours.set_nonblocking(true).unwrap();
    let mut buffer = [0; 16];
    for _ in 0..30 {
        let error = ours.read(&mut buffer).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
    }
    let writer = thread::spawn(move || {
        theirs.write_all(b"abc").unwrap();
        theirs
    });
    // Nothing here yields but the call itself.
    let length = loop {
        match ours.read(&mut buffer) {
            Ok(length) => break length,
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
    };
    assert_eq!(&buffer[..length], b"abc");
    let mut theirs = writer.join().unwrap();
    ours.set_nonblocking(false).unwrap();
    let writer = thread::spawn(move || {
        thread::sleep(Duration::from_millis(5));
        theirs.write_all(b"de").unwrap();
    });
    assert_eq!(ours.read(&mut buffer).unwrap(), 2);
    writer.join().unwrap();
}

fn non_blocking_is_shared() {
    let (ours, _theirs) = pair();
    let clone = ours.try_clone().unwrap();
    ours.set_nonblocking(true).unwrap();
    let error = (&clone).read(&mut [0; 16]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    let other = TcpStream::from(OwnedFd::from(clone));
    let error = (&other).read(&mut [0; 16]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
}

fn connection_refused() {
    let address = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let error = TcpStream::connect(address).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    let error = TcpStream::connect_timeout(&address, Duration::from_secs(5)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
}

fn connect_with_a_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(30)).unwrap();
    let (mut server, _) = listener.accept().unwrap();
    server.write_all(b"x").unwrap();
    assert_eq!(stream.read(&mut [0; 4]).unwrap(), 1);
    let zero = TcpStream::connect_timeout(&address, Duration::ZERO).unwrap_err();
    assert_eq!(zero.kind(), ErrorKind::InvalidInput);
}

fn a_connect_that_times_out() {
    // A queue that is full: Linux then ignores requests to connect.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    let any: std::net::SocketAddr = "127.0.0.1:0".parse().unwrap();
    socket.bind(&any.into()).unwrap();
    socket.listen(0).unwrap();
    let listener = TcpListener::from(std::net::TcpListener::from(socket));
    let address = listener.local_addr().unwrap();
    let mut queued = Vec::new();
    for _ in 0..8 {
        let before = Instant::now();
        match TcpStream::connect_timeout(&address, Duration::from_millis(20)) {
            Ok(stream) => queued.push(stream),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::TimedOut);
                assert!(before.elapsed() >= Duration::from_millis(20));
                return;
            }
        }
    }
    panic!("a queue of none holds {} connections", queued.len());
}

fn addresses_in_turn() {
    let refused = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let stream = TcpStream::connect(&[refused, address][..]).unwrap();
    assert_eq!(stream.peer_addr().unwrap(), address);
    let error = TcpStream::connect(&[refused, refused][..]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    let error = TcpStream::connect(&[][..]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

fn options() {
    let (ours, theirs) = pair();
    assert_eq!(ours.peer_addr().unwrap(), theirs.local_addr().unwrap());
    ours.set_nodelay(true).unwrap();
    assert!(ours.nodelay().unwrap());
    ours.set_ttl(42).unwrap();
    assert_eq!(ours.ttl().unwrap(), 42);
    assert!(ours.take_error().unwrap().is_none());
}

fn conversions() {
    let (ours, mut theirs) = pair();
    theirs.write_all(b"abcdef").unwrap();
    let fd = ours.as_raw_fd();
    let mut byte = [0];
    let mut std: std::net::TcpStream = ours.into();
    std.read_exact(&mut byte).unwrap();
    let mut ours = TcpStream::from(std);
    ours.read_exact(&mut byte).unwrap();
    let owned = OwnedFd::from(ours);
    let mut ours = TcpStream::from(owned);
    ours.read_exact(&mut byte).unwrap();
    let raw = ours.into_raw_fd();
    assert_eq!(raw, fd);
    // SAFETY: the number was just taken out of its owner.
    #[allow(unsafe_code)]
    let mut ours = unsafe { TcpStream::from_raw_fd(raw) };
    ours.read_exact(&mut byte).unwrap();
    assert_eq!(&byte, b"d");
    // A socket that has waited is converted in its original mode.
    let waiting = thread::spawn(move || {
        let mut rest = [0; 3];
        ours.read_exact(&mut rest).unwrap();
        assert_eq!(&rest, b"efg");
        std::net::TcpStream::from(ours)
    });
    thread::yield_now();
    theirs.write_all(b"g").unwrap();
    let mut std = waiting.join().unwrap();
    theirs.write_all(b"h").unwrap();
    std.read_exact(&mut byte).unwrap();
}

fn stds_made_before() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let client = std::net::TcpStream::connect(address).unwrap();
    client
        .set_read_timeout(Some(Duration::from_millis(5)))
        .unwrap();
    let (server, _) = TcpListener::from(listener).accept().unwrap();
    let mut client = TcpStream::from(client);
    let error = client.read(&mut [0; 4]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    (&server).write_all(b"x").unwrap();
    assert_eq!(client.read(&mut [0; 4]).unwrap(), 1);
}

fn debug() {
    let (ours, _theirs) = pair();
    let text = format!("{ours:?}");
    let std = std::net::TcpStream::from(ours);
    assert_eq!(text, format!("{std:?}"));
}

fn an_empty_buffer() {
    let (mut ours, mut theirs) = pair();
    assert_eq!(ours.write(&[]).unwrap(), 0);
    theirs.write_all(b"x").unwrap();
    assert_eq!(ours.read(&mut []).unwrap(), 0);
    assert_eq!(ours.read(&mut [0; 4]).unwrap(), 1);
}

/// With no room in several buffers a read does not wait; with one buffer it does.
fn no_room_in_any_buffer() {
    fn check<S>(mut ours: S, mut theirs: S)
    where
        S: Read + Write + Send + 'static,
    {
        let empty = |stream: &mut S| {
            assert_eq!(stream.read_vectored(&mut []).unwrap(), 0);
            let mut buffers = [&mut [][..], &mut []].map(IoSliceMut::new);
            assert_eq!(stream.read_vectored(&mut buffers).unwrap(), 0);
            assert_eq!(stream.write_vectored(&[]).unwrap(), 0);
            let slices = [&[][..], &[]].map(IoSlice::new);
            assert_eq!(stream.write_vectored(&slices).unwrap(), 0);
            assert_eq!(stream.write(&[]).unwrap(), 0);
        };
        empty(&mut ours);
        theirs.write_all(b"x").unwrap();
        empty(&mut ours);
        // The descriptor is known to be drained from here on.
        assert_eq!(ours.read(&mut [0; 4]).unwrap(), 1);
        empty(&mut ours);
        // One buffer without room waits for bytes, and leaves them there.
        let writer = thread::spawn(move || {
            theirs.write_all(b"yz").unwrap();
            theirs
        });
        assert_eq!(ours.read(&mut []).unwrap(), 0);
        let mut buffer = [0; 4];
        assert_eq!(ours.read(&mut buffer).unwrap(), 2);
        assert_eq!(&buffer[..2], b"yz");
        drop(writer.join().unwrap());
        assert_eq!(ours.read_vectored(&mut []).unwrap(), 0);
        assert_eq!(ours.read(&mut []).unwrap(), 0);
    }
    let (ours, theirs) = pair();
    check(ours, theirs);
    let (ours, theirs) = UnixStream::pair().unwrap();
    check(ours, theirs);
}

/// A second value is made from the descriptor's number, as code does that only inspects it, and both wait.
fn a_number_twice() {
    let (ours, mut theirs) = pair();
    let fd = ours.as_raw_fd();
    // SAFETY: it is not dropped, and `ours` is open as long as it is used.
    #[allow(unsafe_code)]
    let again = std::mem::ManuallyDrop::new(unsafe { TcpStream::from_raw_fd(fd) });
    thread::scope(|s| {
        let first = s.spawn(|| (&ours).read(&mut [0; 1]).unwrap());
        let second = s.spawn(|| (&*again).read(&mut [0; 1]).unwrap());
        thread::yield_now();
        theirs.write_all(b"ab").unwrap();
        assert_eq!(first.join().unwrap() + second.join().unwrap(), 2);
    });
}
