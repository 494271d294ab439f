//! A patch point of a function that takes any lifetime is none of a function that takes one: a replacement
//! that keeps its argument would keep it beyond its end.
use greenpatch::thread::LocalKey;
use greenpatch::{Point, Slot, patch_point, patchable};

#[patchable]
fn f(_: &String) {}

greenpatch::thread_local! {
    static KEY: fn(&String) = f;
}

fn main() {
    let point = Point::<fn(&String)>::named("f").unwrap();
    let _: Point<fn(&'static String)> = point;

    let slot: &'static Slot<_, _> = patch_point!(f);
    let _: &'static Slot<fn(&'static String), _> = slot;

    let key: &LocalKey<fn(&String)> = &KEY;
    let _: &LocalKey<fn(&'static String)> = key;
}
