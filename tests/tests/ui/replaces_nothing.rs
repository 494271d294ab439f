#[greenpatch::replaces]
fn g() {}

fn main() {}
