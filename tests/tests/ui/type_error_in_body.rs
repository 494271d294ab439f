#[greenpatch::patchable]
fn f(a: &str) -> usize {
    a
}

fn main() {
    f("");
}
