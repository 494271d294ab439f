use greenpatch::{patchable, replaces};

#[patchable]
fn f(a: &str) -> usize {
    a.len()
}

#[replaces(f)]
fn g(a: &'static str) -> usize {
    a.len()
}

fn main() {}
