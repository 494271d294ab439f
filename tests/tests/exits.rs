//! How a process ends while green threads exist. Each scenario is a separate process, this program run again; its
//! status and output are asserted.
#![allow(missing_docs)]

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use greenpatch::thread;
use greenpatch_tests::Runner;

/// A scenario: what the child does, the status that it ends with, and what it writes to standard output.
type Exit = (&'static str, fn(), End, &'static str);

enum End {
    Code(i32),
    /// Aborted, with a message.
    Abort,
}

const EXITS: &[Exit] = &[
    ("on the root", on_the_root, End::Code(3), "main's\n"),
    (
        "on a green thread",
        on_a_green_thread,
        End::Code(3),
        "own\nhandler\n",
    ),
    (
        "on the background hub",
        on_the_background_hub,
        End::Code(3),
        "own\n",
    ),
    ("on a worker", on_a_worker, End::Code(3), "own\n"),
    (
        "on a native thread",
        on_a_native_thread,
        End::Code(3),
        "own\n",
    ),
    ("not patched", not_patched, End::Code(3), "own\n"),
    (
        "in the panic hook",
        in_the_panic_hook,
        End::Code(3),
        "own\n",
    ),
    ("while unwinding", while_unwinding, End::Code(3), "own\n"),
    (
        "what is not flushed",
        not_flushed,
        End::Code(0),
        "no end of a line",
    ),
    (
        "the first of two",
        the_first_of_two,
        End::Code(4),
        "first\n",
    ),
    (
        "the first of two, one native",
        one_native,
        End::Code(4),
        "first\n",
    ),
    (
        "before main returns",
        before_main_returns,
        End::Code(4),
        "first\n",
    ),
    (
        "in the background, before main returns",
        in_the_background,
        End::Code(4),
        "first\n",
    ),
    ("once more, in a destructor", once_more, End::Abort, ""),
    ("once more, in a handler", in_a_handler, End::Abort, ""),
    (
        "without another OS thread",
        without_a_thread,
        End::Code(3),
        "",
    ),
    (
        "main's values, used by green threads",
        exit_with_users,
        End::Code(3),
        "",
    ),
    (
        "main's values, std's exit",
        std_exit_with_users,
        End::Code(3),
        "",
    ),
    (
        "main's values, std's exit on the root",
        root_exit_with_users,
        End::Code(3),
        "",
    ),
    (
        "main's values, main returning",
        return_with_users,
        End::Code(0),
        "",
    ),
    ("main inside of its values", main_inside, End::Code(3), ""),
    (
        "threads started after main",
        started_after_main,
        End::Code(0),
        "started\n",
    ),
];

fn main() {
    let mut runner = Runner::from_args();
    for (name, child, end, stdout) in EXITS {
        runner.scenario(
            name,
            *child,
            |_| (),
            |ended| {
                match *end {
                    End::Code(code) => ended.with_code(code),
                    End::Abort => {
                        ended.by_abort();
                        ended.said("process::exit called re-entrantly");
                    }
                }
                assert_eq!(ended.stdout, *stdout, "{ended}");
            },
        );
    }
    runner.finish();
}

/// Whether the destructor of a [`Says`] has begun to wait.
static WAITING: AtomicBool = AtomicBool::new(false);

/// Prints a text when dropped, after a wait if the flag is set.
struct Says(&'static str, bool);

impl Drop for Says {
    fn drop(&mut self) {
        if self.1 {
            WAITING.store(true, Ordering::Release);
            thread::sleep(Duration::from_millis(20));
        }
        if !self.0.is_empty() {
            greenpatch::println!("{}", self.0);
        }
    }
}

greenpatch::thread_local!(static SAYS: RefCell<Option<Says>> = const { RefCell::new(None) });

fn set(text: &'static str, waits: bool) {
    SAYS.with(|says| says.borrow_mut().replace(Says(text, waits)));
}

/// Ends the process, with a thread-local value of the calling thread.
fn exit(code: i32) -> ! {
    set("own", false);
    greenpatch::process::exit(code)
}

fn patch() {
    assert!(greenpatch::patch_all().unwrap().is_done());
}

/// Patches, with a value of main that must not be dropped.
fn patch_with_mains() {
    patch();
    set("main's", false);
}

/// Starts a green thread that never resumes.
fn start_another() {
    thread::spawn(|| {
        thread::park();
        thread::sleep(Duration::MAX);
    });
    thread::yield_now();
}

fn on_the_root() {
    patch_with_mains();
    start_another();
    greenpatch::process::exit(3);
}

fn on_a_green_thread() {
    extern "C" fn handler() {
        std::println!("handler");
    }
    patch_with_mains();
    start_another();
    // SAFETY: the handler may be called at the end.
    assert_eq!(unsafe { libc::atexit(handler) }, 0);
    let _ = thread::spawn(|| exit(3)).join();
}

fn on_the_background_hub() {
    patch_with_mains();
    let _ = std::thread::spawn(|| thread::spawn(|| exit(3)).join()).join();
}

fn on_a_worker() {
    assert!(
        greenpatch::Patcher::new()
            .workers(2)
            .apply()
            .unwrap()
            .is_done()
    );
    start_another();
    let _ = thread::spawn(|| exit(3)).join();
}

fn on_a_native_thread() {
    patch_with_mains();
    start_another();
    greenpatch::native(|| thread::spawn(|| exit(3)))
        .join()
        .unwrap();
}

fn not_patched() {
    let _ = thread::spawn(|| exit(3)).join();
}

fn in_the_panic_hook() {
    patch_with_mains();
    greenpatch::panic::set_hook(Box::new(|_| exit(3)));
    let _ = thread::spawn(|| panic!("on purpose")).join();
}

fn while_unwinding() {
    struct Exits;
    impl Drop for Exits {
        fn drop(&mut self) {
            exit(3);
        }
    }
    patch_with_mains();
    let _ = thread::spawn(|| {
        let _exits = Exits;
        panic!("on purpose");
    })
    .join();
}

fn not_flushed() {
    patch();
    let _ = thread::spawn(|| {
        greenpatch::print!("no end of a line");
        greenpatch::process::exit(0);
    })
    .join();
}

/// Starts a green thread that ends the process with 4, and waits while it does.
fn start_the_first() {
    thread::spawn(|| {
        set("first", true);
        greenpatch::process::exit(4);
    });
    thread::yield_now();
}

fn the_first_of_two() {
    patch_with_mains();
    start_the_first();
    let _ = thread::spawn(|| {
        set("second", false);
        greenpatch::process::exit(5);
    })
    .join();
}

fn one_native() {
    patch_with_mains();
    start_the_first();
    let native = greenpatch::native(|| {
        thread::spawn(|| {
            set("second", false);
            greenpatch::process::exit(5);
        })
    });
    let _ = native.join();
}

fn before_main_returns() {
    patch();
    start_the_first();
}

fn in_the_background() {
    patch();
    let starting = std::thread::spawn(|| {
        thread::spawn(|| {
            set("first", true);
            greenpatch::process::exit(4);
        });
    });
    starting.join().unwrap();
    // Then the thread has called exit.
    while !WAITING.load(Ordering::Acquire) {
        thread::yield_now();
    }
}

fn once_more() {
    struct Exits;
    impl Drop for Exits {
        fn drop(&mut self) {
            greenpatch::process::exit(5);
        }
    }
    greenpatch::thread_local!(static EXITS: Exits = const { Exits });
    patch();
    let _ = thread::spawn(|| {
        EXITS.with(|_| ());
        greenpatch::process::exit(4);
    })
    .join();
}

fn in_a_handler() {
    extern "C" fn handler() {
        greenpatch::process::exit(5);
    }
    patch();
    // SAFETY: the handler may be called at the end.
    assert_eq!(unsafe { libc::atexit(handler) }, 0);
    let _ = thread::spawn(|| greenpatch::process::exit(4)).join();
}

fn without_a_thread() {
    patch();
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = statm.split(' ').next().unwrap().parse().unwrap();
    if pages > 1 << 30 {
        // A sanitizer maps most of the address space, and does not work under a limit.
        greenpatch::process::exit(3);
    }
    let _ = thread::spawn(move || {
        let limit = libc::rlimit {
            rlim_cur: (pages << 12) + (1 << 20),
            rlim_max: libc::RLIM_INFINITY,
        };
        // SAFETY: a valid limit.
        let limited = unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limit) };
        assert_eq!(limited, 0);
        assert!(std::thread::Builder::new().spawn(|| ()).is_err());
        greenpatch::process::exit(3);
    })
    .join();
}

/// A value that shows whether it was destroyed, also to valgrind.
struct Alive(Box<AtomicU64>);

const ALIVE: u64 = 0x600d;

impl Alive {
    fn check(&self) {
        if self.0.load(Ordering::Relaxed) != ALIVE {
            std::eprintln!("a value was used that is gone");
            std::process::abort();
        }
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// Waits when destroyed, which is after the destruction of values that were made later.
struct Waits;

impl Drop for Waits {
    fn drop(&mut self) {
        for _ in 0..5 {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

std::thread_local! {
    static WAITS: Waits = const { Waits };
    static USED: Alive = Alive(Box::new(AtomicU64::new(ALIVE)));
}

/// Keeps using a value of main's OS thread, across waits.
fn use_it() {
    USED.with(|used| {
        loop {
            used.check();
            thread::sleep(Duration::from_micros(500));
            used.check();
        }
    });
}

fn start_users() {
    patch();
    WAITS.with(|_| ());
    thread::spawn(use_it);
    thread::yield_now();
}

fn exit_with_users() {
    start_users();
    let _ = thread::spawn(|| greenpatch::process::exit(3)).join();
}

fn std_exit_with_users() {
    start_users();
    let _ = thread::spawn(|| std::process::exit(3)).join();
}

fn root_exit_with_users() {
    start_users();
    std::process::exit(3);
}

fn return_with_users() {
    start_users();
}

fn main_inside() {
    patch();
    WAITS.with(|_| ());
    thread::spawn(|| {
        thread::yield_now();
        greenpatch::process::exit(3);
    });
    use_it();
}

fn started_after_main() {
    struct Starts;
    impl Drop for Starts {
        fn drop(&mut self) {
            thread::spawn(|| greenpatch::println!("started"))
                .join()
                .unwrap();
        }
    }
    std::thread_local!(static STARTS: Starts = const { Starts });
    patch();
    STARTS.with(|_| ());
    start_another();
}
