//! Reports where something is in their way: a closed standard error, a fork, hubs that are held for long, subscribers that wake
//! threads. Each scenario is a process of its own, this program run again.
#![allow(missing_docs, unreachable_pub)]
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::mem::MaybeUninit;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use greenpatch::sync::{Mutex, mpsc};
use greenpatch::{BuilderExt, Deadlock, Patcher, Place, thread};
use greenpatch_tests::{Ended, Runner, Scenario};

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "a deadlock, and the standard error is closed",
        child: closed_standard_error,
        // It waits on, until its alarm.
        check: |ended| ended.by_signal(libc::SIGALRM),
    },
    Scenario {
        name: "a deadlock of workers, and the standard error is closed",
        child: closed_standard_error_of_workers,
        check: Ended::by_abort,
    },
    Scenario {
        name: "a deadlock, and a thread that cannot run has the lock of the standard error",
        child: locked_standard_error,
        check: Ended::by_abort,
    },
    Scenario {
        name: "a deadlock while cycles are looked for often",
        child: deadlock_with_cycles,
        check: |ended| {
            ended.by_abort();
            ended.said("greenpatch: deadlock: no thread of this process can run again");
        },
    },
    Scenario {
        name: "a report to a pipe that does not block",
        child: pipe_that_does_not_block,
        check: Ended::well,
    },
    Scenario {
        name: "a subscriber of the monitor wakes a thread",
        child: subscriber_wakes,
        check: |ended| {
            ended.well();
            assert_eq!(ended.stderr, "");
        },
    },
    Scenario {
        name: "a fork while another thread makes a dump",
        child: fork_during_a_dump,
        check: Ended::well,
    },
    Scenario {
        name: "forks while other threads list the hubs",
        child: forks_during_lists,
        check: Ended::well,
    },
    Scenario {
        name: "a hub that is held for many dumps",
        child: held_for_many_dumps,
        check: Ended::well,
    },
    Scenario {
        name: "a hub that has blocked the signal answers for no other one",
        child: blocked_signal,
        check: Ended::well,
    },
    Scenario {
        name: "the name of an OS thread that is cut off within a character",
        child: name_that_is_cut_off,
        check: Ended::well,
    },
];

/// Counts what is allocated.
struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: all is left to the allocator of the system.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as for this function.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
        // SAFETY: as for this function.
        unsafe { System.dealloc(address, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() {
    let mut runner = Runner::from_args();
    runner.scenarios(SCENARIOS);
    runner.finish();
}

fn apply(patcher: Patcher) {
    assert!(patcher.apply().unwrap().is_done());
}

/// Returns a pipe: the end to read, and the end to write.
fn pipe() -> [i32; 2] {
    let mut ends = [0; 2];
    // SAFETY: `ends` is valid for the write.
    assert_eq!(unsafe { libc::pipe(ends.as_mut_ptr()) }, 0);
    ends
}

/// Makes the standard error a pipe whose reader is gone.
fn close_standard_error() {
    let [reader, writer] = pipe();
    // SAFETY: they are descriptors of this process.
    assert_eq!(unsafe { libc::dup2(writer, libc::STDERR_FILENO) }, 2);
    // SAFETY: nothing else knows of it.
    unsafe { libc::close(reader) };
}

fn wait_for_ever() {
    let (_sender, receiver) = mpsc::channel::<()>();
    let _ = receiver.recv();
}

fn closed_standard_error() {
    apply(Patcher::new().on_deadlock(Deadlock::Report));
    close_standard_error();
    // SAFETY: alarm has no preconditions.
    unsafe { libc::alarm(2) };
    wait_for_ever();
}

fn closed_standard_error_of_workers() {
    apply(Patcher::new().workers(2).on_deadlock(Deadlock::Abort));
    close_standard_error();
    let _ = thread::spawn(wait_for_ever).join();
}

/// Its hub is one of two; either may find out.
fn locked_standard_error() {
    apply(Patcher::new().workers(2).on_deadlock(Deadlock::Abort));
    let locks = [0, 1].map(|number| {
        let builder = thread::Builder::new().place(Place::Worker(number));
        let body = move || {
            let _lock = (number == 0).then(|| std::io::stderr().lock());
            wait_for_ever();
        };
        builder.spawn(body).unwrap()
    });
    for thread in locks {
        let _ = thread.join();
    }
}

/// Each look wakes the hubs, which look at the process once nothing has come for a while.
fn deadlock_with_cycles() {
    let cycles = Patcher::new().cycles(Duration::from_millis(20));
    apply(cycles.on_deadlock(Deadlock::Abort));
    let locks: Arc<[Mutex<()>; 2]> = Arc::default();
    let threads = [[0, 1], [1, 0]].map(|[first, second]| {
        let locks = Arc::clone(&locks);
        thread::spawn(move || {
            let _first = locks[first].lock();
            thread::yield_now();
            drop(locks[second].lock());
        })
    });
    for thread in threads {
        let _ = thread.join();
    }
}

/// Several times as much as the pipe holds comes whole.
fn pipe_that_does_not_block() {
    const THREADS: usize = 3_000;
    apply(Patcher::new().dump_on_signal(libc::SIGUSR1));
    let [reader, writer] = pipe();
    // SAFETY: they are descriptors of this process.
    assert_eq!(unsafe { libc::dup2(writer, libc::STDERR_FILENO) }, 2);
    // SAFETY: as above.
    unsafe { libc::fcntl(libc::STDERR_FILENO, libc::F_SETFL, libc::O_NONBLOCK) };
    for number in 0..THREADS {
        let builder = thread::Builder::new().name(format!("number {number}"));
        builder.spawn(thread::park).unwrap();
    }
    let last = format!("\"number {}\"", THREADS - 1);
    let reads = std::thread::spawn(move || {
        let mut text = Vec::new();
        while !String::from_utf8_lossy(&text).contains(&last) {
            std::thread::sleep(Duration::from_millis(1));
            let mut bytes = [0; 1 << 16];
            // SAFETY: the place is valid for the write.
            let count = unsafe { libc::read(reader, bytes.as_mut_ptr().cast(), bytes.len()) };
            text.extend_from_slice(&bytes[..usize::try_from(count).unwrap()]);
        }
    });
    // SAFETY: the signal has a handler.
    unsafe { libc::raise(libc::SIGUSR1) };
    while !reads.is_finished() {
        thread::sleep(Duration::from_millis(1));
    }
    reads.join().unwrap();
}

/// The monitor's OS thread only looks at others, except while it calls a subscriber.
fn subscriber_wakes() {
    let (sender, receiver) = mpsc::channel();
    let subscription = greenpatch::events::on_hub_blocked(move |_| {
        std::thread::sleep(Duration::from_millis(700));
        sender.send(1).unwrap();
        Ok(())
    });
    let monitor = Patcher::new().monitor(Duration::from_millis(20));
    apply(monitor.on_deadlock(Deadlock::Abort));
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(100) {
        std::hint::spin_loop();
    }
    thread::yield_now();
    assert_eq!(receiver.recv(), Ok(1));
    subscription.unsubscribe();
}

/// Another thread makes a dump for as long as this hub does not answer.
fn fork_during_a_dump() {
    apply(Patcher::new());
    let begins = Arc::new(AtomicBool::new(false));
    let begun = Arc::clone(&begins);
    let dumps = std::thread::spawn(move || {
        begun.store(true, Ordering::Release);
        greenpatch::dump()
    });
    while !begins.load(Ordering::Acquire) {
        std::hint::spin_loop();
    }
    std::thread::sleep(Duration::from_millis(50));
    dump_in_a_child();
    drop(dumps.join().unwrap());
}

/// Forks, and has the child make a dump, which ends.
fn dump_in_a_child() {
    // SAFETY: other OS threads hold nothing that a dump needs; that is what is tested.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: alarm has no preconditions.
        unsafe { libc::alarm(20) };
        let has_hubs = !greenpatch::dump().hubs.is_empty();
        // SAFETY: it ends the process.
        unsafe { libc::_exit(i32::from(has_hubs)) };
    }
    let mut status = 0;
    // SAFETY: `status` is valid for the write.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status & 0x7f, 0, "the child hangs");
}

fn forks_during_lists() {
    apply(Patcher::new());
    let is_over = Arc::new(AtomicBool::new(false));
    let lists = [(); 3].map(|()| {
        let is_over = Arc::clone(&is_over);
        std::thread::spawn(move || {
            while !is_over.load(Ordering::Relaxed) {
                std::hint::black_box(greenpatch::stats());
            }
        })
    });
    for _ in 0..300 {
        dump_in_a_child();
    }
    is_over.store(true, Ordering::Relaxed);
    for lists in lists {
        lists.join().unwrap();
    }
}

/// The hub does not make up for the dumps that have given it up.
fn held_for_many_dumps() {
    const THREADS: usize = 2_000;
    apply(Patcher::new());
    let handles: Vec<_> = (0..THREADS)
        .map(|number| {
            let builder = thread::Builder::new().name(number.to_string());
            builder.spawn(thread::park).unwrap()
        })
        .collect();
    thread::yield_now();
    let dumps = std::thread::spawn(|| {
        for _ in 0..3 {
            assert!(greenpatch::dump().hubs[0].is_held);
        }
    });
    while !dumps.is_finished() {
        std::hint::spin_loop();
    }
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    thread::yield_now();
    let allocations = ALLOCATIONS.load(Ordering::Relaxed) - before;
    assert!(allocations < THREADS, "{allocations}");
    dumps.join().unwrap();
    for handle in handles {
        handle.thread().unpark();
        handle.join().unwrap();
    }
}

/// Blocks or unblocks the signal by which a dump finds out what runs.
fn mask_signal(how: i32) {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `set` is valid for the write.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    // SAFETY: the call before has written it.
    unsafe { libc::sigaddset(set.as_mut_ptr(), libc::SIGURG) };
    // SAFETY: as above.
    unsafe { libc::pthread_sigmask(how, set.as_ptr(), std::ptr::null_mut()) };
}

/// Both hubs have blocked it. The first gets it while the second is asked.
fn blocked_signal() {
    apply(Patcher::new().workers(2));
    let is_over = Arc::new(AtomicBool::new(false));
    let held = Arc::new(AtomicUsize::new(0));
    let threads = [0, 1].map(|number| {
        let (is_over, held) = (Arc::clone(&is_over), Arc::clone(&held));
        let builder = thread::Builder::new().name(format!("on {number}"));
        let builder = builder.place(Place::Worker(number));
        let body = move || {
            mask_signal(libc::SIG_BLOCK);
            held.fetch_add(1, Ordering::Release);
            let begun = Instant::now();
            while !is_over.load(Ordering::Acquire) {
                // The hubs are waited for until 200 milliseconds, the first is asked until 300, the second until 400.
                if number == 0 && begun.elapsed() > Duration::from_millis(350) {
                    mask_signal(libc::SIG_UNBLOCK);
                }
            }
            mask_signal(libc::SIG_UNBLOCK);
        };
        builder.spawn(body).unwrap()
    });
    while held.load(Ordering::Acquire) < 2 {
        std::thread::sleep(Duration::from_millis(1));
    }
    let dump = greenpatch::dump();
    is_over.store(true, Ordering::Release);
    for thread in threads {
        thread.join().unwrap();
    }
    for (number, hub) in dump.hubs.iter().enumerate() {
        let name = hub
            .running
            .as_ref()
            .and_then(|running| running.name.clone());
        let own = format!("on {number}");
        assert!(name.as_ref().is_none_or(|name| *name == own), "{dump}");
    }
}

fn name_that_is_cut_off() {
    // Two bytes each. The OS keeps fifteen of them.
    let builder = std::thread::Builder::new().name("é".repeat(8));
    let (sender, receiver) = mpsc::channel();
    let parks = builder.spawn(move || {
        sender.send(thread::current()).unwrap();
        thread::park();
    });
    let thread = receiver.recv().unwrap();
    let name = loop {
        if let Some(seen) = greenpatch::dump().os_threads.pop() {
            break seen.name;
        }
    };
    assert!(name.is_some_and(|name| name.starts_with("ééééééé")));
    thread.unpark();
    parks.unwrap().join().unwrap();
}
