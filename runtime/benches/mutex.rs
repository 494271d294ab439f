//! An uncontended lock, beside std's.
#![allow(missing_docs)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};

fn mutex(c: &mut Criterion) {
    let mut group = c.benchmark_group("mutex, uncontended");
    let std = std::sync::Mutex::new(0_u64);
    let ours = greenpatch::sync::Mutex::new(0_u64);
    group.bench_function("std", |b| {
        b.iter(|| *black_box(&std).lock().unwrap() += 1);
    });
    group.bench_function("greenpatch, not patched", |b| {
        b.iter(|| *black_box(&ours).lock().unwrap() += 1);
    });
    greenpatch::patch_thread().unwrap();
    group.bench_function("greenpatch, patched", |b| {
        b.iter(|| *black_box(&ours).lock().unwrap() += 1);
    });
    group.finish();
}

criterion_group!(benches, mutex);
criterion_main!(benches);
