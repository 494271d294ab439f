//! The lower bound: coroutines of corosensei that are resumed one after the other, without a scheduler.
//!
//! The stacks of corosensei are mapped one by one, which fails near 32,000 of them. These are pieces of one mapping. Their
//! tops are aligned to pages, as those of corosensei, or staggered as those of greenpatch, which causes fewer cache misses.
//!
//! Invariants:
//! 1. A slab is mapped until the process ends, and each of its pieces is the stack of one coroutine at a time.
//! 2. There are no guard pages. The bodies in this file have a few frames of a few words, far less than `PIECE`.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::hint::black_box;
use std::io;
use std::num::NonZeroUsize;
use std::time::Instant;

use corosensei::stack::{Stack, StackPointer};
use corosensei::{Coroutine, CoroutineResult, Yielder};
use greenpatch_bench_native::Lap;

/// The size of a stack in bytes.
const PIECE: usize = 64 << 10;

/// One piece of a slab.
struct Piece {
    limit: NonZeroUsize,
    /// The number of bytes by which its top is lower.
    stagger: usize,
}

// SAFETY: by invariant 2, in place of a guard page. `map` returns pieces of `PIECE` bytes, aligned to pages, and the stagger
// at the top is a multiple of 64 below 1,024.
unsafe impl Stack for Piece {
    fn base(&self) -> StackPointer {
        let base = self.limit.get() + PIECE - self.stagger;
        NonZeroUsize::new(base).expect("it is above the limit")
    }

    fn limit(&self) -> StackPointer {
        self.limit
    }
}

thread_local! {
    /// The stacks that a lap leaves to the next one.
    static STACKS: Cell<Vec<Piece>> = const { Cell::new(Vec::new()) };
}

fn map(count: usize, stagger: usize) -> io::Result<Vec<Piece>> {
    // SAFETY: a new anonymous mapping, at an address that the kernel chooses.
    let slab = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            count * PIECE,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
            -1,
            0,
        )
    };
    if slab == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the range was just mapped. Huge pages would make an entire stack resident.
    unsafe { libc::madvise(slab, count * PIECE, libc::MADV_NOHUGEPAGE) };
    let piece = |number| {
        let limit = slab.addr() + number * PIECE;
        Piece {
            limit: NonZeroUsize::new(limit).expect("nothing is mapped at zero"),
            stagger: number % 16 * stagger,
        }
    };
    Ok((0..count).map(piece).collect())
}

/// A coroutine that yields forever.
type Endless = Coroutine<(), (), (), Piece>;

pub(crate) fn shallow(coroutines: usize, rounds: u64, stagger: usize) -> Lap {
    race(coroutines, rounds, stagger, |yielder| yielder.suspend(()))
}

pub(crate) fn deep(coroutines: usize, rounds: u64, stagger: usize) -> Lap {
    race(coroutines, rounds, stagger, |yielder| {
        black_box(outer(yielder, black_box(1)));
    })
}

fn race<Y>(coroutines: usize, rounds: u64, stagger: usize, give_way: Y) -> Lap
where
    Y: Fn(&Yielder<(), ()>) + Copy + 'static,
{
    let mut coroutines: Vec<Endless> = map(coroutines, stagger)?
        .into_iter()
        .map(|stack| {
            Coroutine::with_stack(stack, move |yielder, ()| {
                loop {
                    give_way(yielder);
                }
            })
        })
        .collect();
    turn(&mut coroutines, rounds / 4 + 1);
    let start = Instant::now();
    turn(&mut coroutines, rounds);
    let time = start.elapsed();
    let switches = rounds * coroutines.len() as u64;
    // Dropping a suspended coroutine unwinds it.
    std::mem::forget(coroutines);
    Ok((time, switches))
}

fn turn(coroutines: &mut [Endless], rounds: u64) {
    for _ in 0..rounds {
        for coroutine in &mut *coroutines {
            coroutine.resume(());
        }
    }
}

pub(crate) fn spawn_join(alive: usize, total: usize) -> Lap {
    let mut stacks = match STACKS.take() {
        stacks if stacks.len() == alive => stacks,
        _ => map(alive, 0)?,
    };
    let mut running: Vec<Coroutine<(), (), u64, Piece>> = Vec::with_capacity(alive);
    let mut sum = 0;
    let start = Instant::now();
    for turn in 0..total / alive {
        for coroutine in 0..alive {
            let number = black_box((turn * alive + coroutine) as u64);
            let stack = stacks.pop().expect("there is one for each");
            running.push(Coroutine::with_stack(stack, move |_, ()| number + 1));
        }
        for mut coroutine in running.drain(..) {
            let CoroutineResult::Return(number) = coroutine.resume(()) else {
                unreachable!("it does not yield")
            };
            sum += number;
            stacks.push(coroutine.into_stack());
        }
    }
    let time = start.elapsed();
    STACKS.set(stacks);
    let total = (total / alive * alive) as u64;
    if sum != total * (total + 1) / 2 {
        return Err(io::Error::other("the coroutines returned something else"));
    }
    Ok((time, total))
}

#[inline(never)]
fn outer(yielder: &Yielder<(), ()>, number: u64) -> u64 {
    middle(yielder, black_box(number)) + 1
}

#[inline(never)]
fn middle(yielder: &Yielder<(), ()>, number: u64) -> u64 {
    inner(yielder, black_box(number)) ^ 2
}

#[inline(never)]
fn inner(yielder: &Yielder<(), ()>, number: u64) -> u64 {
    yielder.suspend(());
    black_box(number) + 3
}
