//! Payloads, reports, backtraces and texts of errors are std's. Each program is run with std and with greenpatch, in a
//! separate process, and its output is compared.
#![allow(missing_docs)]

use std::any::Any;
use std::cell::OnceCell;
use std::panic::AssertUnwindSafe;

use greenpatch_tests::{Runner, child, limit_child, task};

/// A program, written against std and compiled twice, and its environment variables.
type Program = (&'static str, fn(), &'static [(&'static str, &'static str)]);

const MODES: [&str; 4] = ["std", "not patched", "patched, root", "patched, green"];

/// The programs, with `$std` for the crate that is called.
macro_rules! programs {
    ($($module:ident: $std:ident),+) => {$(
        mod $module {
            use std::cell::{Cell, RefCell};
            use std::time::Duration;

            use $std::net::{TcpListener, TcpStream, UdpSocket};
            use $std::os::unix::net::{UnixListener, UnixStream};
            use $std::process::Command;
            use $std::sync::{LazyLock, Mutex, Once, OnceLock, RwLock, mpsc};
            use $std::{fs, thread};

            use super::{Program, payload, shrink_address_space};

            pub(crate) const PROGRAMS: &[Program] = &[
                ("payloads of locks", payloads_of_locks, QUIET),
                ("payloads of threads", payloads_of_threads, QUIET),
                ("texts of errors", texts_of_errors, QUIET),
                ("huge stacks", huge_stacks, QUIET),
                (
                    "a huge default stack",
                    huge_default,
                    &[("RUST_MIN_STACK", "9223372036854775808")],
                ),
                ("little address space", little_address_space, QUIET),
                ("a report", report, &[("RUST_BACKTRACE", "0")]),
                ("the first report", report, &[]),
                (
                    "a report with a backtrace",
                    report,
                    &[("RUST_BACKTRACE", "1")],
                ),
                ("a report of what is caught", caught_report, QUIET),
                (
                    "a report of a value",
                    report_of_a_value,
                    &[("RUST_BACKTRACE", "")],
                ),
            ];

            /// Backtraces are not compared.
            const QUIET: &[(&str, &str)] = &[("RUST_BACKTRACE", "0")];

            fn payloads_of_locks() {
                let once = Once::new();
                for _ in 0..2 {
                    payload("call_once", || once.call_once(|| panic!("first")));
                }
                payload("wait", || once.wait());
                let mut lazy = LazyLock::<u8>::new(|| panic!("{}", "lazily"));
                for _ in 0..2 {
                    payload("deref", || *lazy);
                }
                payload("force", || *LazyLock::force(&lazy));
                payload("force_mut", || *LazyLock::force_mut(&mut lazy));
                let once = OnceLock::<u8>::new();
                payload("get_or_init", || *once.get_or_init(|| panic!("once")));
                payload("set", || once.set(1).and_then(|()| once.set(2)).unwrap());

                let (mutex, rwlock) = (Mutex::new(1), RwLock::new(1));
                let _held = (mutex.lock().unwrap(), rwlock.read().unwrap());
                payload("try_lock", || drop(mutex.try_lock().unwrap()));
                payload("try_write", || drop(rwlock.try_write().unwrap()));
                let (mutex, rwlock) = (Mutex::new(1), RwLock::new(1));
                payload("poisons", || {
                    let _guards = (mutex.lock(), rwlock.write());
                    panic!("with both");
                });
                payload("lock", || drop(mutex.lock().unwrap()));
                payload("try_lock", || drop(mutex.try_lock().unwrap()));
                payload("read", || drop(rwlock.read().unwrap()));
                payload("get_mut", || rwlock.into_inner().unwrap());

                let (sender, receiver) = mpsc::channel();
                payload("try_recv", || receiver.try_recv().unwrap());
                payload("recv_timeout", || {
                    receiver.recv_timeout(Duration::ZERO).unwrap()
                });
                drop(receiver);
                payload("send", || sender.send(1).unwrap());
                let (sender, receiver) = mpsc::sync_channel::<u8>(0);
                payload("try_send", || sender.try_send(1).unwrap());
                drop(sender);
                payload("recv", || receiver.recv().unwrap());
            }

            fn payloads_of_threads() {
                payload("a name", || {
                    drop(thread::Builder::new().name("a\0b".into()).spawn(|| ()))
                });
                payload("scope", || {
                    thread::scope(|s| drop(s.spawn(|| panic!("unseen"))))
                });
                payload("scope itself", || thread::scope(|_| panic!("{}", 1)));
                payload("join", || thread::spawn(|| panic!("seen")).join().unwrap());
                payload("any", || {
                    thread::spawn(|| std::panic::panic_any(7)).join().unwrap()
                });

                /// Uses the other key after that one is destroyed, whichever is destroyed first.
                struct Asks;
                impl Drop for Asks {
                    fn drop(&mut self) {
                        payload("with", || OTHER.with(|_| ()));
                        payload("try_with", || OTHER.try_with(|_| ()).unwrap());
                        payload("set", || NUMBERS.set(vec![]));
                    }
                }
                $std::thread_local! {
                    static OTHER: Asks = const { Asks };
                    static NUMBERS: RefCell<Vec<u8>> = RefCell::default();
                    static NUMBER: Cell<u8> = const { Cell::new(1) };
                }
                payload("a destructor", || {
                    thread::spawn(|| OTHER.with(|_| ())).join().unwrap();
                });
                payload("with_borrow_mut", || {
                    NUMBERS.with_borrow(|_| NUMBERS.with_borrow_mut(|_| NUMBER.set(2)));
                });
                payload("set", || {
                    NUMBERS.with_borrow(|_| NUMBERS.set(vec![NUMBER.get()]))
                });
            }

            fn texts_of_errors() {
                println!("{:?}", Command::new("/there/is/none").status().map(drop));
                println!("{:?}", TcpStream::connect("no port").map(drop));
                println!("{:?}", TcpStream::connect(&[][..]).map(drop));
                let listener = TcpListener::bind("127.0.0.1:0").unwrap();
                let address = listener.local_addr().unwrap();
                println!(
                    "{:?}",
                    TcpStream::connect_timeout(&address, Duration::ZERO).map(drop)
                );
                let stream = TcpStream::connect(address).unwrap();
                println!("{:?}", stream.set_read_timeout(Some(Duration::ZERO)));
                drop(listener);
                println!("{:?}", TcpStream::connect(address).map(drop));
                println!("{:?}", UnixStream::connect("/a\0b").map(drop));
                println!("{:?}", UnixListener::bind("/".repeat(200)).map(drop));
                let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
                println!("{:?} {:?}", udp.send(b"1"), udp.send_to(b"1", &[][..]));
                println!("{:?}", fs::File::open("/there/is/none").map(drop));
                println!("{:?}", fs::File::open("/a\0b").map(drop));
            }

            fn spawn(stack_size: usize) {
                let spawned = thread::Builder::new().stack_size(stack_size).spawn(|| 7);
                match spawned {
                    Ok(thread) => println!("{stack_size:#x} {:?}", thread.join().unwrap()),
                    Err(error) => println!("{stack_size:#x} {error:?} {:?}", error.kind()),
                }
            }

            fn huge_stacks() {
                let page = 4096;
                for less in [0, 1, page - 1, page, page + 1, 2 * page] {
                    spawn(usize::MAX - less);
                }
                for log2 in [47, 48, 55, 62, 63] {
                    spawn(1 << log2);
                }
                for small in [0, 1, 1 << 14, (1 << 14) + 1] {
                    spawn(small);
                }
            }

            fn huge_default() {
                payload("spawn", || thread::spawn(|| ()).join().unwrap());
                payload("scope", || thread::scope(|s| drop(s.spawn(|| ()))));
                payload("expect", || {
                    thread::Builder::new()
                        .spawn(|| ())
                        .expect("failed")
                        .join()
                        .unwrap();
                });
            }

            fn little_address_space() {
                spawn(1 << 16);
                shrink_address_space();
                // Less than greenpatch reserves for stacks of one size.
                spawn(1 << 22);
                spawn(1 << 33);
                spawn(1 << 22);
            }

            #[inline(never)]
            fn outer(number: u8) {
                inner(number);
                std::hint::black_box(());
            }

            #[inline(never)]
            fn inner(number: u8) {
                panic!("deep {number}");
            }

            fn report() {
                for name in ["worker", "other"] {
                    let builder = thread::Builder::new().name(name.into());
                    assert!(builder.spawn(|| outer(1)).unwrap().join().is_err());
                }
                assert!(thread::spawn(|| outer(2)).join().is_err());
                thread::scope(|s| {
                    assert!(s.spawn(|| inner(3)).join().is_err());
                });
            }

            fn caught_report() {
                let once = Once::new();
                for _ in 0..2 {
                    assert!(std::panic::catch_unwind(|| once.call_once(|| outer(4))).is_err());
                }
            }

            fn report_of_a_value() {
                assert!(thread::spawn(|| std::panic::panic_any(7)).join().is_err());
                let long = "long ".repeat(300);
                assert!(thread::spawn(move || panic!("{long}")).join().is_err());
                let owned = String::from("owned");
                assert!(
                    thread::spawn(|| std::panic::panic_any(owned))
                        .join()
                        .is_err()
                );
            }
        }
    )+};
}

// Expanded in one place, so that the locations of panics are the same.
programs!(with_std: std, with_greenpatch: greenpatch);

/// Prints the payload of the panic that `f` ends in, if there is one.
fn payload<R>(what: &str, f: impl FnOnce() -> R) {
    let payload: Box<dyn Any + Send> = match std::panic::catch_unwind(AssertUnwindSafe(f)) {
        Ok(_) => return println!("{what}: no panic"),
        Err(payload) => payload,
    };
    if let Some(text) = payload.downcast_ref::<&str>() {
        println!("{what}: a literal: {text}");
    } else if let Some(text) = payload.downcast_ref::<String>() {
        println!("{what}: a String: {text}");
    } else {
        println!("{what}: a number: {:?}", payload.downcast_ref::<i32>());
    }
}

/// Leaves the process 64 MiB of address space.
fn shrink_address_space() {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = pages.split(' ').next().unwrap().parse().unwrap();
    let most = pages * 4096 + (64 << 20);
    let limit = libc::rlimit {
        rlim_cur: most,
        rlim_max: most,
    };
    // SAFETY: a valid limit.
    let set = unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limit) };
    assert_eq!(set, 0);
}

fn main() {
    if let Some(task) = task() {
        let (program, mode) = task.split_once(' ').unwrap();
        return be_the_child(program.parse().unwrap(), mode);
    }
    let mut runner = Runner::from_args();
    for (number, (name, ..)) in with_std::PROGRAMS.iter().enumerate() {
        let expected = OnceCell::new();
        for mode in &MODES[1..] {
            runner.test(&format!("{name} ({mode})"), || {
                let expected = expected.get_or_init(|| output_of(number, MODES[0]));
                assert!(!expected.is_empty());
                let found = output_of(number, mode);
                assert!(
                    found == *expected,
                    "it says\n{found}\nand with std\n{expected}"
                );
            });
        }
    }
    runner.finish();
}

fn be_the_child(number: usize, mode: &str) {
    limit_child();
    let (name, program, _) = if mode == MODES[0] {
        with_std::PROGRAMS[number]
    } else {
        with_greenpatch::PROGRAMS[number]
    };
    if !name.contains("report") {
        std::panic::set_hook(Box::new(|_| ()));
    }
    if mode.starts_with("patched") {
        assert!(greenpatch::patch_all().unwrap().is_done());
    }
    if mode == "patched, green" {
        // Large enough for a backtrace, whatever the default is.
        let builder = greenpatch::thread::Builder::new().stack_size(1 << 21);
        builder
            .name("main".into())
            .spawn(program)
            .unwrap()
            .join()
            .unwrap();
    } else {
        program();
    }
}

/// Returns what a program prints to both streams, without what differs from run to run: the numbers of threads, and the
/// module that it is in.
fn output_of(number: usize, mode: &str) -> String {
    let (_, _, vars) = with_std::PROGRAMS[number];
    let mut command = child(&format!("{number} {mode}"));
    command
        .env_remove("RUST_BACKTRACE")
        .env_remove("RUST_MIN_STACK");
    let output = command.envs(vars.iter().copied()).output().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success(), "{text}");
    text.lines().map(|line| normal(line) + "\n").collect()
}

fn normal(line: &str) -> String {
    let line = line.replace("with_greenpatch", "with_std");
    let Some(("thread '", rest)) = line.split_at_checked(8) else {
        return line;
    };
    // thread 'main' (4711) panicked at
    match rest.split_once("' (").zip(rest.split_once(") panicked")) {
        Some(((name, _), (_, rest))) => format!("thread '{name}' panicked{rest}"),
        None => line,
    }
}
