//! The parking lot knows nothing of how threads block: here threads that take turns, as on a hub, share
//! it with native ones, and with threads that are woken all the time for no reason.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use super::raw_mutex::RawMutex;
use crate::wait::native::Native;
use crate::wait::park::{self, Outcome, Park, Wait};
use crate::wait::parking_lot::{Address, Gate, Waiter, with_queue};
use crate::wait::queue::Verdict;

/// A scheduler on which one thread runs at a time, until it blocks or yields.
#[derive(Default)]
struct Turns {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    running: Option<usize>,
    ready: VecDeque<usize>,
    parked: Vec<usize>,
    tokens: Vec<usize>,
}

impl Turns {
    /// Runs the bodies, in turns.
    fn run(bodies: Vec<Box<dyn FnOnce(&Turn) + Send>>) {
        let turns = Arc::new(Turns::default());
        let children: Vec<_> = bodies
            .into_iter()
            .enumerate()
            .map(|(number, body)| {
                let turn = Turn {
                    turns: turns.clone(),
                    number,
                };
                turns.state.lock().unwrap().ready.push_back(number);
                thread::spawn(move || {
                    turn.wait_for_turn();
                    body(&turn);
                    turn.turns.next(|_| ());
                })
            })
            .collect();
        turns.next(|_| ());
        for child in children {
            child.join().unwrap();
        }
    }

    /// Lets the next one run.
    fn next(&self, before: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap();
        before(&mut state);
        self.hand_on(&mut state);
    }

    fn hand_on(&self, state: &mut State) {
        state.running = state.ready.pop_front();
        self.changed.notify_all();
    }
}

/// One thread of them.
struct Turn {
    turns: Arc<Turns>,
    number: usize,
}

impl Turn {
    fn wait_for_turn(&self) {
        let state = self.turns.state.lock().unwrap();
        let changed = &self.turns.changed;
        drop(
            changed
                .wait_while(state, |state| state.running != Some(self.number))
                .unwrap(),
        );
    }

    fn yield_now(&self) {
        self.turns.next(|state| state.ready.push_back(self.number));
        self.wait_for_turn();
    }

    fn lock(&self, mutex: &RawMutex) {
        mutex.lock_contended(|wait| park::wait(self, wait));
    }
}

impl Park for Turn {
    fn waker(&self) -> Waker {
        Waker::from(Arc::new(TurnWaker {
            turns: self.turns.clone(),
            number: self.number,
        }))
    }

    fn park(&self, deadline: Option<Instant>) {
        assert!(deadline.is_none());
        let mut state = self.turns.state.lock().unwrap();
        if let Some(at) = state.tokens.iter().position(|&n| n == self.number) {
            state.tokens.remove(at);
            return;
        }
        // Under the same lock: a token that came in between would lie there while the thread waits.
        state.parked.push(self.number);
        self.turns.hand_on(&mut state);
        drop(state);
        self.wait_for_turn();
    }
}

struct TurnWaker {
    turns: Arc<Turns>,
    number: usize,
}

impl Wake for TurnWaker {
    fn wake(self: Arc<Self>) {
        let mut state = self.turns.state.lock().unwrap();
        if let Some(at) = state.parked.iter().position(|&n| n == self.number) {
            state.parked.remove(at);
            state.ready.push_back(self.number);
        } else {
            state.tokens.push(self.number);
        }
        if state.running.is_none() {
            state.running = state.ready.pop_front();
            self.turns.changed.notify_all();
        }
    }
}

/// Wakes up all the time.
struct Restless;

impl Park for Restless {
    fn waker(&self) -> Waker {
        Waker::noop().clone()
    }

    fn park(&self, _deadline: Option<Instant>) {
        thread::yield_now();
    }
}

/// Ends the process if a test hangs.
struct Watchdog(Arc<AtomicBool>);

impl Watchdog {
    fn new() -> Watchdog {
        let done = Arc::new(AtomicBool::new(false));
        let watched = done.clone();
        thread::spawn(move || {
            let start = Instant::now();
            while !watched.load(Ordering::Relaxed) {
                if start.elapsed() > Duration::from_secs(60) {
                    eprintln!("watchdog: a test of the parking lot hangs");
                    std::process::abort();
                }
                thread::sleep(Duration::from_millis(100));
            }
        });
        Watchdog(done)
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Waits until it is told to stop.
struct Stop<'a>(&'a AtomicBool);

impl Gate for Stop<'_> {
    fn validate(&self, _impatient: bool) -> bool {
        !self.0.load(Ordering::Relaxed)
    }
}

fn length(address: Address) -> usize {
    with_queue(address, |queue| queue.iter().count())
}

/// On a scheduler without interruption a thread that lets go of a mutex and takes it again at once is
/// overtaken by one that waits, after that has been woken in vain once.
#[test]
fn a_greedy_thread_starves_nobody() {
    let _dog = Watchdog::new();
    let mutex = Arc::new(RawMutex::new());
    let (rounds, done) = (
        Arc::new(AtomicU32::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let greedy = {
        let (mutex, rounds, done) = (mutex.clone(), rounds.clone(), done.clone());
        move |turn: &Turn| {
            while !done.load(Ordering::Relaxed) {
                turn.lock(&mutex);
                rounds.fetch_add(1, Ordering::Relaxed);
                // The others find it held whenever they run.
                turn.yield_now();
                mutex.unlock();
            }
        }
    };
    let modest = move |turn: &Turn| {
        for _ in 0..100 {
            let before = rounds.load(Ordering::Relaxed);
            turn.lock(&mutex);
            let after = rounds.load(Ordering::Relaxed);
            assert!(after - before <= 3, "overtaken {} times", after - before);
            mutex.unlock();
            turn.yield_now();
        }
        done.store(true, Ordering::Relaxed);
    };
    Turns::run(vec![Box::new(greedy), Box::new(modest)]);
}

/// Many that hold the mutex while others run: it excludes, and goes round.
#[test]
fn threads_that_take_turns_exclude_each_other() {
    let _dog = Watchdog::new();
    let mutex = Arc::new(RawMutex::new());
    let holder = Arc::new(AtomicU32::new(u32::MAX));
    let body = |number: u32| -> Box<dyn FnOnce(&Turn) + Send> {
        let (mutex, holder) = (mutex.clone(), holder.clone());
        Box::new(move |turn| {
            for _ in 0..50 {
                turn.lock(&mutex);
                assert_eq!(holder.swap(number, Ordering::Relaxed), u32::MAX);
                turn.yield_now();
                assert_eq!(holder.swap(u32::MAX, Ordering::Relaxed), number);
                mutex.unlock();
            }
        })
    };
    Turns::run((0..6).map(body).collect());
}

/// Threads of three kinds on one mutex.
#[test]
fn kinds_of_threads_mix() {
    let _dog = Watchdog::new();
    let mutex = Arc::new(RawMutex::new());
    let (count, inside) = (
        Arc::new(AtomicU32::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let critical = {
        let (count, inside) = (count.clone(), inside.clone());
        move |pause: &dyn Fn()| {
            assert!(!inside.swap(true, Ordering::Relaxed));
            count.fetch_add(1, Ordering::Relaxed);
            pause();
            inside.store(false, Ordering::Relaxed);
        }
    };
    let others: Vec<_> = [true, false, true, false]
        .map(|native| {
            let (mutex, critical) = (mutex.clone(), critical.clone());
            thread::spawn(move || {
                for _ in 0..200 {
                    if native {
                        mutex.lock_contended(|wait| park::wait(&Native::current(), wait));
                    } else {
                        mutex.lock_contended(|wait| park::wait(&Restless, wait));
                    }
                    critical(&thread::yield_now);
                    mutex.unlock();
                }
            })
        })
        .into();
    let body = |_| -> Box<dyn FnOnce(&Turn) + Send> {
        let (mutex, critical) = (mutex.clone(), critical.clone());
        Box::new(move |turn| {
            for _ in 0..200 {
                turn.lock(&mutex);
                critical(&|| turn.yield_now());
                mutex.unlock();
            }
        })
    };
    Turns::run((0..3).map(body).collect());
    for other in others {
        other.join().unwrap();
    }
    assert_eq!(count.load(Ordering::Relaxed), 7 * 200);
}

/// Waiters are woken in order of arrival, native and green alike.
#[test]
fn order_of_arrival_is_kept() {
    let _dog = Watchdog::new();
    let stopped = Arc::new(AtomicBool::new(false));
    let address = Address::of(&*stopped);
    let woken = Arc::new(Mutex::new(Vec::new()));
    let children: Vec<_> = (0..8)
        .map(|number| {
            let (stopped, woken) = (stopped.clone(), woken.clone());
            let child = thread::spawn(move || {
                let waiter = Waiter::new(Address::of(&*stopped), number, Stop(&stopped));
                let wait = Wait::new(&waiter, None);
                let outcome = if number % 2 == 0 {
                    park::wait(&Native::current(), &wait)
                } else {
                    park::wait(&Restless, &wait)
                };
                assert_eq!(outcome, Outcome::Woken);
                assert_eq!(waiter.verdict(), Verdict::HANDED);
                woken.lock().unwrap().push(number);
            });
            while length(address) <= number as usize {
                thread::yield_now();
            }
            child
        })
        .collect();
    for (number, child) in children.into_iter().enumerate() {
        with_queue(address, |queue| {
            assert_eq!(queue.front().map(|node| node.want), Some(number as u32));
            assert!(queue.wake(Verdict::HANDED));
        });
        child.join().unwrap();
    }
    assert_eq!(*woken.lock().unwrap(), (0..8).collect::<Vec<_>>());
    assert_eq!(length(address), 0);
    assert!(!with_queue(address, |queue| queue.wake(Verdict::WOKEN)));
}

/// A thread that was woken and waits again comes before those that came after it.
#[test]
fn a_loser_keeps_its_place() {
    let _dog = Watchdog::new();
    let stopped = AtomicBool::new(false);
    let address = Address::of(&stopped);
    thread::scope(|s| {
        let again = s.spawn(|| {
            let waiter = Waiter::new(address, 0, Stop(&stopped));
            for verdict in [Verdict::WOKEN, Verdict::HANDED] {
                park::wait(&Restless, &Wait::new(&waiter, None));
                assert_eq!(waiter.verdict(), verdict);
            }
        });
        while length(address) < 1 {
            thread::yield_now();
        }
        for number in 1..4 {
            s.spawn(move || {
                let never = AtomicBool::new(false);
                let waiter = Waiter::new(address, number, Stop(&never));
                park::wait(&Native::current(), &Wait::new(&waiter, None));
            });
            while length(address) <= number as usize {
                thread::yield_now();
            }
        }
        with_queue(address, |queue| queue.wake(Verdict::WOKEN));
        while length(address) < 4 {
            thread::yield_now();
        }
        with_queue(address, |queue| {
            let waiting: Vec<_> = queue.iter().map(|node| node.want).collect();
            assert_eq!(waiting, [0, 1, 2, 3]);
            // Restless threads are patient once.
            assert!(queue.front().is_some_and(|node| node.impatient()));
            queue.wake(Verdict::HANDED);
            queue.wake_all();
        });
        again.join().unwrap();
    });
}

/// Whose deadline passes leaves the queue, wherever it stands in it, and tells the gate.
#[test]
fn the_late_leave() {
    let _dog = Watchdog::new();

    struct Leaving<'a>(&'a Mutex<Vec<bool>>);
    impl Gate for Leaving<'_> {
        fn validate(&self, _impatient: bool) -> bool {
            true
        }
        fn timed_out(&self, empty: bool) {
            self.0.lock().unwrap().push(empty);
        }
    }

    let left = Mutex::new(Vec::new());
    let address = Address::of(&left);
    let wait = |number, deadline| {
        let waiter = Waiter::new(address, number, Leaving(&left));
        park::wait(&Native::current(), &Wait::new(&waiter, deadline))
    };
    thread::scope(|s| {
        let first = s.spawn(|| wait(0, None));
        while length(address) < 1 {
            thread::yield_now();
        }
        let deadline = Instant::now() + Duration::from_millis(20);
        for number in 1..4 {
            assert_eq!(wait(number, Some(deadline)), Outcome::TimedOut);
            assert!(Instant::now() >= deadline);
        }
        assert_eq!(length(address), 1);
        assert_eq!(*left.lock().unwrap(), [false; 3]);
        with_queue(address, |queue| queue.wake_all());
        assert_eq!(first.join().unwrap(), Outcome::Woken);
    });
    assert_eq!(wait(4, Some(Instant::now())), Outcome::TimedOut);
    assert_eq!(*left.lock().unwrap(), [false, false, false, true]);
}

/// Wakeups race with deadlines: a waiter that was woken is counted once, one that timed out is not.
#[test]
fn wakes_race_with_deadlines() {
    let _dog = Watchdog::new();
    let stopped = AtomicBool::new(false);
    let address = Address::of(&stopped);
    let (woken, given) = (AtomicU32::new(0), AtomicU32::new(0));
    thread::scope(|s| {
        let waiters: Vec<_> = (0..4)
            .map(|number| {
                let (stopped, woken) = (&stopped, &woken);
                s.spawn(move || {
                    for round in 0..2_000_u64 {
                        let waiter = Waiter::new(address, number, Stop(stopped));
                        let deadline = Instant::now() + Duration::from_nanos(round * 37 % 20_000);
                        let wait = Wait::new(&waiter, Some(deadline));
                        if park::wait(&Native::current(), &wait) == Outcome::Woken {
                            woken.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                })
            })
            .collect();
        while waiters.iter().any(|waiter| !waiter.is_finished()) {
            if with_queue(address, |queue| queue.wake(Verdict::WOKEN)) {
                given.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    assert_eq!(woken.into_inner(), given.into_inner());
    assert_eq!(length(address), 0);
}
