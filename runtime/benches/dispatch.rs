//! What a patch point costs, each beside its baseline.
#![allow(missing_docs)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};

/// Not inlined, like a function of any size; and the same function as a patch point.
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

#[greenpatch::patchable(dispatch)]
#[inline]
fn inlined(a: u64, b: u64) -> u64 {
    a.wrapping_mul(3) ^ b
}

#[inline]
fn inlined_plain(a: u64, b: u64) -> u64 {
    a.wrapping_mul(3) ^ b
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

/// The same function twice, as a user writes it: with no word on inlining, around a body that is not.
fn ordinary_plain(a: u64, b: u64) -> u64 {
    plain(a, b).wrapping_add(1)
}

#[greenpatch::patchable]
fn ordinary(a: u64, b: u64) -> u64 {
    plain(a, b).wrapping_add(1)
}

fn dispatch(c: &mut Criterion) {
    let mut group = c.benchmark_group("dispatch");
    let pointer: fn(u64, u64) -> u64 = black_box(plain);
    greenpatch::patch_item(greenpatch::patch_point!(patched), plain);
    group.bench_function("ordinary plain", |b| {
        b.iter(|| ordinary_plain(black_box(1), 2))
    });
    group.bench_function("ordinary unpatched", |b| {
        b.iter(|| ordinary(black_box(1), 2))
    });
    group.bench_function("plain call", |b| b.iter(|| plain(black_box(1), 2)));
    group.bench_function("unpatched", |b| b.iter(|| unpatched(black_box(1), 2)));
    group.bench_function("call through a pointer", |b| {
        b.iter(|| pointer(black_box(1), 2))
    });
    group.bench_function("patched", |b| b.iter(|| patched(black_box(1), 2)));
    let counter = Counter(3);
    group.bench_function("method plain", |b| b.iter(|| counter.plain(black_box(1))));
    group.bench_function("method unpatched", |b| {
        b.iter(|| counter.unpatched(black_box(1)))
    });
    greenpatch::patch_item(greenpatch::patch_point!(Counter::patched), Counter::plain);
    group.bench_function("method patched", |b| {
        b.iter(|| counter.patched(black_box(1)))
    });
    group.bench_function("generic plain", |b| {
        b.iter(|| generic_plain(black_box(1_u64), 2))
    });
    group.bench_function("generic unpatched", |b| {
        b.iter(|| generic(black_box(1_u64), 2))
    });
    greenpatch::patch_item(
        greenpatch::patch_point!(generic::<u64>),
        generic_plain::<u64>,
    );
    group.bench_function("generic patched", |b| {
        b.iter(|| generic(black_box(1_u64), 2))
    });
    group.bench_function("inlined plain", |b| {
        b.iter(|| inlined_plain(black_box(1), 2))
    });
    group.bench_function("inlined unpatched", |b| b.iter(|| inlined(black_box(1), 2)));
    group.finish();
}

criterion_group!(benches, dispatch);
criterion_main!(benches);
