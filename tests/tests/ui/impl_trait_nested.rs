#[greenpatch::patchable]
fn f(words: impl Iterator<Item = impl ToString>) -> usize {
    words.count()
}

fn main() {
    f([1].into_iter());
}
