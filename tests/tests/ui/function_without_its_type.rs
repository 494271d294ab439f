//! A function that was stored without its type is not to be had, let alone called.
use greenpatch::{patch_point, patchable};

#[patchable]
fn f(text: &str) -> usize {
    text.len()
}

fn main() {
    let raw = patch_point!(f).raw();
    raw.original()();
    raw.current().unwrap()();
    raw.global().unwrap()();
}
