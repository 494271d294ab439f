#[greenpatch::replaces(default <u8>::go)]
fn other() {}

fn main() {}
