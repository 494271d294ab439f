//! Compiled into each generated test binary: lists its tests, or runs one of them in one mode.
//!
//! `std` is greenpatch here when the binary is one of the shadow package; `real` always is std.

use crate::real;
use std::fmt::Debug;
use std::panic;
use std::process::ExitCode;
use std::thread;

/// One of std's test functions, with what its attributes said.
#[derive(Clone, Copy)]
pub struct Test {
    pub name: &'static str,
    pub body: fn(),
    pub ignored: bool,
    /// What the panic's message contains, if the test must panic.
    pub should_panic: Option<&'static str>,
}

/// What a test function may return.
pub trait Verdict {
    fn check(self);
}

impl Verdict for () {
    fn check(self) {}
}

impl Verdict for ExitCode {
    fn check(self) {
        // It cannot be looked at, and an example may well show one for a failure.
    }
}

impl<T: Verdict, E: Debug> Verdict for Result<T, E> {
    fn check(self) {
        self.unwrap().check();
    }
}

/// Stands in for `unwrap` where std's tests are written for both kinds of lock.
#[track_caller]
pub fn result_unwrap<T, E: Debug>(result: Result<T, E>) -> T {
    result.unwrap()
}

/// What std's tests take from their own `common` module.
pub mod common {
    pub fn test_rng() -> super::rand::XorShift {
        let address = &raw const super::MARK as u64;
        let nanos = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| u64::from(since.subsec_nanos()));
        super::rand::XorShift((address ^ (nanos << 20)) | 1)
    }
}

/// What std's tests take from its `test_helpers`.
pub mod test_helpers {
    pub use super::common::test_rng;
    use super::rand::RngCore;
    use std::path::{Path, PathBuf};

    /// A folder of its own, removed when dropped.
    pub struct TempDir(PathBuf);

    pub fn tmpdir() -> TempDir {
        let name = format!("std-suite-{}-{:x}", std::process::id(), test_rng().next_u32());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        TempDir(path)
    }

    impl TempDir {
        pub fn join(&self, name: &str) -> PathBuf {
            self.0.join(name)
        }

        pub fn path(&self) -> &Path {
            &self.0
        }
    }

    impl Drop for TempDir {
        fn drop(&mut self) {
            let removed = std::fs::remove_dir_all(&self.0);
            assert!(removed.is_ok() || std::thread::panicking());
        }
    }
}

/// What std's tests of networking share.
pub mod net_test {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
    use std::sync::atomic::{AtomicU16, Ordering};

    /// A port that no other test has: each is a process of its own, and takes few.
    fn next_port() -> u16 {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let own = 10_000 + (std::process::id() % 1400) as u16 * 16;
        own + NEXT.fetch_add(1, Ordering::Relaxed)
    }

    pub fn next_test_ip4() -> SocketAddr {
        sa4(Ipv4Addr::LOCALHOST, next_port())
    }

    pub fn next_test_ip6() -> SocketAddr {
        sa6(Ipv6Addr::LOCALHOST, next_port())
    }

    pub fn sa4(ip: Ipv4Addr, port: u16) -> SocketAddr {
        SocketAddr::new(IpAddr::V4(ip), port)
    }

    pub fn sa6(ip: Ipv6Addr, port: u16) -> SocketAddr {
        SocketAddr::new(IpAddr::V6(ip), port)
    }

    /// The addresses, or what is said of the error.
    pub fn tsa<A: ToSocketAddrs>(addresses: A) -> Result<Vec<SocketAddr>, String> {
        let addresses = addresses.to_socket_addrs().map_err(|error| error.to_string());
        addresses.map(Iterator::collect)
    }

    pub fn compare_ignore_zoneid(one: &SocketAddr, other: &SocketAddr) -> bool {
        (one.ip(), one.port()) == (other.ip(), other.port())
    }
}

/// An unstable macro of std's.
macro_rules! assert_matches {
    ($value:expr, $pattern:pat) => {
        assert!(matches!($value, $pattern), "expected {}", stringify!($pattern))
    };
}

/// What std's tests take from the `rand` crate.
pub mod rand {
    pub struct XorShift(pub u64);

    pub trait RngCore {
        fn next_u32(&mut self) -> u32;
        fn fill_bytes(&mut self, bytes: &mut [u8]);
    }

    impl RngCore for XorShift {
        fn next_u32(&mut self) -> u32 {
            self.random_bool(0.5);
            (self.0 >> 32) as u32
        }

        fn fill_bytes(&mut self, bytes: &mut [u8]) {
            bytes.fill_with(|| self.next_u32() as u8);
        }
    }

    pub trait Rng {
        fn random_bool(&mut self, p: f64) -> bool;
    }

    impl Rng for XorShift {
        fn random_bool(&mut self, p: f64) -> bool {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            p > (self.0 >> 11) as f64 / (1_u64 << 53) as f64
        }
    }
}

static MARK: u8 = 0;

/// The main function of the binary: `list`, or `run NAME MODE`.
pub fn main(tests: Vec<Test>, patch: fn(Option<usize>)) -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["list"] => {
            for test in tests {
                println!("{} {}", if test.ignored { "ignored" } else { "test" }, test.name);
            }
            ExitCode::SUCCESS
        }
        ["run", name, mode] => {
            let test = tests.into_iter().find(|test| test.name == name).expect("a listed test");
            run(test, mode, patch)
        }
        _ => panic!("expected `list` or `run NAME MODE`, found {args:?}"),
    }
}

fn run(test: Test, mode: &str, patch: fn(Option<usize>)) -> ExitCode {
    let main_thread = real::thread::current().id();
    let on_main = move || real::thread::current().id() == main_thread;
    let result = match mode {
        "std" | "unpatched" => spawn(test, move || assert!(!on_main(), "expected an OS thread")),
        "green" => {
            patch(None);
            spawn(test, move || assert!(on_main(), "expected a green thread of the main hub"))
        }
        "workers2" => {
            patch(Some(2));
            spawn(test, move || assert!(!on_main(), "expected a worker's thread"))
        }
        "foreign" => {
            patch(None);
            real::thread::spawn(test.body).join()
        }
        "root" => {
            patch(None);
            panic::catch_unwind(test.body)
        }
        _ => panic!("unknown mode {mode}"),
    };
    let passed = match (&result, test.should_panic) {
        (Ok(()), None) => true,
        (Ok(()), Some(_)) => {
            println!("std_suite: expected a panic");
            false
        }
        (Err(_), None) => false,
        (Err(payload), Some(expected)) => {
            let message = payload
                .downcast_ref::<&str>()
                .copied()
                .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
                .unwrap_or("");
            let as_expected = message.contains(expected);
            if !as_expected {
                println!("std_suite: expected a panic with `{expected}`, found `{message}`");
            }
            as_expected
        }
    };
    if passed {
        println!("std_suite: passed");
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Runs the test as libtest does: in a thread that bears its name.
fn spawn(test: Test, place: impl FnOnce() + Send + 'static) -> thread::Result<()> {
    thread::Builder::new()
        .name(test.name.to_string())
        .spawn(move || {
            place();
            (test.body)();
        })
        .expect("a thread for the test")
        .join()
}
