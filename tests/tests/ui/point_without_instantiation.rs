mod p {
    #[greenpatch::patchable]
    pub fn same<T>(value: T) -> T {
        value
    }
}

fn main() {
    p::same(1);
    let _ = greenpatch::patch_point!(p::same);
}
