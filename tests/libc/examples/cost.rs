//! Instructions, not seconds: `cost FUNCTION TIMES HOW` calls a function of libc, or a pair of them, many times on a native thread, for
//! callgrind to count. `own` calls libc's own definition, as a process without the feature does; `off` calls that of greenpatch in
//! a process where nothing is patched, and `patched` in one where everything is.
//!
//! `cost all` counts all of them, by running itself under valgrind:
//!
//!     cargo run --release -p greenpatch-libc-tests --example cost -- all
#![allow(missing_docs, unsafe_code)]

use std::cell::UnsafeCell;
use std::env;
use std::ffi::{CStr, CString, c_int, c_long, c_void};
use std::hint::black_box;
use std::mem::{MaybeUninit, transmute};
use std::process::Command;
use std::ptr;

use greenpatch_libc_tests::patch;

const HOW: [&str; 3] = ["own", "off", "patched"];

type One = unsafe extern "C" fn(*mut c_void) -> c_int;
type Transfer = unsafe extern "C" fn(c_int, *mut c_void, usize, c_int) -> isize;
type Poll = unsafe extern "C" fn(*mut c_void, libc::nfds_t, c_int) -> c_int;
type SystemCall = unsafe extern "C" fn(c_long, ...) -> c_long;

fn main() {
    let arguments: Vec<_> = env::args().collect();
    if arguments[1] == "all" {
        return count_all();
    }
    let (name, times) = (arguments[1].clone(), arguments[2].parse::<usize>());
    let times = times.expect("a number");
    let is_own = arguments[3] == "own";
    if arguments[3] == "patched" {
        patch();
    }
    // An OS thread: the program is not compiled with greenpatch as std.
    std::thread::spawn(move || call(&name, times, is_own))
        .join()
        .expect("it does not panic");
}

/// The functions, by the names that `call` knows.
const ALL: &[&str] = &[
    "syscall",
    "wake",
    "wait",
    "mutex",
    "semaphore",
    "rwlock",
    "signal",
    "sched_yield",
    "read",
    "write",
    "recv",
    "send",
    "sendto",
    "poll",
];

fn count_all() {
    println!("{:<12} {:>6} {:>6} {:>6}", "", HOW[0], HOW[1], HOW[2]);
    for name in ALL {
        let [own, off, patched] = HOW.map(|how| {
            let [few, many] = ["1000", "11000"].map(|times| count(&[name, times, how]));
            (many - few + 5000) / 10_000
        });
        println!("{name:<12} {own:>6} {off:>6} {patched:>6}");
    }
}

/// Returns the instructions that this program takes with these arguments.
fn count(arguments: &[&str]) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe().expect("it has a path"))
        .args(arguments)
        .output()
        .expect("valgrind is installed");
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text
        .lines()
        .find_map(|line| line.split_once("Collected : "));
    let (_, number) = line.unwrap_or_else(|| panic!("no count in {text}"));
    number.trim().parse().expect("a number")
}

/// An object of pthreads that is initialized by zeros.
#[repr(align(16))]
struct Object(UnsafeCell<MaybeUninit<[u8; 64]>>);

fn call(name: &str, times: usize, is_own: bool) {
    let find = |name: &str| {
        let name = CString::new(name).expect("no zeros");
        black_box(find(&name, is_own))
    };
    let object = Object(UnsafeCell::new(MaybeUninit::zeroed()));
    let object = object.0.get().cast::<c_void>();
    // SAFETY: all functions that take one pointer here take one to such an object.
    let one = |name| unsafe { transmute::<*mut c_void, One>(find(name)) };
    let both = |first, second| {
        let (first, second) = (one(first), one(second));
        for _ in 0..times {
            // SAFETY: the object is initialized, and lives as long.
            black_box(unsafe { first(object) });
            // SAFETY: as above.
            black_box(unsafe { second(object) });
        }
    };
    match name {
        "mutex" => both("pthread_mutex_lock", "pthread_mutex_unlock"),
        "semaphore" => both("sem_post", "sem_wait"),
        "rwlock" => both("pthread_rwlock_rdlock", "pthread_rwlock_unlock"),
        "signal" | "sched_yield" => {
            let function = one(if name == "signal" {
                "pthread_cond_signal"
            } else {
                name
            });
            for _ in 0..times {
                // SAFETY: as above; the other function has no argument.
                black_box(unsafe { function(object) });
            }
        }
        "read" | "write" | "recv" | "send" => {
            // SAFETY: two of the functions have an argument less, which they leave alone.
            let function = unsafe { transmute::<*mut c_void, Transfer>(find(name)) };
            for _ in 0..times {
                // SAFETY: it fails, since no descriptor has the number.
                black_box(unsafe { function(black_box(-1), ptr::null_mut(), 1, 0) });
            }
        }
        "sendto" => {
            type SendTo =
                unsafe extern "C" fn(c_int, *mut c_void, usize, c_int, usize, usize) -> isize;
            // SAFETY: it is of this type.
            let function = unsafe { transmute::<*mut c_void, SendTo>(find(name)) };
            for _ in 0..times {
                // SAFETY: as above.
                black_box(unsafe { function(black_box(-1), ptr::null_mut(), 1, 0, 0, 0) });
            }
        }
        "poll" => {
            // SAFETY: it is of this type.
            let function = unsafe { transmute::<*mut c_void, Poll>(find(name)) };
            for _ in 0..times {
                // SAFETY: there are no descriptors.
                black_box(unsafe { function(ptr::null_mut(), black_box(0), 0) });
            }
        }
        "syscall" | "wake" | "wait" => {
            // SAFETY: it is of this type.
            let function = unsafe { transmute::<*mut c_void, SystemCall>(find("syscall")) };
            let word = object.cast::<u32>();
            let number = if name == "syscall" {
                libc::SYS_getppid
            } else {
                libc::SYS_futex
            };
            let command = if name == "wake" {
                libc::FUTEX_WAKE
            } else {
                libc::FUTEX_WAIT
            };
            let operation = command | libc::FUTEX_PRIVATE_FLAG;
            let none = ptr::null::<libc::timespec>();
            for _ in 0..times {
                // SAFETY: the word is valid, and is not one; the other call has no arguments.
                black_box(unsafe { function(number, word, operation, 1, none) });
            }
        }
        name => panic!("no function {name}"),
    }
}

/// Returns greenpatch's definition of a function, or the next one.
fn find(name: &CStr, is_own: bool) -> *mut c_void {
    let all: &[(&CStr, *const ())] = &[
        (c"read", libc::read as *const ()),
        (c"write", libc::write as *const ()),
        (c"recv", libc::recv as *const ()),
        (c"send", libc::send as *const ()),
        (c"sendto", libc::sendto as *const ()),
        (c"poll", libc::poll as *const ()),
        (c"syscall", libc::syscall as *const ()),
        (c"sched_yield", libc::sched_yield as *const ()),
        (c"sem_post", libc::sem_post as *const ()),
        (c"sem_wait", libc::sem_wait as *const ()),
        (c"pthread_mutex_lock", libc::pthread_mutex_lock as *const ()),
        (
            c"pthread_mutex_unlock",
            libc::pthread_mutex_unlock as *const (),
        ),
        (
            c"pthread_rwlock_rdlock",
            libc::pthread_rwlock_rdlock as *const (),
        ),
        (
            c"pthread_rwlock_unlock",
            libc::pthread_rwlock_unlock as *const (),
        ),
        (
            c"pthread_cond_signal",
            libc::pthread_cond_signal as *const (),
        ),
    ];
    let (_, ours) = all
        .iter()
        .find(|(known, _)| *known == name)
        .expect("it is known");
    if !is_own {
        return ours.cast_mut().cast();
    }
    // SAFETY: the name ends with a zero.
    let own = unsafe { libc::dlsym(libc::RTLD_NEXT, name.as_ptr()) };
    assert!(!own.is_null() && own.cast_const() != ours.cast());
    own
}
