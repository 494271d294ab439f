//! C code on green threads: a library that is opened while the program runs, the stack that it takes, overflows of it, and
//! children that it starts. Each scenario is a process of its own, this program run again.
#![allow(missing_docs, unsafe_code)]

use std::ffi::{CString, c_void};
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{fs, io};

use greenpatch::thread;
use greenpatch_libc_tests::c_code::{Library, Probes};
use greenpatch_libc_tests::patch;
use greenpatch_tests::{Ended, Runner};

fn main() {
    let mut runner = Runner::from_args();
    for (name, child) in [
        ("a library sees all that is defined", definitions as fn()),
        ("a library waits for descriptors", descriptors),
        ("a library waits for locks", locks),
        ("a library starts children", children),
        ("the stack that functions of libc take", stacks),
    ] {
        runner.scenario(name, child, |_| (), Ended::well);
    }
    for (name, child) in [
        ("an overflow by small frames", small_frames as fn()),
        (
            "an overflow by frames of half a page",
            frames_of_half_a_page,
        ),
        ("an overflow by large frames with probes", large_frames),
        ("an overflow by one frame with probes", one_frame),
    ] {
        runner.scenario(name, child, |_| (), is_reported);
    }
    runner.finish();
}

/// The names in `exports![…]` of the sources.
fn names() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../runtime/src/libc");
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let Some((_, rest)) = text.split_once("\nexports![") else {
            continue;
        };
        let (list, _) = rest.split_once("];").unwrap();
        let list = list
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty());
        names.extend(list.map(String::from));
    }
    names
}

/// A library that is opened finds greenpatch's definitions: the linker exports what libc defines, too.
fn definitions() {
    let program = object_of(main as fn() as *const c_void);
    let names = names();
    assert!(names.len() > 60, "{names:?}");
    for name in names {
        let symbol = CString::new(name.as_str()).unwrap();
        // SAFETY: the name ends with a zero.
        let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, symbol.as_ptr()) };
        assert_eq!(object_of(address), program, "{name}");
    }
}

/// Returns the address at which the object with an address begins.
fn object_of(address: *const c_void) -> usize {
    let mut info = MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: the place is valid for the write.
    unsafe { libc::dladdr(address, info.as_mut_ptr()) };
    // SAFETY: it is plain data, and was zeroed.
    unsafe { info.assume_init() }.dli_fbase.addr()
}

/// Calls `wait` on a green thread. `then` ends the wait, once another green thread has run while it lasted.
fn gives_way(wait: impl FnOnce() + Send + 'static, then: impl FnOnce() + Send + 'static) {
    let waiter = thread::spawn(wait);
    let neighbour = thread::spawn(move || {
        for _ in 0..5 {
            thread::yield_now();
        }
        then();
    });
    waiter.join().unwrap();
    neighbour.join().unwrap();
}

fn descriptors() {
    patch();
    let library = Library::open(Probes::No);
    let (reader, writer) = io::pipe().unwrap();
    let (fd, end) = (reader.as_raw_fd(), writer.as_raw_fd());
    let write = move || {
        // SAFETY: the byte is valid for a read.
        assert_eq!(unsafe { libc::write(end, [b'x'].as_ptr().cast(), 1) }, 1);
    };
    let read = move || {
        let mut byte = [0];
        assert_eq!(library.read(fd, &mut byte), 1);
        assert_eq!(byte, [b'x']);
    };
    gives_way(read, write);
    gives_way(move || assert_eq!(library.poll(fd), 1), write);
    read();
    static TURNS: AtomicU32 = AtomicU32::new(0);
    let neighbour = thread::spawn(|| TURNS.fetch_add(1, Ordering::Relaxed));
    assert_eq!(library.usleep(20_000), 0);
    assert_eq!(TURNS.load(Ordering::Relaxed), 1, "it has run meanwhile");
    neighbour.join().unwrap();
}

fn locks() {
    patch();
    let library = Library::open(Probes::No);
    let holder = thread::spawn(move || {
        library.call(c"c_lock");
        for _ in 0..5 {
            thread::yield_now();
        }
        library.call(c"c_unlock");
    });
    thread::yield_now();
    library.call(c"c_lock");
    assert!(holder.is_finished(), "it has run meanwhile");
    library.call(c"c_unlock");
    gives_way(
        move || assert_eq!(library.call(c"c_wait"), 0),
        move || assert_eq!(library.call(c"c_post"), 0),
    );
}

fn children() {
    patch();
    let library = Library::open(Probes::No);
    for name in [c"c_spawn", c"c_vfork"] {
        let turns = std::sync::Arc::new(AtomicU32::new(0));
        let is_over = std::sync::Arc::new(AtomicU32::new(0));
        let neighbour = thread::spawn({
            let (turns, is_over) = (turns.clone(), is_over.clone());
            move || {
                while is_over.load(Ordering::Relaxed) == 0 {
                    turns.fetch_add(1, Ordering::Relaxed);
                    thread::yield_now();
                }
            }
        });
        let ended = thread::spawn(move || library.call(name)).join().unwrap();
        assert_eq!(ended, 7, "{name:?}");
        assert!(
            turns.load(Ordering::Relaxed) > 2,
            "others ran while {name:?} waited"
        );
        is_over.store(1, Ordering::Relaxed);
        neighbour.join().unwrap();
    }
}

/// No function of libc takes more than a part of a stack of the default size.
fn stacks() {
    const MOST: usize = 256 << 10;

    patch();
    let library = Library::open(Probes::No);
    let mut taken = Vec::new();
    for (number, name) in library.calls().into_iter().enumerate() {
        let bytes = thread::spawn(move || library.stack_of_call(number))
            .join()
            .unwrap();
        assert!(bytes < MOST, "{name} takes {bytes} bytes");
        taken.push(bytes);
    }
    // What is measured is measured: a call of nothing takes next to nothing, and formatting a float more.
    assert!(taken[0] < 512, "{taken:?}");
    assert!(taken[2] > taken[0] + 512, "{taken:?}");
}

fn overflows(probes: Probes, call: fn(Library) -> usize) {
    patch();
    let library = Library::open(probes);
    // Others have their stacks around it.
    for _ in 0..3 {
        thread::spawn(thread::park);
    }
    thread::yield_now();
    let deep = thread::Builder::new().name("deep".into());
    let _ = deep.spawn(move || call(library)).unwrap().join();
}

fn small_frames() {
    overflows(Probes::No, |library| library.recurse(64));
}

fn frames_of_half_a_page() {
    overflows(Probes::No, |library| library.recurse(2048));
}

fn large_frames() {
    overflows(Probes::Yes, |library| library.recurse(300_000));
}

fn one_frame() {
    overflows(Probes::Yes, |library| library.one_frame(5 << 20));
}

/// The report of Rust's overflows.
fn is_reported(ended: &Ended) {
    ended.by_abort();
    ended.said("\nthread 'deep' (");
    ended.said(") has overflowed its stack\nfatal runtime error: stack overflow, aborting\n");
    ended.said("greenpatch: the stack of this green thread has 2097152 bytes");
}
