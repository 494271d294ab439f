mod p {
    #[greenpatch::patchable]
    pub fn f() {}
}

#[greenpatch::replaces(p::f, auto, feature = "net")]
fn g() {}

fn main() {}
