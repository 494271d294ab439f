#[greenpatch::patchable]
async fn f(words: &mut Vec<&str>) {
    words.clear();
}

fn main() {
    drop(f(&mut vec![]));
}
