#[greenpatch::replaces(crate::f, prio = 3)]
fn g() {}

fn main() {}
