#![deny(deprecated)]

#[greenpatch::patchable]
#[deprecated = "use g"]
fn f() -> u8 {
    #[allow(deprecated)]
    f();
    1
}

fn main() {
    f();
}
