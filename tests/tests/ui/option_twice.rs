#[greenpatch::patchable(strict, strict)]
fn f() {}

fn main() {}
