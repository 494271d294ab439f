fn main() {
    let _ = greenpatch::patch_point!(p::f, p::g);
}
