mod p {
    #[greenpatch::patchable]
    pub fn f() {}
}

#[greenpatch::replaces(p::f)]
fn g<T>() {}

fn main() {}
