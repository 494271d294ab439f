mod p {
    #[greenpatch::patchable]
    pub fn f() {}
}

use p::f;

#[greenpatch::replaces(f)]
fn g() {}

fn main() {
    f();
}
