//! Waits for events, and descriptors whose number is used again.
use std::ffi::c_int;
use std::os::fd::{AsRawFd, RawFd};
use std::time::{Duration, Instant};
use std::{io, mem, ptr};

use greenpatch::thread;
use greenpatch_libc_tests::patch;

use super::{fails, gives_way, ok, pipe, read_some, sockets, wants, write_all};

pub(super) fn polls() {
    patch();
    let (reader, writer) = pipe();
    let (other, _other_writer) = pipe();
    let (fd, writer_fd, other) = (reader.as_raw_fd(), writer.as_raw_fd(), other.as_raw_fd());
    let drain = move || assert_eq!(read_some(fd), b"x");
    type Poll = fn(&mut [libc::pollfd], c_int) -> c_int;
    let kinds: [Poll; 3] = [
        |fds, time| unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as _, time) },
        |fds, time| {
            let time = libc::timespec {
                tv_sec: i64::from(time) / 1000,
                tv_nsec: i64::from(time) % 1000 * 1_000_000,
            };
            let time = if time.tv_nsec < 0 {
                ptr::null()
            } else {
                &raw const time
            };
            unsafe { libc::ppoll(fds.as_mut_ptr(), fds.len() as _, time, ptr::null()) }
        },
        |fds, time| {
            let time = libc::timespec {
                tv_sec: i64::from(time) / 1000,
                tv_nsec: i64::from(time) % 1000 * 1_000_000,
            };
            let time = if time.tv_nsec < 0 {
                ptr::null()
            } else {
                &raw const time
            };
            // A mask that differs: a helper makes the call.
            let mut mask: libc::sigset_t = unsafe { mem::zeroed() };
            unsafe { libc::sigaddset(&raw mut mask, libc::SIGUSR2) };
            unsafe { libc::ppoll(fds.as_mut_ptr(), fds.len() as _, time, &raw const mask) }
        },
    ];
    for poll in kinds {
        gives_way(
            move || {
                let mut fds = [wants(fd, libc::POLLIN)];
                (ok(poll(&mut fds, -1)), fds[0].revents)
            },
            move || write_all(writer_fd, b"x"),
            |found| {
                assert_eq!(found, (1, libc::POLLIN));
                drain();
            },
        );
        gives_way(
            move || {
                let mut fds = [
                    wants(-1, libc::POLLIN),
                    wants(other, libc::POLLIN | libc::POLLPRI),
                    wants(fd, 0),
                    wants(fd, libc::POLLIN | libc::POLLOUT),
                ];
                (ok(poll(&mut fds, 60_000)), fds.map(|fd| fd.revents))
            },
            move || write_all(writer_fd, b"x"),
            |found| {
                assert_eq!(found, (1, [0, 0, 0, libc::POLLIN]));
                drain();
            },
        );
        thread::spawn(move || {
            let begun = Instant::now();
            assert_eq!(ok(poll(&mut [wants(fd, libc::POLLIN)], 30)), 0);
            assert_eq!(ok(poll(&mut [], 30)), 0);
            assert!(begun.elapsed() >= Duration::from_millis(60));
            assert_eq!(ok(poll(&mut [wants(fd, libc::POLLIN)], 0)), 0);
            let mut closed = [wants(9999, libc::POLLIN)];
            assert_eq!(
                (ok(poll(&mut closed, -1)), closed[0].revents),
                (1, libc::POLLNVAL)
            );
        })
        .join()
        .unwrap();
    }
    let invalid = libc::timespec {
        tv_sec: 0,
        tv_nsec: 1_000_000_000,
    };
    fails(
        unsafe { libc::ppoll(ptr::null_mut(), 0, &raw const invalid, ptr::null()) },
        libc::EINVAL,
    );
    drop(writer);
    let mut end = [wants(fd, libc::POLLIN)];
    assert_eq!(
        (ok(kinds[0](&mut end, -1)), end[0].revents),
        (1, libc::POLLHUP)
    );
}

pub(super) fn selects() {
    patch();
    let (reader, writer) = pipe();
    let (fd, writer) = (reader.as_raw_fd(), writer.as_raw_fd());
    let set = move || unsafe {
        let mut set: libc::fd_set = mem::zeroed();
        libc::FD_SET(fd, &raw mut set);
        set
    };
    gives_way(
        move || {
            let (mut read, mut except) = (set(), set());
            let none = ptr::null_mut();
            let mut time = libc::timeval {
                tv_sec: 60,
                tv_usec: 0,
            };
            let found = ok(unsafe {
                libc::select(fd + 1, &raw mut read, none, &raw mut except, &raw mut time)
            });
            let is_in = |set| unsafe { libc::FD_ISSET(fd, set) };
            assert!(time.tv_sec == 59, "what is left of it");
            (found, is_in(&raw const read), is_in(&raw const except))
        },
        move || write_all(writer, b"x"),
        |found| {
            assert_eq!(found, (1, true, false));
            assert_eq!(read_some(fd), b"x");
        },
    );
    gives_way(
        move || {
            let mut read = set();
            let none = ptr::null_mut();
            let (time, mask) = (ptr::null(), ptr::null());
            ok(unsafe { libc::pselect(fd + 1, &raw mut read, none, none, time, mask) })
        },
        move || write_all(writer, b"x"),
        |found| {
            assert_eq!(found, 1);
            assert_eq!(read_some(fd), b"x");
        },
    );
    thread::spawn(move || {
        let mut read = set();
        let none = ptr::null_mut();
        let mut time = libc::timeval {
            tv_sec: 0,
            tv_usec: 30_000,
        };
        let begun = Instant::now();
        let found = ok(unsafe { libc::select(fd + 1, &raw mut read, none, none, &raw mut time) });
        assert_eq!((found, time.tv_sec, time.tv_usec), (0, 0, 0));
        assert!(begun.elapsed() >= Duration::from_millis(30));
        assert!(!unsafe { libc::FD_ISSET(fd, &raw const read) });
        let mut closed = set();
        unsafe { libc::FD_SET(60, &raw mut closed) };
        fails(
            unsafe { libc::select(61, &raw mut closed, none, none, ptr::null_mut()) },
            libc::EBADF,
        );
        assert!(
            unsafe { libc::FD_ISSET(60, &raw const closed) },
            "it is unchanged"
        );
    })
    .join()
    .unwrap();
}

pub(super) fn epolls() {
    patch();
    let (reader, writer) = pipe();
    let (fd, writer) = (reader.as_raw_fd(), writer.as_raw_fd());
    let epoll = ok(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) }) as RawFd;
    let mut event = libc::epoll_event {
        events: libc::EPOLLIN as u32,
        u64: 77,
    };
    ok(unsafe { libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, fd, &raw mut event) });
    type Wait = fn(RawFd, &mut [libc::epoll_event], i64) -> c_int;
    let kinds: [Wait; 4] = [
        |epoll, events, time| unsafe {
            libc::epoll_wait(epoll, events.as_mut_ptr(), events.len() as _, time as _)
        },
        |epoll, events, time| unsafe {
            let (at, count) = (events.as_mut_ptr(), events.len() as _);
            libc::epoll_pwait(epoll, at, count, time as _, ptr::null())
        },
        |epoll, events, time| unsafe {
            let mut mask: libc::sigset_t = mem::zeroed();
            libc::sigaddset(&raw mut mask, libc::SIGUSR2);
            let (at, count) = (events.as_mut_ptr(), events.len() as _);
            libc::epoll_pwait(epoll, at, count, time as _, &raw const mask)
        },
        |epoll, events, time| unsafe {
            let spec = libc::timespec {
                tv_sec: 0,
                tv_nsec: time * 1_000_000,
            };
            let time = if time < 0 {
                ptr::null()
            } else {
                &raw const spec
            };
            let (at, count) = (events.as_mut_ptr(), events.len() as _);
            libc::epoll_pwait2(epoll, at, count, time, ptr::null())
        },
    ];
    for wait in kinds {
        gives_way(
            move || {
                let mut events = [libc::epoll_event { events: 0, u64: 0 }; 4];
                let found = ok(wait(epoll, &mut events, -1));
                let data = events[0].u64;
                (found, data)
            },
            move || write_all(writer, b"x"),
            |found| {
                assert_eq!(found, (1, 77));
                assert_eq!(read_some(fd), b"x");
            },
        );
        thread::spawn(move || {
            let mut events = [libc::epoll_event { events: 0, u64: 0 }; 4];
            let begun = Instant::now();
            assert_eq!(ok(wait(epoll, &mut events, 30)), 0);
            assert!(begun.elapsed() >= Duration::from_millis(30));
            assert_eq!(ok(wait(epoll, &mut events, 0)), 0);
            fails(wait(epoll, &mut [], -1), libc::EINVAL);
            fails(wait(-1, &mut events, -1), libc::EBADF);
        })
        .join()
        .unwrap();
    }
}

pub(super) fn reused_numbers() {
    patch();
    // The lowest free number is the next one.
    let number = pipe().0.as_raw_fd();
    for round in 0..20 {
        let (one, other) = match round % 3 {
            0 => pipe(),
            1 => sockets(libc::SOCK_STREAM),
            _ => sockets(libc::SOCK_DGRAM),
        };
        assert_eq!(one.as_raw_fd(), number);
        let fd = other.as_raw_fd();
        gives_way(
            move || read_some(number),
            move || write_all(fd, b"abc"),
            |read| {
                assert_eq!(read, b"abc");
            },
        );
        // Another descriptor is duplicated onto the number, by which it was waited for.
        let (third, fourth) = pipe();
        ok(unsafe { libc::dup2(third.as_raw_fd(), number) });
        let fd = fourth.as_raw_fd();
        gives_way(
            move || read_some(number),
            move || write_all(fd, b"def"),
            |read| {
                assert_eq!(read, b"def");
            },
        );
        // One of greenpatch's own has had the number meanwhile.
        drop((one, other));
        let (mut ours, theirs) = greenpatch::os::unix::net::UnixStream::pair().unwrap();
        assert_eq!(ours.as_raw_fd(), number);
        let fd = theirs.as_raw_fd();
        let writer = thread::spawn(move || {
            thread::yield_now();
            write_all(fd, b"ghi");
            theirs
        });
        let mut buffer = [0; 3];
        io::Read::read_exact(&mut ours, &mut buffer).unwrap();
        assert_eq!(buffer, *b"ghi");
        let theirs = writer.join().unwrap();
        let fd = theirs.as_raw_fd();
        gives_way(
            move || read_some(number),
            move || write_all(fd, b"jkl"),
            |read| {
                assert_eq!(read, b"jkl");
            },
        );
    }
}

pub(super) fn many_waiters() {
    patch();
    let (one, other) = sockets(libc::SOCK_STREAM);
    let (reader, writer) = (one.as_raw_fd(), other.as_raw_fd());
    let threads: Vec<_> = (0..100)
        .map(|number| {
            thread::spawn(move || {
                if number % 2 == 0 {
                    let mut byte = 0_u8;
                    return ok(unsafe { libc::read(reader, (&raw mut byte).cast(), 1) });
                }
                // Each finds what it polls for as long as a byte is left.
                ok(unsafe { libc::poll(&raw mut *Box::new(wants(reader, libc::POLLIN)), 1, -1) })
            })
        })
        .collect();
    for _ in 0..100 {
        thread::yield_now();
        write_all(writer, b"x");
    }
    for thread in threads {
        assert_eq!(thread.join().unwrap(), 1);
    }
    let mut buffer = [0_u8; 100];
    assert_eq!(
        ok(unsafe { libc::read(reader, buffer.as_mut_ptr().cast(), 100) }),
        50
    );
}
