//! What a patch point costs, each beside its baseline: the same function without the attribute.
//!
//! In a loop of a nanosecond the place of the loop in memory decides as much as a check does. So each
//! call stands in eight loops at different places; criterion is given their mean, and after it the
//! spread over the eight is printed.
#![allow(missing_docs)]

use std::cell::Cell;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};

#[inline(never)]
fn plain(a: u64, b: u64) -> u64 {
    black_box(a) ^ b
}

#[greenpatch::patchable]
#[inline(never)]
fn unpatched(a: u64, b: u64) -> u64 {
    black_box(a) ^ b
}

#[greenpatch::patchable]
#[inline(never)]
fn patched(_: u64, _: u64) -> u64 {
    unreachable!("this bench replaces it")
}

/// As a user writes it: with no word on inlining, around a body that is not inlined.
fn ordinary_plain(a: u64, b: u64) -> u64 {
    plain(a, b).wrapping_add(1)
}

#[greenpatch::patchable]
fn ordinary(a: u64, b: u64) -> u64 {
    plain(a, b).wrapping_add(1)
}

#[inline]
fn inlined_plain(a: u64, b: u64) -> u64 {
    a.wrapping_mul(3) ^ b
}

#[greenpatch::patchable]
#[inline]
fn inlined(a: u64, b: u64) -> u64 {
    a.wrapping_mul(3) ^ b
}

struct Counter(u64);

static COUNTER: Counter = Counter(3);

impl Counter {
    #[inline(never)]
    fn plain(&self, b: u64) -> u64 {
        black_box(self.0) ^ b
    }
}

#[greenpatch::patchable]
impl Counter {
    #[inline(never)]
    fn unpatched(&self, b: u64) -> u64 {
        black_box(self.0) ^ b
    }

    #[inline(never)]
    fn patched(&self, _: u64) -> u64 {
        unreachable!("this bench replaces it")
    }
}

#[inline(never)]
fn generic_plain<T: Copy + Into<u64>>(a: T, b: u64) -> u64 {
    black_box(a).into() ^ b
}

#[greenpatch::patchable]
#[inline(never)]
fn generic<T: Copy + Into<u64>>(a: T, b: u64) -> u64 {
    black_box(a).into() ^ b
}

#[greenpatch::patchable]
#[inline(never)]
fn generic_patched<T: Copy + Into<u64>>(a: T, b: u64) -> u64 {
    unreachable!("this bench replaces it: {} {b}", a.into())
}

async fn async_plain(a: u64, b: u64) -> u64 {
    black_box(a) ^ b
}

#[greenpatch::patchable]
async fn async_unpatched(a: u64, b: u64) -> u64 {
    black_box(a) ^ b
}

/// What a future that never waits resolves to. Inlined, for moving a future takes more time than all
/// else here.
#[inline(always)]
fn ready<R>(future: impl Future<Output = R>) -> R {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("it waits for nothing"),
    }
}

std::thread_local!(static STD_LOCAL: Cell<u64> = const { Cell::new(0) });
greenpatch::thread_local!(static OUR_LOCAL: Cell<u64> = const { Cell::new(0) });

/// The same loop at different places; it goes round as often as its argument says.
type Sites = [fn(u64); 8];

/// The loops around one call. What stands before the loop is of another length in each, so that neither
/// is one loop put in the place of another, nor are all of them at the same place in a cache line.
macro_rules! sites {
    ($call:expr) => {
        [
            sites!(0, $call),
            sites!(1, $call),
            sites!(2, $call),
            sites!(4, $call),
            sites!(7, $call),
            sites!(13, $call),
            sites!(19, $call),
            sites!(31, $call),
        ]
    };
    ($before:literal, $call:expr) => {
        |times| {
            black_box([times as u8; $before]);
            for time in 0..times {
                black_box($call(time));
            }
        }
    };
}

const ALL: &[(&str, Sites)] = &[
    ("inline(never), plain", sites!(|time| plain(time, 2))),
    (
        "inline(never), unpatched",
        sites!(|time| unpatched(time, 2)),
    ),
    (
        "inline(never), through a pointer",
        sites!(|time| black_box(plain as fn(u64, u64) -> u64)(time, 2)),
    ),
    ("inline(never), patched", sites!(|time| patched(time, 2))),
    ("ordinary, plain", sites!(|time| ordinary_plain(time, 2))),
    ("ordinary, unpatched", sites!(|time| ordinary(time, 2))),
    ("inlined, plain", sites!(|time| inlined_plain(time, 2))),
    ("inlined, unpatched", sites!(|time| inlined(time, 2))),
    ("method, plain", sites!(|time| COUNTER.plain(time))),
    ("method, unpatched", sites!(|time| COUNTER.unpatched(time))),
    ("method, patched", sites!(|time| COUNTER.patched(time))),
    ("generic, plain", sites!(|time: u64| generic_plain(time, 2))),
    ("generic, unpatched", sites!(|time: u64| generic(time, 2))),
    (
        "generic, patched",
        sites!(|time: u64| generic_patched(time, 2)),
    ),
    ("async, plain", sites!(|time| ready(async_plain(time, 2)))),
    (
        "async, unpatched",
        sites!(|time| ready(async_unpatched(time, 2))),
    ),
    (
        "thread-local, std",
        sites!(|time| STD_LOCAL.set(STD_LOCAL.get() ^ time)),
    ),
    (
        "thread-local, unpatched",
        sites!(|time| OUR_LOCAL.set(OUR_LOCAL.get() ^ time)),
    ),
];

fn dispatch(c: &mut Criterion) {
    greenpatch::patch_item(greenpatch::patch_point!(patched), plain);
    greenpatch::patch_item(greenpatch::patch_point!(Counter::patched), Counter::plain);
    greenpatch::patch_item(
        greenpatch::patch_point!(generic_patched::<u64>),
        generic_plain::<u64>,
    );
    let mut group = c.benchmark_group("dispatch");
    for (name, sites) in ALL {
        group.bench_function(*name, |b| {
            b.iter_custom(|times| {
                let all: Duration = sites.iter().map(|site| time(*site, times)).sum();
                all / sites.len() as u32
            })
        });
    }
    group.finish();
}

fn time(site: fn(u64), times: u64) -> Duration {
    let start = Instant::now();
    site(black_box(times));
    start.elapsed()
}

/// Prints the best time at each place, measured in turns, so that what else the machine does is spread
/// over all.
fn spread(_: &mut Criterion) {
    const ROUNDS: u32 = 100;
    const TIMES: u64 = 20_000;
    let mut best = vec![[Duration::MAX; 8]; ALL.len()];
    for _ in 0..ROUNDS {
        for ((_, sites), best) in ALL.iter().zip(&mut best) {
            for (site, best) in sites.iter().zip(best) {
                *best = time(*site, TIMES).min(*best);
            }
        }
    }
    println!("\nns at the best of eight places, at the median, at the worst");
    for ((name, _), mut best) in ALL.iter().zip(best) {
        best.sort();
        let [first, median, last] = [best[0], (best[3] + best[4]) / 2, best[7]]
            .map(|all| all.as_nanos() as f64 / TIMES as f64);
        println!("{name:<40} {first:5.2} {median:5.2} {last:5.2}");
    }
}

criterion_group!(benches, dispatch, spread);
criterion_main!(benches);
