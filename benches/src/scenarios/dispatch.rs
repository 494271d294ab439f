//! `dispatch`.

use std::hint::black_box;
use std::io;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::time::Instant;

use crate::scenario::{Case, Effort, Figures, Peer, Scenario, no_such};

const DIRECT: Peer = "direct call";
const NULL_CHECK: Peer = "null check by hand";
const UNPATCHED: Peer = "unpatched";
const PATCHED: Peer = "patched";
const POINTER: Peer = "through a pointer";

pub(super) const SCENARIO: Scenario = Scenario {
    name: "dispatch",
    about: "a function that is not inlined is called in a loop",
    metrics: &["ns per call"],
    baseline: Some(DIRECT),
    cases: &[Case::new(
        "1",
        &[DIRECT, NULL_CHECK, UNPATCHED, PATCHED, POINTER],
        dispatch,
    )],
};

#[inline(never)]
fn direct(a: u64, b: u64) -> u64 {
    a.wrapping_mul(3) ^ b
}

#[greenpatch::patchable]
#[inline(never)]
fn unpatched(a: u64, b: u64) -> u64 {
    a.wrapping_mul(3) ^ b
}

#[greenpatch::patchable]
#[inline(never)]
fn patched(_: u64, _: u64) -> u64 {
    unreachable!("it is replaced")
}

/// The core of a patch point: a pointer that is null until there is a replacement.
static REPLACEMENT: AtomicPtr<fn(u64, u64) -> u64> = AtomicPtr::new(std::ptr::null_mut());

#[inline(always)]
fn checked(a: u64, b: u64) -> u64 {
    let replacement = REPLACEMENT.load(Ordering::Acquire);
    match replacement.is_null() {
        true => direct(a, b),
        false => replaced(a, b),
    }
}

#[cold]
fn replaced(_: u64, _: u64) -> u64 {
    unreachable!("nothing replaces it")
}

fn dispatch(peer: &str, effort: Effort) -> io::Result<Figures> {
    match peer {
        DIRECT => calls(effort, direct),
        NULL_CHECK => calls(effort, checked),
        UNPATCHED => calls(effort, unpatched),
        PATCHED => {
            greenpatch::patch_item(greenpatch::patch_point!(patched), direct);
            calls(effort, patched)
        }
        POINTER => {
            let pointer: fn(u64, u64) -> u64 = black_box(direct);
            calls(effort, pointer)
        }
        _ => no_such(peer),
    }
}

fn calls(effort: Effort, function: impl Fn(u64, u64) -> u64) -> io::Result<Figures> {
    let count = if effort.quick { 1_000_000 } else { 20_000_000 };
    let b = black_box(2);
    effort.laps(|| {
        let start = Instant::now();
        let mut total = 0_u64;
        for number in 0..count {
            total = total.wrapping_add(function(number, b));
        }
        black_box(total);
        Ok((start.elapsed(), count))
    })
}
