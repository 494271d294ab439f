//! Instructions, not seconds: `count SCENARIO TIMES` does one thing many times, for callgrind to count.
//!
//! `runtime/benches/count.sh` runs all scenarios and prints the instructions of one time each.
#![allow(missing_docs)]

use std::cell::Cell;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

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

struct Counter(u64);

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

async fn async_plain(a: u64, b: u64) -> u64 {
    black_box(a) ^ b
}

#[greenpatch::patchable]
async fn async_unpatched(a: u64, b: u64) -> u64 {
    black_box(a) ^ b
}

/// What a future that never waits resolves to.
#[inline(always)]
fn ready<R>(future: impl Future<Output = R>) -> R {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("it waits for nothing"),
    }
}

std::thread_local!(static STD_LOCAL: Cell<u64> = const { Cell::new(0) });
greenpatch::thread_local!(static OUR_LOCAL: Cell<u64> = const { Cell::new(0) });

/// A name, and what does it so many times.
type Scenario = (&'static str, fn(u64));

const SCENARIOS: &[Scenario] = &[
    ("empty loop", |times| {
        for time in 0..times {
            black_box(time);
        }
    }),
    ("call, plain", |times| {
        for time in 0..times {
            black_box(plain(time, 2));
        }
    }),
    ("call, patchable, unpatched", |times| {
        for time in 0..times {
            black_box(unpatched(time, 2));
        }
    }),
    ("call, through a pointer", |times| {
        let pointer: fn(u64, u64) -> u64 = black_box(plain);
        for time in 0..times {
            black_box(black_box(pointer)(time, 2));
        }
    }),
    ("call, patchable, patched", |times| {
        greenpatch::patch_item(greenpatch::patch_point!(patched), plain);
        for time in 0..times {
            black_box(patched(time, 2));
        }
    }),
    ("method, plain", |times| {
        let counter = Counter(1);
        for time in 0..times {
            black_box(counter.plain(time));
        }
    }),
    ("method, patchable, unpatched", |times| {
        let counter = Counter(1);
        for time in 0..times {
            black_box(counter.unpatched(time));
        }
    }),
    ("method, patchable, patched", |times| {
        greenpatch::patch_item(greenpatch::patch_point!(Counter::patched), Counter::plain);
        let counter = Counter(1);
        for time in 0..times {
            black_box(counter.patched(time));
        }
    }),
    ("generic, plain", |times| {
        for time in 0..times {
            black_box(generic_plain::<u64>(time, 2));
        }
    }),
    ("generic, patchable, unpatched", |times| {
        for time in 0..times {
            black_box(generic::<u64>(time, 2));
        }
    }),
    ("generic, patchable, another type patched", |times| {
        greenpatch::patch_item(
            greenpatch::patch_point!(generic::<u32>),
            generic_plain::<u32>,
        );
        for time in 0..times {
            black_box(generic::<u64>(time, 2));
        }
    }),
    ("generic, patchable, patched", |times| {
        greenpatch::patch_item(
            greenpatch::patch_point!(generic::<u64>),
            generic_plain::<u64>,
        );
        for time in 0..times {
            black_box(generic::<u64>(time, 2));
        }
    }),
    ("async, plain", |times| {
        for time in 0..times {
            black_box(ready(async_plain(time, 2)));
        }
    }),
    ("async, patchable, unpatched", |times| {
        for time in 0..times {
            black_box(ready(async_unpatched(time, 2)));
        }
    }),
    ("mutex, std", |times| {
        let mutex = std::sync::Mutex::new(0_u64);
        for _ in 0..times {
            *black_box(&mutex).lock().unwrap() += 1;
        }
    }),
    ("mutex, greenpatch, unpatched", |times| {
        let mutex = greenpatch::sync::Mutex::new(0_u64);
        for _ in 0..times {
            *black_box(&mutex).lock().unwrap() += 1;
        }
    }),
    ("thread-local, std", |times| {
        for _ in 0..times {
            STD_LOCAL.set(black_box(STD_LOCAL.get()) + 1);
        }
    }),
    ("thread-local, greenpatch, unpatched", |times| {
        for _ in 0..times {
            OUR_LOCAL.set(black_box(OUR_LOCAL.get()) + 1);
        }
    }),
    ("thread-local, greenpatch, in a green thread", |times| {
        greenpatch::patch_thread().unwrap();
        let thread = greenpatch::thread::spawn(move || {
            for _ in 0..times {
                OUR_LOCAL.set(black_box(OUR_LOCAL.get()) + 1);
            }
        });
        thread.join().unwrap();
    }),
    ("yield between two green threads", |times| {
        greenpatch::patch_thread().unwrap();
        let threads = [(); 2].map(|()| {
            greenpatch::thread::spawn(move || {
                for _ in 0..times / 2 {
                    greenpatch::thread::yield_now();
                }
            })
        });
        for thread in threads {
            thread.join().unwrap();
        }
    }),
    ("spawn and join a green thread", |times| {
        greenpatch::patch_thread().unwrap();
        for _ in 0..times {
            greenpatch::thread::spawn(|| ()).join().unwrap();
        }
    }),
];

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let scenario = arguments
        .first()
        .and_then(|wanted| SCENARIOS.iter().find(|(name, _)| name == wanted));
    let times = arguments.get(1).and_then(|times| times.parse().ok());
    match (scenario, times) {
        (Some((_, run)), Some(times)) => run(times),
        _ => {
            for (name, _) in SCENARIOS {
                println!("{name}");
            }
        }
    }
}
