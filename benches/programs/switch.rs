//! Threads that do nothing but let each other run.

use std::hint::black_box;
use std::io;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use super::Lap;

/// `threads` of them yield; one of them, `rounds` times while it counts.
pub fn shallow(threads: usize, rounds: u64) -> Lap {
    race(threads, rounds, thread::yield_now)
}

/// The same, called through three frames that have something left to do.
pub fn deep(threads: usize, rounds: u64) -> Lap {
    race(threads, rounds, || {
        black_box(outer(black_box(1)));
    })
}

fn race<Y>(threads: usize, rounds: u64, give_way: Y) -> Lap
where
    Y: Fn() + Copy + Send + 'static,
{
    let shared = Arc::new((Barrier::new(threads), Phase::default()));
    let all = (0..threads)
        .map(|number| {
            let shared = Arc::clone(&shared);
            thread::Builder::new().spawn(move || {
                let (start, phase) = &*shared;
                start.wait();
                let mut turns = Turns::new(phase, (number == 0).then_some(rounds));
                while turns.go_on() {
                    give_way();
                }
                turns.counted()
            })
        })
        .collect::<io::Result<Vec<_>>>()?;
    let counted = all
        .into_iter()
        .map(|thread| thread.join().expect("it does not panic"));
    Ok(counted.fold((Duration::ZERO, 0), add))
}

/// Adds up what threads have counted: one of them has the time.
pub fn add(one: (Duration, u64), other: (Duration, u64)) -> (Duration, u64) {
    (one.0 + other.0, one.1 + other.1)
}

/// What counts: nothing yet, the turns from now on, or none any more.
#[derive(Default)]
pub struct Phase(AtomicU8);

const WARM: u8 = 0;
const COUNTED: u8 = 1;
const OVER: u8 = 2;

/// The turns of one thread. All threads run the same code. One of them, which has a number of rounds, measures the time
/// of its own turns.
pub struct Turns<'a> {
    phase: &'a Phase,
    seen: u8,
    taken: u64,
    /// How many had been taken when they began to count.
    uncounted: u64,
    /// When the one that leads has something to say.
    mark: u64,
    rounds: u64,
    start: Option<Instant>,
    time: Duration,
}

impl<'a> Turns<'a> {
    /// Creates the turns of a thread, which leads if it has a number of rounds.
    pub fn new(phase: &'a Phase, lead: Option<u64>) -> Self {
        Turns {
            phase,
            seen: WARM,
            taken: 0,
            uncounted: 0,
            mark: lead.map_or(u64::MAX, |rounds| rounds / 4 + 1),
            rounds: lead.unwrap_or(0),
            start: None,
            time: Duration::ZERO,
        }
    }

    /// Counts a turn, and says whether there is to be one.
    #[inline]
    pub fn go_on(&mut self) -> bool {
        if self.taken == self.mark {
            self.lead();
        }
        let phase = self.phase.0.load(Ordering::Relaxed);
        if phase != self.seen && self.is_over(phase) {
            return false;
        }
        self.taken += 1;
        true
    }

    /// How long the turns took that count, as far as this thread knows, and how many it took.
    pub fn counted(self) -> (Duration, u64) {
        (self.time, self.taken - self.uncounted)
    }

    #[cold]
    fn lead(&mut self) {
        match self.start {
            None => {
                self.mark += self.rounds;
                self.phase.0.store(COUNTED, Ordering::Relaxed);
                self.start = Some(Instant::now());
            }
            Some(start) => {
                self.time = start.elapsed();
                self.phase.0.store(OVER, Ordering::Relaxed);
            }
        }
    }

    #[cold]
    fn is_over(&mut self, phase: u8) -> bool {
        if self.seen == WARM {
            self.uncounted = self.taken;
        }
        self.seen = phase;
        phase == OVER
    }
}

#[inline(never)]
fn outer(number: u64) -> u64 {
    middle(black_box(number)) + 1
}

#[inline(never)]
fn middle(number: u64) -> u64 {
    inner(black_box(number)) ^ 2
}

#[inline(never)]
fn inner(number: u64) -> u64 {
    thread::yield_now();
    black_box(number) + 3
}
