//! A replacement that needs more than the patch point's callers give, by `patch_item`.
use greenpatch::{patch_item, patch_point, patchable};

#[patchable]
fn f(_: &str) {}

fn keep(_: &'static str) {}

fn main() {
    patch_item::<fn(&'static str), _>(patch_point!(f), keep);
}
