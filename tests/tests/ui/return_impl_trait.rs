#[greenpatch::patchable]
fn f() -> impl Iterator<Item = u8> {
    0..3
}

fn main() {
    f().count();
}
