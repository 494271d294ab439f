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

impl<T: Verdict, E: Debug> Verdict for Result<T, E> {
    fn check(self) {
        self.unwrap().check();
    }
}

impl Verdict for std::process::ExitCode {
    fn check(self) {}
}

/// Stands in for `unwrap` where std's tests are written for both kinds of lock.
#[track_caller]
pub fn result_unwrap<T, E: Debug>(result: Result<T, E>) -> T {
    result.unwrap()
}

/// What std's integration tests take from their own `common` module, its unit tests from
/// `test_helpers`.
pub mod common {
    use super::rand::{RngCore, XorShift};
    use std::path::{Path, PathBuf};

    pub fn test_rng() -> XorShift {
        let address = &raw const super::MARK as u64;
        let nanos = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| u64::from(since.subsec_nanos()));
        XorShift((address ^ (nanos << 20)) | 1)
    }

    /// A folder that is removed with the value.
    pub struct TempDir(PathBuf);

    impl TempDir {
        pub fn path(&self) -> &Path {
            &self.0
        }

        pub fn join(&self, path: &str) -> PathBuf {
            self.0.join(path)
        }
    }

    impl Drop for TempDir {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    pub fn tmpdir() -> TempDir {
        let name = format!("std-suite-{}-{:x}", std::process::id(), test_rng().next_u64());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).expect("a writable temporary folder");
        TempDir(path)
    }
}

pub use common as test_helpers;

/// What std's unit tests take from `std::net::test`.
pub mod net {
    pub mod test {
        use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
        use std::sync::atomic::{AtomicU16, Ordering};

        /// Ports that other processes of the suite do not take, below those that the system gives out.
        fn port() -> u16 {
            static NEXT: AtomicU16 = AtomicU16::new(0);
            let own = (std::process::id() % 1200) as u16 * 16;
            11_000 + own + NEXT.fetch_add(1, Ordering::Relaxed)
        }

        pub fn next_test_ip4() -> SocketAddr {
            (Ipv4Addr::LOCALHOST, port()).into()
        }

        pub fn next_test_ip6() -> SocketAddr {
            (Ipv6Addr::LOCALHOST, port()).into()
        }

        pub fn sa4(address: Ipv4Addr, port: u16) -> SocketAddr {
            (address, port).into()
        }

        pub fn sa6(address: Ipv6Addr, port: u16) -> SocketAddr {
            (address, port).into()
        }

        pub fn tsa<A: ToSocketAddrs>(addresses: A) -> Result<Vec<SocketAddr>, String> {
            addresses.to_socket_addrs().map(Iterator::collect).map_err(|error| error.to_string())
        }

        pub fn compare_ignore_zoneid(a: &SocketAddr, b: &SocketAddr) -> bool {
            (a.ip(), a.port()) == (b.ip(), b.port())
        }
    }
}

/// What std's tests take from the `rand` crate.
pub mod rand {
    pub struct XorShift(pub u64);

    pub trait RngCore {
        fn next_u64(&mut self) -> u64;

        fn next_u32(&mut self) -> u32 {
            (self.next_u64() >> 32) as u32
        }

        fn fill_bytes(&mut self, bytes: &mut [u8]) {
            for byte in bytes {
                *byte = self.next_u64() as u8;
            }
        }
    }

    pub trait Rng: RngCore {
        fn random_bool(&mut self, p: f64) -> bool {
            p > (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
        }
    }

    impl RngCore for XorShift {
        fn next_u64(&mut self) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0
        }
    }

    impl Rng for XorShift {}
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

/// Runs the test as libtest does: in a thread with its name.
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

/// Std's macro of this name, which is not in all toolchains.
macro_rules! assert_matches {
    ($value:expr, $pattern:pat $(if $guard:expr)? $(,)?) => {
        match $value {
            $pattern $(if $guard)? => {}
            ref value => panic!("{value:?} does not match {}", stringify!($pattern)),
        }
    };
}
