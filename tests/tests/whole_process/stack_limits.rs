//! Stacks that overflow, with std's message, an abort, and no other fault taken for one; stacks too large to have.
#![allow(unsafe_code)]

use greenpatch::thread;

use greenpatch_tests::{Ended, Scenario};

#[allow(unreachable_pub, reason = "an example is a program")]
#[path = "../../../examples/stack_overflow.rs"]
mod stack_overflow_example;

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "a stack overflow is reported under the green thread's name",
        child: named,
        check: |ended| reported_green(ended, "'deep'", 2 << 20),
    },
    Scenario {
        name: "the example of a stack overflow",
        child: || stack_overflow_example::main().unwrap(),
        check: |ended| {
            reported_green(ended, "'diver'", 256 << 10);
            assert_eq!(ended.stdout, "");
        },
    },
    Scenario {
        name: "a stack overflow of a thread without a name",
        child: unnamed,
        check: |ended| reported_green(ended, "'<unknown>'", 2 << 20),
    },
    Scenario {
        name: "a stack overflow on a worker, of a stack of another size",
        child: on_a_worker,
        check: |ended| reported_green(ended, "'small'", 64 << 10),
    },
    Scenario {
        name: "a stack overflow off the main thread",
        child: in_the_background,
        check: |ended| reported_green(ended, "'background'", 2 << 20),
    },
    Scenario {
        name: "a stack overflow of the root is std's to report",
        child: on_the_root,
        check: |ended| reported(ended, "'main'"),
    },
    Scenario {
        name: "a stack overflow of a native thread is std's to report",
        child: on_a_native_thread,
        check: |ended| reported(ended, "'native'"),
    },
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    Scenario {
        name: "a stack overflow where guard pages need mappings of their own",
        child: with_guards_that_are_mappings,
        check: |ended| reported_green(ended, "'deep'", 2 << 20),
    },
    Scenario {
        name: "another fault of a green thread is a fault",
        child: faults,
        check: |ended| {
            assert_eq!(ended.signal, Some(libc::SIGSEGV), "{}", ended.stderr);
            assert_eq!(ended.stderr, "");
        },
    },
    Scenario {
        name: "a signal that is sent is a signal",
        child: sent,
        check: |ended| {
            assert_eq!(ended.signal, Some(libc::SIGBUS), "{}", ended.stderr);
            assert_eq!(ended.stderr, "");
        },
    },
    Scenario {
        name: "a handler that was there before gets what is no overflow",
        child: with_a_handler,
        check: |ended| assert_eq!(ended.code, Some(7), "{}", ended.stderr),
    },
    Scenario {
        name: "a handler that was there before does not get an overflow",
        child: with_a_handler_overflows,
        check: |ended| reported_green(ended, "'deep'", 2 << 20),
    },
    Scenario {
        name: "a stack that is too large is an error of the spawn",
        child: too_large_a_stack,
        check: Ended::well,
    },
];

#[track_caller]
fn reported(ended: &Ended, name: &str) {
    ended.by_abort();
    let lines: Vec<_> = ended.stderr.lines().collect();
    check_lines(&lines, name);
}

/// The same, with a line about the size of the stack.
#[track_caller]
fn reported_green(ended: &Ended, name: &str, size: usize) {
    ended.by_abort();
    let lines: Vec<_> = ended.stderr.lines().collect();
    let (last, lines) = lines.split_last().expect("there is a report");
    assert_eq!(
        *last,
        format!(
            "greenpatch: the stack of this green thread has {size} bytes; \
             thread::Builder::stack_size, Patcher::stack_size or RUST_MIN_STACK sets another size"
        )
    );
    check_lines(lines, name);
}

#[track_caller]
fn check_lines(lines: &[&str], name: &str) {
    let [.., empty, line, end] = *lines else {
        panic!("{lines:?}")
    };
    assert_eq!(empty, "");
    let number = line
        .strip_prefix("thread ")
        .and_then(|line| line.strip_prefix(name)?.strip_prefix(" ("))
        .and_then(|line| line.strip_suffix(") has overflowed its stack"));
    let number = number.and_then(|number| number.parse::<u64>().ok());
    assert!(number.is_some(), "{line}");
    assert_eq!(end, "fatal runtime error: stack overflow, aborting");
}

#[allow(unconditional_recursion, reason = "it is to overflow")]
fn deeper(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 64]);
    frame[0] + std::hint::black_box(deeper(depth + 1))
}

fn overflow(builder: thread::Builder) {
    let _ = builder.spawn(|| deeper(0)).unwrap().join();
}

fn called(name: &str) -> thread::Builder {
    thread::Builder::new().name(name.into())
}

fn named() {
    greenpatch::patch_thread().unwrap();
    // Other threads have run before, and some are suspended.
    for _ in 0..3 {
        thread::spawn(thread::park);
    }
    thread::yield_now();
    overflow(called("deep"));
}

fn unnamed() {
    greenpatch::patch_thread().unwrap();
    overflow(thread::Builder::new());
}

fn on_a_worker() {
    greenpatch::Patcher::new().workers(2).apply().unwrap();
    overflow(called("small").stack_size(40_000));
}

fn in_the_background() {
    std::thread::spawn(|| {
        greenpatch::patch_thread().unwrap();
        overflow(called("background"));
    })
    .join()
    .unwrap();
}

fn on_the_root() {
    greenpatch::patch_thread().unwrap();
    thread::spawn(|| ()).join().unwrap();
    deeper(0);
}

fn on_a_native_thread() {
    greenpatch::patch_thread().unwrap();
    greenpatch::native(|| overflow(called("native")));
}

/// Has the kernel refuse `MADV_GUARD_INSTALL`, as those before 6.13 do.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn with_guards_that_are_mappings() {
    const GUARD_INSTALL: u32 = 102;
    let load = |offset| libc::sock_filter {
        code: (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16,
        jt: 0,
        jf: 0,
        k: offset,
    };
    let unless = |value, skip| libc::sock_filter {
        code: (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16,
        jt: 0,
        jf: skip,
        k: value,
    };
    let end = |verdict| libc::sock_filter {
        code: (libc::BPF_RET | libc::BPF_K) as u16,
        jt: 0,
        jf: 0,
        k: verdict,
    };
    let mut filter = [
        load(0),
        unless(libc::SYS_madvise as u32, 3),
        // The third argument.
        load(16 + 2 * 8),
        unless(GUARD_INSTALL, 1),
        end(libc::SECCOMP_RET_ERRNO | libc::EINVAL as u32),
        end(libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog {
        len: filter.len() as u16,
        filter: filter.as_mut_ptr(),
    };
    // SAFETY: it concerns this process alone.
    unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    // SAFETY: the program is valid and outlives the call.
    let refused = unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &program) };
    if refused != 0 {
        eprintln!("no filter here; the guards are what they are");
    }
    greenpatch::patch_thread().unwrap();
    overflow(called("deep"));
}

fn fault() {
    // SAFETY: it is to be a fault.
    unsafe { std::ptr::without_provenance::<u8>(0x10).read_volatile() };
}

fn faults() {
    greenpatch::patch_thread().unwrap();
    let _ = called("deep").spawn(fault).unwrap().join();
}

fn sent() {
    greenpatch::patch_thread().unwrap();
    // std's handler takes the first signal for a fault, which would recur.
    for _ in 0..2 {
        // SAFETY: it ends this process.
        let _ = thread::spawn(|| unsafe { libc::raise(libc::SIGBUS) }).join();
    }
}

fn handle_faults() {
    extern "C" fn handler(_: libc::c_int) {
        // SAFETY: it may be called in a handler.
        unsafe { libc::_exit(7) }
    }
    // SAFETY: the handler does nothing but to end the process.
    unsafe {
        libc::signal(
            libc::SIGSEGV,
            handler as extern "C" fn(libc::c_int) as usize,
        )
    };
}

fn with_a_handler() {
    handle_faults();
    faults();
}

fn with_a_handler_overflows() {
    handle_faults();
    named();
}

fn too_large_a_stack() {
    greenpatch::patch_thread().unwrap();
    let error = thread::Builder::new()
        .stack_size(1 << 60)
        .spawn(|| ())
        .unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    // The closure is dropped, and a scope does not wait for it.
    let (sender, receiver) = std::sync::mpsc::channel::<()>();
    thread::scope(|s| {
        let builder = thread::Builder::new().stack_size(1 << 60);
        let spawned = builder.spawn_scoped(s, move || drop(sender));
        assert_eq!(spawned.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    });
    assert_eq!(
        receiver.try_recv(),
        Err(std::sync::mpsc::TryRecvError::Disconnected)
    );
    // Spawning still works.
    thread::spawn(|| ()).join().unwrap();
}
