#![deny(unused_must_use)]

#[greenpatch::patchable]
#[must_use]
fn f() -> u8 {
    1
}

fn main() {
    f();
}
