//! Random operations on futexes by green and native threads at once, from a seed that is printed. Each scenario is a process
//! of its own, this program run again.
#![allow(missing_docs)]
#![allow(unsafe_code)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::time::Duration;
use std::{io, ptr};

use greenpatch::thread;
use greenpatch_libc_tests::{WordLock, futex_wait, futex_wake, patch};
use greenpatch_tests::{Ended, Random, Runner};

fn main() {
    let mut runner = Runner::from_args();
    for (name, child) in SCENARIOS {
        runner.scenario(name, *child, |_| (), Ended::well);
    }
    runner.finish();
}

const SCENARIOS: &[(&str, fn())] = &[
    ("no wake is lost, and each is counted", each_wake_is_counted),
    ("no permit is lost", no_permit_is_lost),
    ("a fork in the middle", a_fork_in_the_middle),
    (
        "semaphores and futexes in signal handlers",
        in_signal_handlers,
    ),
    ("many share one word", many_share_one_word),
];

const WORDS: usize = 4;

struct State {
    words: [AtomicU32; WORDS],
    /// The waits that were woken, less the wakes that were counted.
    balance: AtomicI64,
    waits: AtomicU32,
}

fn futex(
    word: &AtomicU32,
    operation: libc::c_int,
    value: u32,
    time: *const libc::timespec,
    word2: &AtomicU32,
    value3: u32,
) -> i64 {
    let operation = operation | libc::FUTEX_PRIVATE_FLAG;
    // SAFETY: the words and the time outlive the call.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            operation,
            value,
            time,
            word2.as_ptr(),
            value3,
        )
    }
}

impl State {
    fn new() -> Arc<State> {
        Arc::new(State {
            words: [const { AtomicU32::new(0) }; WORDS],
            balance: AtomicI64::new(0),
            waits: AtomicU32::new(0),
        })
    }

    fn count(&self, woken: i64) {
        assert!(woken >= 0, "{}", io::Error::last_os_error());
        self.balance.fetch_sub(woken, Ordering::SeqCst);
    }

    /// One random operation.
    fn operate(&self, random: &mut Random) {
        let word = &self.words[random.below(WORDS as u64) as usize];
        let other = &self.words[random.below(WORDS as u64) as usize];
        let most = 1 + random.below(3) as u32;
        match random.below(16) {
            0..6 => self.wait(word, random),
            6..11 => {
                word.fetch_add(1, Ordering::SeqCst);
                self.count(futex_wake(word, most));
            }
            11 => {
                let mask = 1 << random.below(2);
                let wake = libc::FUTEX_WAKE_BITSET;
                self.count(futex(word, wake, most, ptr::null(), other, mask));
            }
            12 | 13 => {
                // Those that are moved are counted by the call, and woken at once by another one.
                let moves = ptr::without_provenance(random.below(4) as usize);
                let value = word.load(Ordering::SeqCst);
                let requeue = libc::FUTEX_CMP_REQUEUE;
                let wakes = most - 1;
                let result = futex(word, requeue, wakes, moves, other, value);
                if result < 0 {
                    let error = io::Error::last_os_error().raw_os_error();
                    assert_eq!(error, Some(libc::EAGAIN));
                } else {
                    // It does not say how many were woken: as many as could be.
                    self.count(result.min(wakes.into()));
                }
            }
            14 => {
                // Adds one to `other`, and wakes if it was greater than zero.
                let operation = (1 << 28) | (4 << 24) | (1 << 12);
                let one = ptr::without_provenance(1);
                self.count(futex(
                    word,
                    libc::FUTEX_WAKE_OP,
                    most,
                    one,
                    other,
                    operation,
                ));
            }
            _ => thread::yield_now(),
        }
    }

    fn wait(&self, word: &AtomicU32, random: &mut Random) {
        self.waits.fetch_add(1, Ordering::Relaxed);
        let value = word.load(Ordering::SeqCst);
        let timeout = match random.below(3) {
            0 => None,
            _ => Some(Duration::from_micros(random.below(500))),
        };
        let result = match random.below(2) {
            0 => futex_wait(word, value, timeout),
            _ => {
                let mask = 1 + random.below(3) as u32;
                let mut time = libc::timespec {
                    tv_sec: 0,
                    tv_nsec: 0,
                };
                // SAFETY: `time` is valid for the write.
                unsafe { libc::clock_gettime(libc::CLOCK_REALTIME, &raw mut time) };
                let until = Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
                    + timeout.unwrap_or_default();
                time.tv_sec = until.as_secs() as i64;
                time.tv_nsec = until.subsec_nanos().into();
                let time = match timeout {
                    None => ptr::null(),
                    Some(_) => &raw const time,
                };
                let wait = libc::FUTEX_WAIT_BITSET | libc::FUTEX_CLOCK_REALTIME;
                match futex(word, wait, value, time, word, mask) {
                    0 => Ok(()),
                    _ => Err(io::Error::last_os_error()),
                }
            }
        };
        match result.map_err(|error| error.raw_os_error()) {
            Ok(()) => {
                self.balance.fetch_add(1, Ordering::SeqCst);
            }
            Err(Some(libc::EAGAIN)) => {}
            Err(Some(libc::ETIMEDOUT)) => assert!(timeout.is_some()),
            Err(error) => panic!("{error:?}"),
        }
    }
}

/// Wakes all threads now and then, on an OS thread, so that those without a time go on.
fn supervise(state: &Arc<State>) -> (Arc<AtomicBool>, std::thread::JoinHandle<()>) {
    let is_over = Arc::new(AtomicBool::new(false));
    let thread = std::thread::spawn({
        let (state, is_over) = (state.clone(), is_over.clone());
        move || {
            while !is_over.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(1));
                for word in &state.words {
                    state.count(futex_wake(word, i32::MAX as u32));
                }
            }
        }
    });
    (is_over, thread)
}

fn torture(green: u64, native: u64, rounds: u32, middle: impl FnOnce()) -> Arc<State> {
    patch();
    let mut random = Random::new();
    let state = State::new();
    let (is_over, supervisor) = supervise(&state);
    let run = |seed: u64| {
        let state = state.clone();
        move || {
            let mut random = Random::seeded(seed);
            for _ in 0..rounds {
                state.operate(&mut random);
            }
        }
    };
    let native: Vec<_> = (0..native)
        .map(|_| std::thread::spawn(run(random.draw())))
        .collect();
    let green: Vec<_> = (0..green)
        .map(|_| thread::spawn(run(random.draw())))
        .collect();
    thread::sleep(Duration::from_millis(20));
    middle();
    for thread in green {
        thread.join().unwrap();
    }
    for thread in native {
        thread.join().unwrap();
    }
    is_over.store(true, Ordering::Relaxed);
    supervisor.join().unwrap();
    state
}

fn each_wake_is_counted() {
    let state = torture(24, 4, 3000, || ());
    println!("{} waits", state.waits.load(Ordering::Relaxed));
    assert_eq!(state.balance.load(Ordering::SeqCst), 0);
}

fn a_fork_in_the_middle() {
    let state = torture(8, 2, 2000, || {
        for _ in 0..5 {
            // SAFETY: what the child calls is under test; it ends without running what is registered for exit.
            let child = unsafe { libc::fork() };
            if child == 0 {
                // SAFETY: alarm has no preconditions.
                unsafe { libc::alarm(20) };
                let word = AtomicU32::new(0);
                let lock = WordLock::new();
                lock.lock();
                lock.unlock();
                let waited = futex_wait(&word, 0, Some(Duration::from_millis(2)));
                let error = waited.unwrap_err().raw_os_error();
                let is_right = error == Some(libc::ETIMEDOUT) && futex_wake(&word, 1) == 0;
                // SAFETY: nothing of the parent is dropped.
                unsafe { libc::_exit(i32::from(!is_right)) };
            }
            let mut status = -1;
            // SAFETY: it is a child of this process.
            assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
            assert_eq!(status, 0);
        }
    });
    assert_eq!(state.balance.load(Ordering::SeqCst), 0);
}

/// Each word is a count of permits: a take waits while it is zero.
fn no_permit_is_lost() {
    const ROUNDS: u32 = 3000;
    patch();
    let counts: Arc<[AtomicU32; 3]> = Arc::new([const { AtomicU32::new(0) }; 3]);
    let take = |count: &AtomicU32| {
        loop {
            let found = count.load(Ordering::Relaxed);
            if found == 0 {
                let _ = futex_wait(count, 0, None);
            } else if count
                .compare_exchange(found, found - 1, Ordering::Acquire, Ordering::Relaxed)
                .is_ok()
            {
                return;
            }
        }
    };
    let run = move |number: usize| {
        let counts = counts.clone();
        move || {
            let count = &counts[number % 3];
            for _ in 0..ROUNDS {
                match number / 3 % 2 {
                    0 => take(count),
                    _ => {
                        count.fetch_add(1, Ordering::Release);
                        futex_wake(count, 1);
                    }
                }
            }
        }
    };
    let native: Vec<_> = (0..6)
        .map(|number| std::thread::spawn(run(number)))
        .collect();
    let green: Vec<_> = (0..18).map(|number| thread::spawn(run(number))).collect();
    for thread in green {
        thread.join().unwrap();
    }
    for thread in native {
        thread.join().unwrap();
    }
}

static WORD: AtomicU32 = AtomicU32::new(0);
static HANDLED: AtomicU32 = AtomicU32::new(0);

struct Semaphore(std::cell::UnsafeCell<std::mem::MaybeUninit<libc::sem_t>>);

// SAFETY: a semaphore is used by several threads.
unsafe impl Sync for Semaphore {}

static SEMAPHORE: Semaphore =
    Semaphore(std::cell::UnsafeCell::new(std::mem::MaybeUninit::zeroed()));

fn in_signal_handlers() {
    extern "C" fn handler(_: libc::c_int) {
        HANDLED.fetch_add(1, Ordering::Relaxed);
        // SAFETY: it is initialized, and this is async-signal-safe.
        unsafe { libc::sem_post(SEMAPHORE.0.get().cast()) };
        WORD.fetch_add(1, Ordering::SeqCst);
        futex_wake(&WORD, i32::MAX as u32);
    }

    patch();
    let is_over = Arc::new(AtomicBool::new(false));
    // SAFETY: the place is valid for the write.
    unsafe { libc::sem_init(SEMAPHORE.0.get().cast(), 0, 0) };
    // SAFETY: the handler is one, and calls what is async-signal-safe.
    unsafe { libc::signal(libc::SIGUSR1, handler as *const () as libc::sighandler_t) };
    // SAFETY: pthread_self has no preconditions.
    let hub = unsafe { libc::pthread_self() };
    let sender = std::thread::spawn({
        let is_over = is_over.clone();
        move || {
            while !is_over.load(Ordering::Relaxed) {
                // SAFETY: the main thread lives as long as the process.
                unsafe { libc::pthread_kill(hub, libc::SIGUSR1) };
                std::thread::sleep(Duration::from_micros(50));
            }
        }
    });
    let locks = Arc::new([const { WordLock::new() }; 3]);
    let taken = Arc::new(AtomicU32::new(0));
    let threads: Vec<_> = (0..12)
        .map(|number| {
            let (locks, taken) = (locks.clone(), taken.clone());
            thread::spawn(move || {
                for round in 0..100 {
                    match number % 3 {
                        0 => {
                            // SAFETY: it is initialized.
                            assert_eq!(unsafe { libc::sem_wait(SEMAPHORE.0.get().cast()) }, 0);
                            taken.fetch_add(1, Ordering::Relaxed);
                        }
                        1 => {
                            let value = WORD.load(Ordering::SeqCst);
                            let _ = futex_wait(&WORD, value, None);
                        }
                        _ => {
                            let lock = &locks[round % 3];
                            lock.lock();
                            thread::yield_now();
                            lock.unlock();
                        }
                    }
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    is_over.store(true, Ordering::Relaxed);
    sender.join().unwrap();
    assert_eq!(taken.load(Ordering::Relaxed), 400);
    assert!(HANDLED.load(Ordering::Relaxed) >= 400);
}

fn many_share_one_word() {
    patch();
    let word = Arc::new(AtomicU32::new(0));
    let threads: Vec<_> = (0..1000)
        .map(|_| {
            let word = word.clone();
            thread::spawn(move || {
                while word.load(Ordering::Acquire) == 0 {
                    let _ = futex_wait(&word, 0, None);
                }
            })
        })
        .collect();
    thread::sleep(Duration::from_millis(20));
    word.store(1, Ordering::Release);
    assert_eq!(futex_wake(&word, i32::MAX as u32), 1000);
    for thread in threads {
        thread.join().unwrap();
    }
}
