#[greenpatch::patchable(crate = "greenpatch")]
fn f() {}

fn main() {}
