#[greenpatch::patchable(strict = true)]
fn f() {}

fn main() {}
