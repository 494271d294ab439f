//! Looking up host names.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use greenpatch::net::{TcpListener, TcpStream, ToSocketAddrs};
use greenpatch::thread;

use crate::Case;

pub(crate) const CASES: &[Case] = &[
    (
        "host names: what std implements it for",
        what_std_implements_it_for,
    ),
    ("host names: localhost", localhost),
    ("host names: many at once", many_at_once),
    ("host names: that do not exist", that_do_not_exist),
    ("host names: others run meanwhile", others_run_meanwhile),
];

fn all(addresses: impl ToSocketAddrs) -> Vec<SocketAddr> {
    addresses.to_socket_addrs().unwrap().collect()
}

fn what_std_implements_it_for() {
    let v4: SocketAddr = "127.0.0.1:7".parse().unwrap();
    let v6: SocketAddr = "[::1]:7".parse().unwrap();
    let (SocketAddr::V4(only_v4), SocketAddr::V6(only_v6)) = (v4, v6) else {
        unreachable!()
    };
    assert_eq!(all(v4), [v4]);
    assert_eq!(all((only_v4, 0).0), [v4]);
    assert_eq!(all(only_v6), [v6]);
    assert_eq!(all((v4.ip(), 7)), [v4]);
    assert_eq!(all((*only_v4.ip(), 7)), [v4]);
    assert_eq!(all((*only_v6.ip(), 7)), [v6]);
    assert_eq!(all(("127.0.0.1", 7)), [v4]);
    assert_eq!(all(("::1", 7)), [v6]);
    assert_eq!(all(("127.0.0.1".to_owned(), 7)), [v4]);
    assert_eq!(all("127.0.0.1:7"), [v4]);
    assert_eq!(all("[::1]:7".to_owned()), [v6]);
    assert_eq!(all(&[v4, v6][..]), [v4, v6]);
    let by_reference: &&SocketAddr = &&v4;
    assert_eq!(all(by_reference), [v4]);
}

fn localhost() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // Perhaps ::1 first, where there is no listener: every address is tried.
    let stream = TcpStream::connect(("localhost", port)).unwrap();
    assert_eq!(stream.peer_addr().unwrap().port(), port);
    drop(listener.accept().unwrap());
    let mut ours = all(format!("localhost:{port}"));
    let std = std::net::ToSocketAddrs::to_socket_addrs(&("localhost", port)).unwrap();
    let mut std: Vec<_> = std.collect();
    ours.sort();
    std.sort();
    assert_eq!(ours, std);
}

fn many_at_once() {
    let threads: Vec<_> = (0..64)
        .map(|port| thread::spawn(move || all(("localhost", port))))
        .collect();
    for (port, thread) in threads.into_iter().enumerate() {
        let addresses = thread.join().unwrap();
        assert!(!addresses.is_empty());
        assert!(addresses.iter().all(|a| usize::from(a.port()) == port));
    }
}

fn that_do_not_exist() {
    for (name, kind) in [
        ("no port", ErrorKind::InvalidInput),
        ("localhost:none", ErrorKind::InvalidInput),
        ("a\0b:80", ErrorKind::InvalidInput),
    ] {
        assert_eq!(name.to_socket_addrs().unwrap_err().kind(), kind, "{name}");
    }
    let threads: Vec<_> = (0..4)
        .map(|_| thread::spawn(|| "no such host.invalid:80".to_socket_addrs().map(|_| ())))
        .collect();
    for thread in threads {
        assert!(thread.join().unwrap().is_err());
    }
}

/// A green thread that looks up a name lets its hub run other threads.
fn others_run_meanwhile() {
    if !greenpatch::is_anything_patched() {
        return;
    }
    let done = Arc::new(AtomicBool::new(false));
    let turns = Arc::new(AtomicU32::new(0));
    let other = thread::spawn({
        let (done, turns) = (done.clone(), turns.clone());
        move || {
            while !done.load(Ordering::Relaxed) {
                turns.fetch_add(1, Ordering::Relaxed);
                thread::yield_now();
            }
        }
    });
    let mut before = turns.load(Ordering::Relaxed);
    // How long a look-up takes varies; during one of many, the other thread runs.
    let has_seen = (0..1000).any(|_| {
        all(("localhost", 80));
        let now = turns.load(Ordering::Relaxed);
        std::mem::replace(&mut before, now) != now
    });
    done.store(true, Ordering::Relaxed);
    other.join().unwrap();
    assert!(has_seen);
}
