//! `TcpListener`.

use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use greenpatch::net::{TcpListener, TcpStream};
use greenpatch::thread;

use crate::Case;

pub(crate) const CASES: &[Case] = &[
    ("listener: a thread per connection", a_thread_per_connection),
    ("listener: several accept", several_accept),
    ("listener: incoming", incoming),
    ("listener: non-blocking", non_blocking),
    ("listener: given away as it was", given_away_as_it_was),
    ("listener: options", options),
    ("listener: accepted sockets block", accepted_sockets_block),
];

fn a_thread_per_connection() {
    const CONNECTIONS: usize = 100;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let mut threads = Vec::new();
        for stream in listener.incoming().take(CONNECTIONS) {
            let mut stream = stream.unwrap();
            threads.push(thread::spawn(move || {
                let mut buffer = [0; 64];
                loop {
                    let length = stream.read(&mut buffer).unwrap();
                    if length == 0 {
                        return;
                    }
                    stream.write_all(&buffer[..length]).unwrap();
                }
            }));
        }
        for thread in threads {
            thread.join().unwrap();
        }
    });
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|number| {
            thread::spawn(move || {
                let mut stream = TcpStream::connect(address).unwrap();
                for turn in 0..10 {
                    let message = format!("{number} {turn}");
                    stream.write_all(message.as_bytes()).unwrap();
                    let mut answer = vec![0; message.len()];
                    stream.read_exact(&mut answer).unwrap();
                    assert_eq!(answer, message.as_bytes());
                }
            })
        })
        .collect();
    for client in clients {
        client.join().unwrap();
    }
    server.join().unwrap();
}

fn several_accept() {
    const ACCEPTORS: usize = 4;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let clone = listener.try_clone().unwrap();
    thread::scope(|s| {
        let acceptors: Vec<_> = (0..ACCEPTORS)
            .map(|number| {
                let listener = if number % 2 == 0 { &listener } else { &clone };
                s.spawn(move || listener.accept().unwrap().1)
            })
            .collect();
        thread::yield_now();
        let streams: Vec<_> = (0..ACCEPTORS)
            .map(|_| TcpStream::connect(address).unwrap())
            .collect();
        let mut accepted: Vec<_> = acceptors.into_iter().map(|a| a.join().unwrap()).collect();
        let mut made: Vec<_> = streams.iter().map(|s| s.local_addr().unwrap()).collect();
        accepted.sort();
        made.sort();
        assert_eq!(accepted, made);
    });
}

fn incoming() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let clients = thread::spawn(move || {
        for number in 0..3 {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(&[number]).unwrap();
        }
    });
    for (number, stream) in listener.incoming().take(3).enumerate() {
        let mut bytes = Vec::new();
        stream.unwrap().read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, [number as u8]);
    }
    clients.join().unwrap();
}

fn non_blocking() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let error = listener.accept().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    let address = listener.local_addr().unwrap();
    let client = thread::spawn(move || TcpStream::connect(address).unwrap());
    let (accepted, _) = loop {
        match listener.accept() {
            Ok(accepted) => break accepted,
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
    };
    drop((accepted, client.join().unwrap()));
    // Set to blocking again, it waits.
    listener.set_nonblocking(false).unwrap();
    let client = thread::spawn(move || {
        thread::sleep(Duration::from_millis(5));
        TcpStream::connect(address).unwrap()
    });
    drop(listener.accept().unwrap());
    client.join().unwrap();
}

fn given_away_as_it_was() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let client = thread::spawn(move || TcpStream::connect(address).unwrap());
    drop(listener.accept().unwrap());
    client.join().unwrap();
    // std's listener blocks: the client connects later, and accept must not return `WouldBlock` before.
    let std = std::net::TcpListener::from(listener);
    let client = std::thread::spawn(move || {
        #[allow(clippy::disallowed_methods)]
        std::thread::sleep(Duration::from_millis(10));
        std::net::TcpStream::connect(address).unwrap()
    });
    drop(std.accept().unwrap());
    client.join().unwrap();
}

fn options() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.set_ttl(17).unwrap();
    assert_eq!(listener.ttl().unwrap(), 17);
    assert!(listener.take_error().unwrap().is_none());
    let taken = TcpListener::bind(listener.local_addr().unwrap()).unwrap_err();
    assert_eq!(taken.kind(), ErrorKind::AddrInUse);
}

fn accepted_sockets_block() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let client = thread::spawn(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        thread::sleep(Duration::from_millis(10));
        stream.write_all(b"x").unwrap();
    });
    let (accepted, _) = listener.accept().unwrap();
    let std = std::net::TcpStream::from(accepted);
    let before = Instant::now();
    // A green client needs this hub, so std's blocking listener goes to an OS thread.
    let reader = std::thread::spawn(move || (&std).read(&mut [0; 4]).unwrap());
    client.join().unwrap();
    assert_eq!(reader.join().unwrap(), 1);
    assert!(before.elapsed() >= Duration::from_millis(1));
}
