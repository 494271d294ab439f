mod p {
    pub fn f() {}
}

fn main() {
    p::f();
    let _ = greenpatch::patch_point!(p::f);
}
