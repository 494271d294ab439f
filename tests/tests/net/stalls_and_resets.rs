//! Peers that stall, reset, or vanish: nothing hangs, nothing spins, no byte is lost.

use std::io::{ErrorKind, IoSlice, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use greenpatch::net::{TcpListener, TcpStream};
use greenpatch::thread;
use socket2::SockRef;

use crate::Case;
use crate::stream::{pair, pattern};

pub(crate) const CASES: &[Case] = &[
    ("stalls and resets: slow lorises", slow_lorises),
    ("stalls and resets: a peer that resets", a_peer_that_resets),
    (
        "stalls and resets: reset while it writes",
        reset_while_it_writes,
    ),
    (
        "stalls and resets: reset in the middle of a write",
        reset_in_the_middle_of_a_write,
    ),
    ("stalls and resets: a full send buffer", a_full_send_buffer),
    ("stalls and resets: a server that goes", a_server_that_goes),
    (
        "stalls and resets: a listener that is shut down",
        a_listener_that_is_shut_down,
    ),
    (
        "stalls and resets: idle connections cost nothing",
        idle_connections_cost_nothing,
    ),
    ("stalls and resets: urgent bytes", urgent_bytes),
    (
        "stalls and resets: data and the end at once",
        data_and_the_end_at_once,
    ),
];

/// Returns the processor time that the process has used.
#[cfg(target_os = "linux")]
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<_> = stat.rsplit(')').next().unwrap().split(' ').collect();
    let ticks: u64 = fields[12].parse::<u64>().unwrap() + fields[13].parse::<u64>().unwrap();
    // A hundred ticks a second, as far as user programs are told.
    Duration::from_millis(ticks * 10)
}

#[cfg(not(target_os = "linux"))]
fn processor_time() -> Duration {
    Duration::ZERO
}

/// Asserts that the process becomes idle within some windows of `time`. A busy loop never does, while work that is
/// still to be done may take several windows on a loaded machine.
pub(crate) fn assert_idle(time: Duration) {
    let mut windows = Vec::new();
    while windows.len() < 50 {
        let (before, start) = (processor_time(), Instant::now());
        thread::sleep(time);
        let (used, passed) = (processor_time() - before, start.elapsed());
        if used <= passed / 3 {
            return;
        }
        windows.push((used, passed));
    }
    panic!("never idle, (used, passed): {windows:?}");
}

/// Clients that send a byte now and then do not keep others waiting.
fn slow_lorises() {
    const LORISES: usize = 40;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let threads: Vec<_> = listener
            .incoming()
            .take(LORISES + 20)
            .map(|stream| {
                let mut stream = stream.unwrap();
                thread::spawn(move || {
                    let mut request = Vec::new();
                    let mut byte = [0];
                    while stream.read(&mut byte).unwrap() > 0 {
                        request.push(byte[0]);
                        if byte == *b"\n" {
                            stream.write_all(&request).unwrap();
                            return;
                        }
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|t| t.join().unwrap());
    });
    let over = Arc::new(AtomicBool::new(false));
    let lorises: Vec<_> = (0..LORISES)
        .map(|_| {
            let over = over.clone();
            let mut stream = TcpStream::connect(address).unwrap();
            thread::spawn(move || {
                while !over.load(Ordering::Acquire) {
                    stream.write_all(b"x").unwrap();
                    thread::sleep(Duration::from_millis(5));
                }
                stream.write_all(b"\n").unwrap();
                let mut answer = Vec::new();
                stream.read_to_end(&mut answer).unwrap();
                assert_eq!(answer.last(), Some(&b'\n'));
            })
        })
        .collect();
    for _ in 0..20 {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"quick\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, "quick\n");
    }
    over.store(true, Ordering::Release);
    lorises.into_iter().for_each(|t| t.join().unwrap());
    server.join().unwrap();
}

fn a_peer_that_resets() {
    for waits in [false, true] {
        let (mut ours, theirs) = pair();
        SockRef::from(&theirs)
            .set_linger(Some(Duration::ZERO))
            .unwrap();
        let mut theirs = Some(theirs);
        if !waits {
            theirs = None;
        }
        let reader = thread::spawn(move || ours.read(&mut [0; 16]).unwrap_err().kind());
        thread::yield_now();
        drop(theirs);
        assert_eq!(reader.join().unwrap(), ErrorKind::ConnectionReset);
    }
}

fn reset_while_it_writes() {
    let (mut ours, theirs) = pair();
    let writer = thread::spawn(move || {
        let bytes = pattern(1 << 20);
        loop {
            if let Err(error) = ours.write_all(&bytes) {
                return error.kind();
            }
        }
    });
    (&theirs).read_exact(&mut [0; 100]).unwrap();
    // Closing with unread bytes resets the connection.
    drop(theirs);
    assert_eq!(writer.join().unwrap(), ErrorKind::ConnectionReset);
}

/// The write returns how much it wrote, and the next call, whichever it is, returns the reset.
fn reset_in_the_middle_of_a_write() {
    type Next = fn(&mut TcpStream) -> Option<std::io::Error>;
    let next: [Next; 4] = [
        |stream| stream.write(b"x").err(),
        |stream| stream.read(&mut [0; 8]).err(),
        |stream| stream.peek(&mut [0; 8]).err(),
        |stream| stream.take_error().unwrap(),
    ];
    for next in next {
        for is_vectored in [false, true] {
            let (mut ours, theirs) = pair();
            let writer = thread::spawn(move || {
                let bytes = pattern(32 << 20);
                let written = if is_vectored {
                    let slices: Vec<_> = bytes.chunks(10_000).map(IoSlice::new).collect();
                    ours.write_vectored(&slices).unwrap()
                } else {
                    ours.write(&bytes).unwrap()
                };
                assert!(written < bytes.len());
                let next = next(&mut ours).expect("an error").kind();
                let then = ours.write(b"x").unwrap_err().kind();
                (next, then, ours.read(&mut [0; 8]).unwrap())
            });
            (&theirs).read_exact(&mut [0; 100]).unwrap();
            // Closing with unread bytes resets the connection.
            drop(theirs);
            let expected = (ErrorKind::ConnectionReset, ErrorKind::BrokenPipe, 0);
            assert_eq!(writer.join().unwrap(), expected);
        }
    }
}

fn a_full_send_buffer() {
    let (mut ours, mut theirs) = pair();
    // Made before, since that takes time, too.
    let bytes = pattern(16 << 20);
    let writer = thread::spawn(move || {
        ours.write_all(&bytes).unwrap();
        ours.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        ours.read_to_string(&mut answer).unwrap();
        answer
    });
    // The buffers fill; then the writer waits.
    thread::sleep(Duration::from_millis(100));
    assert_idle(Duration::from_millis(150));
    let mut received = Vec::new();
    theirs.read_to_end(&mut received).unwrap();
    assert!(received == pattern(16 << 20));
    theirs.write_all(b"thanks").unwrap();
    drop(theirs);
    assert_eq!(writer.join().unwrap(), "thanks");
}

fn a_server_that_goes() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // They are queued, and never accepted.
    let clients: Vec<_> = (0..5)
        .map(|_| {
            thread::spawn(move || {
                let mut stream = TcpStream::connect(address)?;
                stream.write_all(b"a request")?;
                stream.read(&mut [0; 4])
            })
        })
        .collect();
    drop(listener.accept().unwrap());
    drop(listener);
    for client in clients {
        match client.join().unwrap() {
            Ok(length) => assert_eq!(length, 0),
            Err(error) => assert!(
                matches!(
                    error.kind(),
                    ErrorKind::ConnectionReset
                        | ErrorKind::ConnectionRefused
                        | ErrorKind::ConnectionAborted
                        | ErrorKind::BrokenPipe
                ),
                "{error}"
            ),
        }
    }
}

/// Shutting down a listener is the one way on Linux to end an accept that waits.
fn a_listener_that_is_shut_down() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let listener = Arc::new(TcpListener::bind("127.0.0.1:0").unwrap());
    let acceptors: Vec<_> = (0..3)
        .map(|_| {
            let listener = listener.clone();
            thread::spawn(move || listener.accept().unwrap_err().kind())
        })
        .collect();
    thread::yield_now();
    SockRef::from(&*listener).shutdown(Shutdown::Both).unwrap();
    for acceptor in acceptors {
        assert_eq!(acceptor.join().unwrap(), ErrorKind::InvalidInput);
    }
}

fn idle_connections_cost_nothing() {
    const CONNECTIONS: usize = 50;
    let mut threads = Vec::new();
    let mut streams = Vec::new();
    for number in 0..CONNECTIONS {
        let (mut ours, theirs) = pair();
        if number % 2 == 0 {
            ours.set_read_timeout(Some(Duration::from_secs(50)))
                .unwrap();
        }
        threads.push(thread::spawn(move || ours.read(&mut [0; 16]).unwrap()));
        streams.push(theirs);
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = thread::spawn(move || drop(listener.accept().unwrap()));
    assert_idle(Duration::from_millis(200));
    for stream in &mut streams {
        stream.write_all(b"wake").unwrap();
    }
    drop(TcpStream::connect(address).unwrap());
    acceptor.join().unwrap();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), 4);
    }
}

/// A read stops short at an urgent byte, though more bytes follow it.
fn urgent_bytes() {
    for _ in 0..20 {
        let (mut ours, mut theirs) = pair();
        SockRef::from(&ours).set_out_of_band_inline(true).unwrap();
        let reader = thread::spawn(move || {
            let mut received = Vec::new();
            let mut buffer = [0; 64];
            while received.len() < 9 {
                let length = ours.read(&mut buffer).unwrap();
                assert_ne!(length, 0);
                received.extend_from_slice(&buffer[..length]);
            }
            received
        });
        thread::yield_now();
        theirs.write_all(b"abc").unwrap();
        SockRef::from(&theirs).send_out_of_band(b"!").unwrap();
        theirs.write_all(b"defgh").unwrap();
        assert_eq!(reader.join().unwrap(), b"abc!defgh");
    }
}

/// The end of the stream arrives with the last bytes, without a separate event.
fn data_and_the_end_at_once() {
    for length in [1, 100, 5000] {
        let (mut ours, mut theirs) = pair();
        let reader = thread::spawn(move || {
            let mut received = Vec::new();
            let mut buffer = [0; 8192];
            loop {
                match ours.read(&mut buffer).unwrap() {
                    0 => return received,
                    length => received.extend_from_slice(&buffer[..length]),
                }
            }
        });
        thread::yield_now();
        theirs.write_all(&pattern(length)).unwrap();
        drop(theirs);
        assert_eq!(reader.join().unwrap(), pattern(length));
    }
}
