//! The functions by the numbers of their system calls, with what the calls have and the functions of libc have not.
use std::ffi::c_int;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{mem, ptr};

use greenpatch::thread;
use greenpatch_libc_tests::{futex_wake, patch};

use super::{TURNS, fails, gives_way, ok, pipe, read_some, sockets, wants, write_all};

const MINUTE: libc::timespec = libc::timespec {
    tv_sec: 60,
    tv_nsec: 0,
};

/// The kernel's own mask of signals.
type Mask = u64;
const OF_THE_KERNEL: usize = size_of::<Mask>();
/// One that no thread here has.
static OTHER: Mask = 1 << (libc::SIGUSR2 - 1);

fn set_of(fd: RawFd) -> libc::fd_set {
    // SAFETY: it is plain data.
    let mut set: libc::fd_set = unsafe { mem::zeroed() };
    unsafe { libc::FD_SET(fd, &raw mut set) };
    set
}

fn is_what_is_left_of_a_minute(left: libc::timespec) -> bool {
    (1..60).contains(&left.tv_sec)
}

pub(super) fn transfers() {
    patch();
    let (reader, writer) = pipe();
    let (fd, writer) = (reader.as_raw_fd(), writer.as_raw_fd());
    gives_way(
        move || {
            let mut byte = 0_u8;
            let read = ok(unsafe { libc::syscall(libc::SYS_read, fd, &raw mut byte, 1_usize) });
            (read, byte)
        },
        move || {
            let written = unsafe { libc::syscall(libc::SYS_write, writer, b"x".as_ptr(), 1_usize) };
            assert_eq!(ok(written), 1);
        },
        |read| assert_eq!(read, (1, b'x')),
    );
    let (socket, other) = sockets(libc::SOCK_DGRAM);
    let (fd, writer) = (socket.as_raw_fd(), other.as_raw_fd());
    gives_way(
        move || {
            let mut byte = 0_u8;
            let none = ptr::null_mut::<u8>();
            ok(unsafe {
                libc::syscall(
                    libc::SYS_recvfrom,
                    fd,
                    &raw mut byte,
                    1_usize,
                    0,
                    none,
                    none,
                )
            })
        },
        move || write_all(writer, b"x"),
        |received| assert_eq!(received, 1),
    );
    gives_way(
        || {
            let time = libc::timespec {
                tv_sec: 0,
                tv_nsec: 20_000_000,
            };
            let left = ptr::null_mut::<libc::timespec>();
            ok(unsafe { libc::syscall(libc::SYS_nanosleep, &raw const time, left) })
        },
        || (),
        |result| assert_eq!(result, 0),
    );
    thread::spawn(move || {
        let none = ptr::null_mut::<u8>();
        fails(
            unsafe { libc::syscall(libc::SYS_read, -1, none, 1_usize) },
            libc::EBADF,
        );
        fails(unsafe { libc::syscall(-5) }, libc::ENOSYS);
    })
    .join()
    .unwrap();
}

pub(super) fn polls() {
    patch();
    let (reader, writer) = pipe();
    let (fd, writer) = (reader.as_raw_fd(), writer.as_raw_fd());
    // The thread's own mask, and another one, for which a helper makes the call.
    for mask in [None, Some(0), Some(OTHER)] {
        let at = |mask: &Option<Mask>| mask.as_ref().map_or(ptr::null(), ptr::from_ref);
        gives_way(
            move || {
                let (mut fds, mut left) = ([wants(fd, libc::POLLIN)], MINUTE);
                let (at_fds, mask) = (fds.as_mut_ptr(), at(&mask));
                let number = libc::SYS_ppoll;
                let found = ok(unsafe {
                    libc::syscall(number, at_fds, 1, &raw mut left, mask, OF_THE_KERNEL)
                });
                assert!(is_what_is_left_of_a_minute(left), "{}", left.tv_sec);
                (found, fds[0].revents)
            },
            move || write_all(writer, b"x"),
            |found| {
                assert_eq!(found, (1, libc::POLLIN));
                assert_eq!(read_some(fd), b"x");
            },
        );
        gives_way(
            move || {
                let (mut set, mut left) = (set_of(fd), MINUTE);
                let none = ptr::null_mut::<libc::fd_set>();
                let pair = [at(&mask).addr(), OF_THE_KERNEL];
                let (number, read) = (libc::SYS_pselect6, &raw mut set);
                let found = ok(unsafe {
                    libc::syscall(
                        number,
                        fd + 1,
                        read,
                        none,
                        none,
                        &raw mut left,
                        &raw const pair,
                    )
                });
                assert!(is_what_is_left_of_a_minute(left), "{}", left.tv_sec);
                (found, unsafe { libc::FD_ISSET(fd, &raw const set) })
            },
            move || write_all(writer, b"x"),
            |found| {
                assert_eq!(found, (1, true));
                assert_eq!(read_some(fd), b"x");
            },
        );
    }
    thread::spawn(move || {
        // A constant, which the kernel cannot write to, and so leaves.
        static CONSTANT: libc::timespec = libc::timespec {
            tv_sec: 0,
            tv_nsec: 20_000_000,
        };
        let (none, number) = (ptr::null::<u8>(), libc::SYS_ppoll);
        let begun = Instant::now();
        let time = &raw const CONSTANT;
        assert_eq!(
            ok(unsafe { libc::syscall(number, none, 0, time, none, 0_usize) }),
            0
        );
        assert!(begun.elapsed() >= Duration::from_millis(20));
        // A mask of libc's size is not one of the kernel's.
        let mask = &raw const OTHER;
        fails(
            unsafe { libc::syscall(number, none, 0, time, mask, 128_usize) },
            libc::EINVAL,
        );
        let mut left = libc::timespec {
            tv_sec: 0,
            tv_nsec: 20_000_000,
        };
        let time = &raw mut left;
        let number = libc::SYS_pselect6;
        assert_eq!(
            ok(unsafe { libc::syscall(number, 0, none, none, none, time, none) }),
            0
        );
        assert_eq!((left.tv_sec, left.tv_nsec), (0, 0), "nothing is left");
    })
    .join()
    .unwrap();
    #[cfg(target_arch = "x86_64")]
    gives_way(
        move || {
            let mut set = set_of(fd);
            let (read, none) = (&raw mut set, ptr::null_mut::<u8>());
            ok(unsafe { libc::syscall(libc::SYS_select, fd + 1, read, none, none, none) })
        },
        move || write_all(writer, b"x"),
        |found| {
            assert_eq!(found, 1);
            assert_eq!(read_some(fd), b"x");
        },
    );
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
    for (number, mask) in [
        (libc::SYS_epoll_pwait, None),
        (libc::SYS_epoll_pwait, Some(&OTHER)),
        (libc::SYS_epoll_pwait2, None),
        (libc::SYS_epoll_pwait2, Some(&OTHER)),
    ] {
        let mask = mask.map_or(ptr::null(), ptr::from_ref).expose_provenance();
        let wait = move |milliseconds: i64| {
            let mut event = libc::epoll_event { events: 0, u64: 0 };
            let spec = libc::timespec {
                tv_sec: 0,
                tv_nsec: milliseconds * 1_000_000,
            };
            let time = match (number, milliseconds) {
                (libc::SYS_epoll_pwait, _) => milliseconds as usize,
                (_, -1) => 0,
                _ => (&raw const spec).expose_provenance(),
            };
            let events = &raw mut event;
            let found =
                ok(unsafe { libc::syscall(number, epoll, events, 1, time, mask, OF_THE_KERNEL) });
            let data = event.u64;
            (found, data)
        };
        gives_way(
            move || wait(-1),
            move || write_all(writer, b"x"),
            |found| {
                assert_eq!(found, (1, 77));
                assert_eq!(read_some(fd), b"x");
            },
        );
        let begun = Instant::now();
        assert_eq!(thread::spawn(move || wait(20)).join().unwrap(), (0, 0));
        assert!(begun.elapsed() >= Duration::from_millis(20));
    }
}

pub(super) fn children() {
    patch();
    for has_usage in [false, true] {
        for by_descriptor in [false, true] {
            let (reader, writer) = pipe();
            let id = ok(unsafe { libc::fork() }) as libc::pid_t;
            if id == 0 {
                drop(writer);
                read_some(reader.as_raw_fd());
                unsafe { libc::_exit(7) };
            }
            let process = ok(unsafe { libc::syscall(libc::SYS_pidfd_open, id, 0) }) as RawFd;
            let process = unsafe { OwnedFd::from_raw_fd(process) };
            let (kind, which) = match by_descriptor {
                true => (libc::P_PIDFD, process.as_raw_fd()),
                false => (libc::P_PID, id),
            };
            let wait = move |options: c_int| {
                let mut info: libc::siginfo_t = unsafe { mem::zeroed() };
                let mut usage: libc::rusage = unsafe { mem::zeroed() };
                usage.ru_maxrss = -1;
                let usage_at = match has_usage {
                    true => &raw mut usage,
                    false => ptr::null_mut(),
                };
                let number = libc::SYS_waitid;
                let found = &raw mut info;
                let result =
                    unsafe { libc::syscall(number, kind, which, found, options, usage_at) };
                assert_eq!(ok(result), 0);
                let (child, status) = unsafe { (info.si_pid(), info.si_status()) };
                (child, status, usage.ru_maxrss > 0)
            };
            assert_eq!(wait(libc::WEXITED | libc::WNOHANG).0, 0);
            let neighbour = thread::spawn(move || {
                for _ in 0..5 {
                    thread::yield_now();
                }
                drop(writer);
            });
            let ended = thread::spawn(move || wait(libc::WEXITED)).join().unwrap();
            assert_eq!(ended, (id, 7, has_usage));
            neighbour.join().unwrap();
        }
    }
}

pub(super) fn locks() {
    patch();
    let path = std::env::temp_dir().join(format!("greenpatch-numbers-{}", std::process::id()));
    let open = || {
        let mut options = std::fs::OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true);
        options.open(&path).unwrap()
    };
    let (one, other) = (open(), open());
    let (holder, waiter) = (one.as_raw_fd(), other.as_raw_fd());
    let flock =
        |fd: RawFd, operation: c_int| ok(unsafe { libc::syscall(libc::SYS_flock, fd, operation) });
    flock(holder, libc::LOCK_EX);
    gives_way(
        move || flock(waiter, libc::LOCK_EX),
        move || {
            flock(holder, libc::LOCK_UN);
        },
        |_| {
            flock(waiter, libc::LOCK_UN);
            flock(holder, libc::LOCK_EX);
        },
    );
    let set = |fd: RawFd, command: c_int, kind: c_int| {
        let mut lock: libc::flock = unsafe { mem::zeroed() };
        lock.l_type = kind as _;
        ok(unsafe { libc::syscall(libc::SYS_fcntl, fd, command, &raw mut lock) })
    };
    set(holder, libc::F_OFD_SETLK, libc::F_WRLCK);
    gives_way(
        move || set(waiter, libc::F_OFD_SETLKW, libc::F_WRLCK),
        move || {
            set(holder, libc::F_OFD_SETLK, libc::F_UNLCK);
        },
        |_| {
            set(waiter, libc::F_OFD_SETLK, libc::F_UNLCK);
            set(holder, libc::F_OFD_SETLK, libc::F_WRLCK);
        },
    );
    std::fs::remove_file(path).unwrap();
}

pub(super) fn sleeps_and_turns() {
    patch();
    let spec = libc::timespec {
        tv_sec: 0,
        tv_nsec: 20_000_000,
    };
    let sleep = move |clock: libc::clockid_t, flags: c_int, time: libc::timespec| {
        let (number, none) = (libc::SYS_clock_nanosleep, ptr::null_mut::<u8>());
        unsafe { libc::syscall(number, clock, flags, &raw const time, none) }
    };
    gives_way(
        move || ok(sleep(libc::CLOCK_MONOTONIC, 0, spec)),
        || (),
        |slept| assert_eq!(slept, 0),
    );
    let invalid = libc::timespec {
        tv_sec: 0,
        tv_nsec: -1,
    };
    // The system call has `errno`, which the function has not.
    thread::spawn(move || fails(sleep(libc::CLOCK_MONOTONIC, 0, invalid), libc::EINVAL))
        .join()
        .unwrap();
    let before = TURNS.load(Ordering::Relaxed);
    let neighbour = thread::spawn(|| TURNS.fetch_add(1, Ordering::Relaxed));
    while TURNS.load(Ordering::Relaxed) == before {
        assert_eq!(ok(unsafe { libc::syscall(libc::SYS_sched_yield) }), 0);
    }
    neighbour.join().unwrap();
}

/// A wait for one of two words.
pub(super) fn several_futexes() {
    static WORDS: [AtomicU32; 2] = [AtomicU32::new(0), AtomicU32::new(0)];

    #[repr(C)]
    struct Waiter {
        value: u64,
        address: u64,
        flags: u32,
        reserved: u32,
    }
    fn wait(value: u64) -> libc::c_long {
        const SIZE_OF_32_BITS: u32 = 2;
        let waiters = WORDS.each_ref().map(|word| Waiter {
            value,
            address: word.as_ptr().expose_provenance() as u64,
            flags: SIZE_OF_32_BITS | libc::FUTEX_PRIVATE_FLAG as u32,
            reserved: 0,
        });
        let (number, none) = (libc::SYS_futex_waitv, ptr::null::<u8>());
        unsafe { libc::syscall(number, waiters.as_ptr(), 2, 0, none, 0) }
    }
    patch();
    thread::spawn(|| fails(wait(5), libc::EAGAIN))
        .join()
        .unwrap();
    gives_way(
        || ok(wait(0)),
        || {
            // Until the helper waits in the kernel.
            while futex_wake(&WORDS[1], 1) == 0 {
                thread::yield_now();
            }
        },
        |which| assert_eq!(which, 1),
    );
}
