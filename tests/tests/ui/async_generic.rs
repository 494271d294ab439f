#[greenpatch::patchable]
async fn f<T>(value: T) -> T {
    value
}

fn main() {
    drop(f(1));
}
