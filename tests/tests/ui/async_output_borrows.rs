#[greenpatch::patchable]
async fn f<'a>(a: &'a str, b: &str) -> &'a str {
    drop(b);
    a
}

fn main() {
    drop(f("", ""));
}
