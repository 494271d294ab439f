//! Calls of native threads, of the child of a fork and of a signal handler, and calls that are not patched.
use std::ffi::c_int;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use std::{mem, ptr};

use greenpatch::thread;
use greenpatch_libc_tests::patch;

use super::{TURNS, fails, ok, pipe, read_some, wants, write_all};

pub(super) fn native_threads() {
    patch();
    let (reader, writer) = pipe();
    let (fd, writer) = (reader.as_raw_fd(), writer.as_raw_fd());
    let native = std::thread::spawn(move || {
        assert_eq!(read_some(fd), b"abc");
        let mut fds = [wants(fd, libc::POLLIN)];
        assert_eq!(ok(unsafe { libc::poll(fds.as_mut_ptr(), 1, -1) }), 1);
        assert_eq!(read_some(fd), b"def");
        assert_eq!(unsafe { libc::usleep(1000) }, 0);
    });
    thread::spawn(move || {
        assert_eq!(unsafe { libc::usleep(5000) }, 0);
        write_all(writer, b"abc");
        assert_eq!(unsafe { libc::usleep(5000) }, 0);
        write_all(writer, b"def");
    })
    .join()
    .unwrap();
    native.join().unwrap();
}

pub(super) fn in_a_child() {
    patch();
    thread::spawn(|| {
        let (reader, writer) = pipe();
        // This thread has waited, so that the hub knows the descriptor.
        let fd = writer.as_raw_fd();
        let other = thread::spawn(move || write_all(fd, b"x"));
        assert_eq!(read_some(reader.as_raw_fd()), b"x");
        other.join().unwrap();
        let id = ok(unsafe { libc::fork() }) as libc::pid_t;
        if id == 0 {
            let mut fds = [wants(reader.as_raw_fd(), libc::POLLIN)];
            let found = unsafe { libc::poll(fds.as_mut_ptr(), 1, 10) };
            let slept = unsafe { libc::usleep(10_000) };
            write_all(writer.as_raw_fd(), b"abc");
            let read = read_some(reader.as_raw_fd());
            let is_right = found == 0 && slept == 0 && read == b"abc";
            unsafe { libc::_exit(c_int::from(!is_right)) };
        }
        let mut status = 0;
        assert_eq!(
            ok(unsafe { libc::waitpid(id, &raw mut status, 0) }),
            i64::from(id)
        );
        assert_eq!(status, 0);
    })
    .join()
    .unwrap();
}

static RESULT: AtomicU32 = AtomicU32::new(0);

/// On a stack of its own: no other green thread may run meanwhile.
extern "C" fn handler(_: c_int) {
    let before = TURNS.load(Ordering::Relaxed);
    let mut fds = [wants(-1, 0)];
    let found = unsafe { libc::poll(fds.as_mut_ptr(), 1, 20) };
    let slept = unsafe { libc::usleep(1000) };
    let is_right = found == 0 && slept == 0 && TURNS.load(Ordering::Relaxed) == before;
    RESULT.store(if is_right { 1 } else { 2 }, Ordering::Relaxed);
}

fn install(handler: extern "C" fn(c_int), flags: c_int) {
    let mut action: libc::sigaction = unsafe { mem::zeroed() };
    action.sa_sigaction = handler as *const () as usize;
    action.sa_flags = flags;
    ok(unsafe { libc::sigaction(libc::SIGUSR1, &raw const action, ptr::null_mut()) });
}

pub(super) fn in_a_signal_handler() {
    patch();
    install(handler, libc::SA_ONSTACK | libc::SA_RESTART);
    let neighbour = thread::spawn(|| {
        while RESULT.load(Ordering::Relaxed) == 0 {
            TURNS.fetch_add(1, Ordering::Relaxed);
            thread::yield_now();
        }
    });
    let raiser = thread::spawn(|| {
        thread::yield_now();
        assert_eq!(unsafe { libc::raise(libc::SIGUSR1) }, 0);
    });
    raiser.join().unwrap();
    neighbour.join().unwrap();
    assert_eq!(RESULT.load(Ordering::Relaxed), 1);
}

extern "C" fn nothing(_: c_int) {}

pub(super) fn interrupted() {
    patch();
    install(nothing, 0);
    let (reader, _writer) = pipe();
    let fd = reader.as_raw_fd();
    let mut byte = 0_u8;
    let calls: [&mut dyn FnMut() -> i64; 4] = [
        &mut || unsafe { libc::read(fd, (&raw mut byte).cast(), 1) as i64 },
        &mut || unsafe { libc::poll(&raw mut *Box::new(wants(fd, libc::POLLIN)), 1, -1).into() },
        &mut || unsafe { libc::poll(ptr::null_mut(), 0, -1).into() },
        &mut || {
            let time = libc::timespec {
                tv_sec: 600,
                tv_nsec: 0,
            };
            let mut left = time;
            let result = unsafe { libc::nanosleep(&raw const time, &raw mut left) };
            assert!((1..600).contains(&left.tv_sec), "{}", left.tv_sec);
            result.into()
        },
    ];
    let main = unsafe { libc::pthread_self() } as usize;
    for call in calls {
        let is_done = std::sync::Arc::new(AtomicU32::new(0));
        let until = is_done.clone();
        let killer = std::thread::spawn(move || {
            while until.load(Ordering::Relaxed) == 0 {
                std::thread::sleep(Duration::from_millis(5));
                unsafe { libc::pthread_kill(main as _, libc::SIGUSR1) };
            }
        });
        fails(call(), libc::EINTR);
        is_done.store(1, Ordering::Relaxed);
        killer.join().unwrap();
    }
}

pub(super) fn vetoed() {
    let veto = greenpatch::events::on_will_patch_module(|event| {
        if event.feature() == greenpatch::Feature::Libc {
            assert!(event.remove("poll"));
        }
        Ok(())
    });
    patch();
    veto.unsubscribe();
    assert!(!greenpatch::is_item_patched("libc::poll").unwrap());
    assert!(greenpatch::is_item_patched("libc::read").unwrap());
    let neighbour = || {
        thread::spawn(|| {
            TURNS.fetch_add(1, Ordering::Relaxed);
        })
    };
    let wait = || ok(unsafe { libc::poll(ptr::null_mut(), 0, 20) });
    thread::spawn(move || {
        let before = TURNS.load(Ordering::Relaxed);
        let neighbour = neighbour();
        assert_eq!(wait(), 0);
        assert_eq!(
            TURNS.load(Ordering::Relaxed),
            before,
            "no other thread has run"
        );
        assert_eq!(unsafe { libc::usleep(1000) }, 0);
        assert_eq!(TURNS.load(Ordering::Relaxed), before + 1);
        neighbour.join().unwrap();
    })
    .join()
    .unwrap();
    // So it is within `native`.
    thread::spawn(move || {
        let before = TURNS.load(Ordering::Relaxed);
        let neighbour = neighbour();
        greenpatch::native(|| assert_eq!(unsafe { libc::usleep(1000) }, 0));
        assert_eq!(TURNS.load(Ordering::Relaxed), before);
        neighbour.join().unwrap();
    })
    .join()
    .unwrap();
}
