mod p {
    pub fn f() {}
}

#[greenpatch::replaces(p::f)]
fn g() {}

fn main() {
    p::f();
}
