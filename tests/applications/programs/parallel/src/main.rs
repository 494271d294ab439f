//! Sums, sorts and words counted in parallel: rayon.

use std::collections::BTreeMap;
use std::time::Instant;

use rayon::prelude::*;

/// Numbers that look random and are the same in each run.
fn numbers(count: u64) -> Vec<u64> {
    (0..count)
        .map(|number| number.wrapping_mul(6_364_136_223_846_793_005) >> 33)
        .collect()
}

fn words(numbers: &[u64]) -> BTreeMap<u64, usize> {
    numbers
        .par_iter()
        .fold(BTreeMap::new, |mut counts, number| {
            *counts.entry(number % 7).or_default() += 1;
            counts
        })
        .reduce(BTreeMap::new, |mut one, other| {
            for (key, count) in other {
                *one.entry(key).or_default() += count;
            }
            one
        })
}

fn fibonacci(of: u64) -> u64 {
    if of < 2 {
        return of;
    }
    let (one, other) = rayon::join(|| fibonacci(of - 1), || fibonacci(of - 2));
    one + other
}

fn main() {
    let measure = std::env::args().nth(1).is_some();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(4)
        .build()
        .expect("threads can be started");
    let count = if measure { 2_000_000 } else { 100_000 };
    let start = Instant::now();
    let mut sorted = numbers(count);
    pool.install(|| sorted.par_sort_unstable());
    let sum: u64 = pool.install(|| sorted.par_iter().map(|number| number % 10).sum());
    let counts = pool.install(|| words(&sorted));
    let of_global = sorted.par_iter().filter(|&&number| number % 2 == 0).count();
    let fibonacci = pool.install(|| fibonacci(20));
    if measure {
        println!(
            "{:.0} numbers/s",
            count as f64 / start.elapsed().as_secs_f64()
        );
        return;
    }
    assert!(sorted.is_sorted());
    println!("sum {sum}, even {of_global}, fibonacci {fibonacci}");
    println!("by remainder: {counts:?}");
    let mut from_scope = vec![0; 8];
    rayon::scope(|scope| {
        for (index, slot) in from_scope.iter_mut().enumerate() {
            scope.spawn(move |_| *slot = index * index);
        }
    });
    println!("scope: {from_scope:?}");
}
