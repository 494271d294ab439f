//! Sleeps, children, names and locks.
use std::ffi::{CString, c_int};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};
use std::{mem, ptr};

use greenpatch::thread;
use greenpatch_libc_tests::patch;

use super::{fails, gives_way, ok, pipe, read_some, write_all};

pub(super) fn sleeps() {
    patch();
    let spec = |milliseconds: i64| libc::timespec {
        tv_sec: milliseconds / 1000,
        tv_nsec: milliseconds % 1000 * 1_000_000,
    };
    let later = move |clock: libc::clockid_t, milliseconds: i64| {
        let mut now = spec(0);
        ok(unsafe { libc::clock_gettime(clock, &raw mut now) });
        let nanoseconds = now.tv_nsec + milliseconds * 1_000_000;
        libc::timespec {
            tv_sec: now.tv_sec + nanoseconds / 1_000_000_000,
            tv_nsec: nanoseconds % 1_000_000_000,
        }
    };
    let none = || ptr::null_mut::<libc::timespec>();
    let begun = Instant::now();
    gives_way(
        || unsafe { libc::sleep(1) },
        || (),
        |left| assert_eq!(left, 0),
    );
    assert!(begun.elapsed() >= Duration::from_secs(3));
    type Sleep = Box<dyn Fn() -> c_int + Send>;
    let kinds = move || -> Vec<Sleep> {
        let mut kinds: Vec<Sleep> = vec![
            Box::new(|| unsafe { libc::usleep(30_000) }),
            Box::new(move || unsafe { libc::nanosleep(&raw const *Box::new(spec(30)), none()) }),
        ];
        for clock in [
            libc::CLOCK_MONOTONIC,
            libc::CLOCK_REALTIME,
            libc::CLOCK_BOOTTIME,
            libc::CLOCK_TAI,
        ] {
            kinds.push(Box::new(move || {
                let time = spec(30);
                unsafe { libc::clock_nanosleep(clock, 0, &raw const time, none()) }
            }));
            kinds.push(Box::new(move || {
                let time = later(clock, 30);
                let flag = libc::TIMER_ABSTIME;
                unsafe { libc::clock_nanosleep(clock, flag, &raw const time, none()) }
            }));
        }
        kinds
    };
    for number in 0..kinds().len() {
        gives_way(
            move || {
                let begun = Instant::now();
                let result = kinds()[number]();
                (result, begun.elapsed())
            },
            || (),
            |(result, time)| {
                assert_eq!(result, 0);
                // The other clocks may be corrected meanwhile.
                assert!(time >= Duration::from_millis(28), "{number}: {time:?}");
            },
        );
    }
    thread::spawn(move || {
        let invalid = libc::timespec {
            tv_sec: 0,
            tv_nsec: -1,
        };
        fails(
            unsafe { libc::nanosleep(&raw const invalid, none()) },
            libc::EINVAL,
        );
        let result = unsafe { libc::clock_nanosleep(99, 0, &raw const invalid, none()) };
        assert_eq!(result, libc::EINVAL);
        let past = spec(1);
        let flag = libc::TIMER_ABSTIME;
        let clock = libc::CLOCK_REALTIME;
        assert_eq!(
            unsafe { libc::clock_nanosleep(clock, flag, &raw const past, none()) },
            0
        );
    })
    .join()
    .unwrap();
}

/// Starts a child that ends with `code` once the pipe is closed.
fn child(code: i32) -> (libc::pid_t, OwnedFd) {
    let (reader, writer) = pipe();
    let id = ok(unsafe { libc::fork() }) as libc::pid_t;
    if id == 0 {
        drop(writer);
        assert_eq!(read_some(reader.as_raw_fd()), b"");
        unsafe { libc::_exit(code) };
    }
    (id, writer)
}

pub(super) fn children() {
    patch();
    type Wait = fn(libc::pid_t) -> (libc::pid_t, c_int);
    let kinds: [Wait; 5] = [
        |id| {
            let mut status = 0;
            (
                unsafe { libc::waitpid(id, &raw mut status, 0) },
                libc::WEXITSTATUS(status),
            )
        },
        |_| {
            let mut status = 0;
            (
                unsafe { libc::wait(&raw mut status) },
                libc::WEXITSTATUS(status),
            )
        },
        |id| {
            let mut status = 0;
            let mut usage: libc::rusage = unsafe { mem::zeroed() };
            let options = libc::WUNTRACED;
            let id = unsafe { libc::wait4(id, &raw mut status, options, &raw mut usage) };
            (id, libc::WEXITSTATUS(status))
        },
        |id| unsafe {
            let mut info: libc::siginfo_t = mem::zeroed();
            ok(libc::waitid(
                libc::P_PID,
                id as _,
                &raw mut info,
                libc::WEXITED,
            ));
            (info.si_pid(), info.si_status())
        },
        |_| unsafe {
            let mut info: libc::siginfo_t = mem::zeroed();
            ok(libc::waitid(libc::P_ALL, 0, &raw mut info, libc::WEXITED));
            (info.si_pid(), info.si_status())
        },
    ];
    for wait in kinds {
        for on_root in [false, true] {
            let (id, writer) = child(7);
            assert_eq!(
                unsafe { libc::waitpid(id, ptr::null_mut(), libc::WNOHANG) },
                0
            );
            let neighbour = thread::spawn(move || {
                for _ in 0..5 {
                    thread::yield_now();
                }
                drop(writer);
            });
            let ended = match on_root {
                true => wait(id),
                false => thread::spawn(move || wait(id)).join().unwrap(),
            };
            assert_eq!(ended, (id, 7));
            neighbour.join().unwrap();
        }
    }
    fails(
        unsafe { libc::waitpid(1, ptr::null_mut(), 0) },
        libc::ECHILD,
    );
    fails(unsafe { libc::wait(ptr::null_mut()) }, libc::ECHILD);
}

pub(super) fn names() {
    patch();
    let look_up = |node: &'static std::ffi::CStr, flags: c_int| {
        move || {
            let mut hints: libc::addrinfo = unsafe { mem::zeroed() };
            hints.ai_family = libc::AF_INET;
            hints.ai_flags = flags;
            let mut found = ptr::null_mut();
            let service = CString::new("80").unwrap();
            let result = unsafe {
                libc::getaddrinfo(
                    node.as_ptr(),
                    service.as_ptr(),
                    &raw const hints,
                    &raw mut found,
                )
            };
            if result == 0 {
                let address = unsafe { (*found).ai_addr.cast::<libc::sockaddr_in>().read() };
                unsafe { libc::freeaddrinfo(found) };
                return Ok((address.sin_addr.s_addr, address.sin_port));
            }
            Err(result)
        }
    };
    let local = (
        u32::from(std::net::Ipv4Addr::LOCALHOST).to_be(),
        80_u16.to_be(),
    );
    // A look-up ends by itself, so this shows only that the neighbour has run by then.
    gives_way(
        look_up(c"localhost", 0),
        || (),
        |found| assert_eq!(found, Ok(local)),
    );
    gives_way(
        look_up(c"127.0.0.1", libc::AI_NUMERICHOST),
        || (),
        |found| {
            assert_eq!(found, Ok(local));
        },
    );
    gives_way(
        look_up(c"local host", libc::AI_NUMERICHOST),
        || (),
        |found| {
            assert_eq!(found, Err(libc::EAI_NONAME));
        },
    );
    unsafe extern "C" {
        fn gethostbyname(name: *const libc::c_char) -> *mut libc::hostent;
        fn __h_errno_location() -> *mut c_int;
    }
    gives_way(
        || unsafe {
            let entry = gethostbyname(c"localhost".as_ptr());
            (*(*entry).h_addr_list).cast::<u32>().read_unaligned()
        },
        || (),
        |address| assert_eq!(address, local.0),
    );
    gives_way(
        || unsafe {
            let entry = gethostbyname(c"no..name".as_ptr());
            (entry.is_null(), __h_errno_location().read())
        },
        || (),
        |(is_null, error)| assert!(is_null && error != 0, "{error}"),
    );
}

pub(super) fn locks() {
    patch();
    let path = std::env::temp_dir().join(format!("greenpatch-lock-{}", std::process::id()));
    let open = || {
        let mut options = std::fs::OpenOptions::new();
        options
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)
            .unwrap()
    };
    let (one, other) = (open(), open());
    let (holder, waiter) = (one.as_raw_fd(), other.as_raw_fd());
    ok(unsafe { libc::flock(holder, libc::LOCK_EX) });
    fails(
        unsafe { libc::flock(waiter, libc::LOCK_EX | libc::LOCK_NB) },
        libc::EAGAIN,
    );
    gives_way(
        move || ok(unsafe { libc::flock(waiter, libc::LOCK_EX) }),
        move || {
            ok(unsafe { libc::flock(holder, libc::LOCK_UN) });
        },
        |_| {
            ok(unsafe { libc::flock(waiter, libc::LOCK_UN) });
            ok(unsafe { libc::flock(holder, libc::LOCK_EX) });
        },
    );
    let set = |fd: RawFd, command: c_int, kind: c_int| {
        let mut lock: libc::flock = unsafe { mem::zeroed() };
        lock.l_type = kind as _;
        ok(unsafe { libc::fcntl(fd, command, &raw mut lock) })
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
    set(holder, libc::F_OFD_SETLK, libc::F_UNLCK);
    // A lock of a process excludes others only.
    for by_lockf in [false, true] {
        let (reader, writer) = pipe();
        let (told, tells) = pipe();
        let id = ok(unsafe { libc::fork() });
        if id == 0 {
            drop(writer);
            set(holder, libc::F_SETLKW, libc::F_WRLCK);
            write_all(tells.as_raw_fd(), b"x");
            read_some(reader.as_raw_fd());
            unsafe { libc::_exit(0) };
        }
        assert_eq!(read_some(told.as_raw_fd()), b"x");
        let neighbour = thread::spawn(move || {
            for _ in 0..5 {
                thread::yield_now();
            }
            drop(writer);
        });
        thread::spawn(move || match by_lockf {
            true => assert_eq!(ok(unsafe { libc::lockf(waiter, libc::F_LOCK, 0) }), 0),
            false => assert_eq!(set(waiter, libc::F_SETLKW, libc::F_WRLCK), 0),
        })
        .join()
        .unwrap();
        neighbour.join().unwrap();
        set(waiter, libc::F_SETLK, libc::F_UNLCK);
        ok(unsafe { libc::waitpid(id as _, ptr::null_mut(), 0) });
    }
    std::fs::remove_file(path).unwrap();
}
