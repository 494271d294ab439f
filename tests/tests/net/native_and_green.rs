//! One socket that native and green threads share, on one hub and on two.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use greenpatch::net::{TcpListener, TcpStream};
use greenpatch::thread;

use crate::Case;
use crate::stream::pair;

pub(crate) const CASES: &[Case] = &[
    (
        "native and green: readers of all kinds",
        readers_of_all_kinds,
    ),
    (
        "native and green: a native thread answers",
        a_native_thread_answers,
    ),
    (
        "native and green: a native and a green acceptor",
        a_native_and_a_green_acceptor,
    ),
    ("native and green: dropped elsewhere", dropped_elsewhere),
    ("native and green: numbers used again", numbers_used_again),
    ("native and green: natively in between", natively_in_between),
    (
        "native and green: a busy stream does not starve others",
        a_busy_stream_does_not_starve,
    ),
    (
        "native and green: a reader in a crowd misses nothing",
        a_reader_in_a_crowd_misses_nothing,
    ),
];

/// Spawns on a hub other than the caller's, if there is one.
fn spawn_elsewhere<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> Elsewhere<T> {
    Elsewhere(std::thread::spawn(move || thread::spawn(f).join().unwrap()))
}

struct Elsewhere<T>(std::thread::JoinHandle<T>);

impl<T> Elsewhere<T> {
    fn join(self) -> T {
        while !self.0.is_finished() {
            // The other thread may need this thread's hub.
            thread::sleep(Duration::from_micros(200));
        }
        self.0.join().unwrap()
    }
}

/// Each byte goes to one reader, and none is lost.
fn readers_of_all_kinds() {
    const BYTES: u64 = 2000;
    let (ours, mut theirs) = pair();
    let ours = Arc::new(ours);
    let read = {
        let ours = ours.clone();
        move || {
            let mut sum = 0;
            let mut byte = [0; 3];
            loop {
                let length = (&*ours).read(&mut byte).unwrap();
                if length == 0 {
                    return sum;
                }
                sum += byte[..length].iter().map(|&b| u64::from(b)).sum::<u64>();
            }
        }
    };
    let here = [thread::spawn(read.clone()), thread::spawn(read.clone())];
    let elsewhere = [spawn_elsewhere(read.clone()), spawn_elsewhere(read.clone())];
    let native = std::thread::spawn(read);
    for number in 0..BYTES {
        theirs.write_all(&[(number % 100) as u8]).unwrap();
        if number % 64 == 0 {
            thread::sleep(Duration::from_micros(50));
        }
    }
    drop(theirs);
    let mut sum = 0;
    for thread in here {
        sum += thread.join().unwrap();
    }
    for thread in elsewhere {
        sum += thread.join();
    }
    sum += Elsewhere(native).join();
    assert_eq!(sum, (0..BYTES).map(|number| number % 100).sum());
}

fn a_native_thread_answers() {
    let (mut ours, mut theirs) = pair();
    let native = std::thread::spawn(move || {
        let mut byte = [0];
        while theirs.read(&mut byte).unwrap() > 0 {
            theirs.write_all(&byte).unwrap();
        }
    });
    let mut byte = [0; 4];
    for number in 0..100 {
        ours.write_all(&[number]).unwrap();
        assert_eq!(ours.read(&mut byte).unwrap(), 1);
        assert_eq!(byte[0], number);
    }
    drop(ours);
    Elsewhere(native).join();
}

/// The green acceptor makes the listener non-blocking, and the native acceptor does not observe that.
fn a_native_and_a_green_acceptor() {
    let listener = Arc::new(TcpListener::bind("127.0.0.1:0").unwrap());
    let address = listener.local_addr().unwrap();
    let accept = {
        let listener = listener.clone();
        move || (0..10).for_each(|_| drop(listener.accept().unwrap()))
    };
    let green = thread::spawn(accept.clone());
    thread::yield_now();
    let native = std::thread::spawn(accept);
    for _ in 0..20 {
        drop(TcpStream::connect(address).unwrap());
        thread::sleep(Duration::from_micros(300));
    }
    green.join().unwrap();
    Elsewhere(native).join();
}

/// A hub has waited for the socket; one handle is dropped on another OS thread, and then its clone on this one.
fn dropped_elsewhere() {
    for _ in 0..50 {
        let (mut ours, mut theirs) = pair();
        let waited = thread::spawn(move || {
            assert_eq!(ours.read(&mut [0; 4]).unwrap(), 1);
            ours
        });
        thread::yield_now();
        theirs.write_all(b"x").unwrap();
        let ours = waited.join().unwrap();
        let clone = ours.try_clone().unwrap();
        Elsewhere(std::thread::spawn(move || drop(ours))).join();
        theirs.write_all(b"y").unwrap();
        assert_eq!((&clone).read(&mut [0; 4]).unwrap(), 1);
    }
}

/// New descriptors have the numbers of those just closed, on this and on other OS threads.
fn numbers_used_again() {
    let mut kept = None;
    for turn in 0..200_u32 {
        let (mut ours, mut theirs) = pair();
        let waiting = thread::spawn(move || {
            let mut buffer = [0; 8];
            assert_eq!(ours.read(&mut buffer).unwrap(), 4);
            (ours, buffer)
        });
        if turn % 3 == 0 {
            // A duplicate keeps the old connection open while its number is reused.
            kept = Some(theirs.try_clone().unwrap());
        }
        thread::yield_now();
        theirs.write_all(&turn.to_le_bytes()).unwrap();
        let (ours, buffer) = waiting.join().unwrap();
        assert_eq!(buffer[..4], turn.to_le_bytes());
        if turn % 2 == 0 {
            Elsewhere(std::thread::spawn(move || drop(ours))).join();
        }
    }
    drop(kept);
}

fn natively_in_between() {
    let (mut ours, mut theirs) = pair();
    let other = thread::spawn(move || {
        let mut byte = [0];
        for _ in 0..20 {
            theirs.read_exact(&mut byte).unwrap();
            theirs.write_all(&byte).unwrap();
        }
        theirs
    });
    let mut byte = [0; 4];
    for _ in 0..20 {
        ours.write_all(b"x").unwrap();
        assert_eq!(ours.read(&mut byte).unwrap(), 1);
    }
    let mut theirs = other.join().unwrap();
    theirs.write_all(b"natively").unwrap();
    let mut text = [0; 8];
    greenpatch::native(|| ours.read_exact(&mut text)).unwrap();
    assert_eq!(&text, b"natively");
}

/// One stream is always readable, and another exchanges messages.
fn a_busy_stream_does_not_starve() {
    let (mut flood, mut sink) = pair();
    let sink = thread::spawn(move || {
        let mut buffer = [0; 1024];
        while sink.read(&mut buffer).unwrap() > 0 {}
    });
    // A native writer, so that there are always bytes.
    let flooding = std::thread::spawn(move || {
        let bytes = [0; 1 << 16];
        (0..400).for_each(|_| flood.write_all(&bytes).unwrap());
    });
    let (mut ours, mut theirs) = pair();
    let other = thread::spawn(move || {
        let mut byte = [0];
        while theirs.read(&mut byte).unwrap() > 0 {
            theirs.write_all(&byte).unwrap();
        }
    });
    for _ in 0..20 {
        ours.write_all(b"x").unwrap();
        assert_eq!(ours.read(&mut [0; 4]).unwrap(), 1);
    }
    drop(ours);
    other.join().unwrap();
    Elsewhere(flooding).join();
    sink.join().unwrap();
}

/// Many other threads run between the event for the first byte and the reader's turn, and more bytes arrive meanwhile.
fn a_reader_in_a_crowd_misses_nothing() {
    const ROUNDS: usize = 30;
    let (mut reader, mut writer) = pair();
    let (received, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (received, stop) = (&received, &stop);
    thread::scope(|s| {
        for _ in 0..150 {
            s.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    thread::yield_now();
                }
            });
        }
        s.spawn(move || {
            let mut buffer = [0; 64];
            loop {
                match reader.read(&mut buffer).unwrap() {
                    0 => break,
                    length => received.fetch_add(length, Ordering::Relaxed),
                };
            }
        });
        for round in 0..ROUNDS {
            // The second byte at different times after the first.
            writer.write_all(b"x").unwrap();
            for _ in 0..round % 4 {
                thread::yield_now();
            }
            writer.write_all(b"y").unwrap();
            while received.load(Ordering::Relaxed) < 2 * (round + 1) {
                thread::yield_now();
            }
        }
        stop.store(true, Ordering::Relaxed);
        writer.shutdown(Shutdown::Write).unwrap();
    });
    assert_eq!(received.load(Ordering::Relaxed), 2 * ROUNDS);
}
