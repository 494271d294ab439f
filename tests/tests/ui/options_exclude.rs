#[greenpatch::patchable(strict, lenient)]
fn f() {}

fn main() {}
