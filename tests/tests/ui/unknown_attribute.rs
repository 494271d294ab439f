#[greenpatch::patchable]
#[test]
fn f() {}

fn main() {}
