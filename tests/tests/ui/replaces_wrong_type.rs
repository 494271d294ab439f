use greenpatch::{patchable, replaces};

#[patchable]
fn f(a: &str) -> usize {
    a.len()
}

#[replaces(f)]
fn g(a: &str) -> u32 {
    a.len() as u32
}

fn main() {}
