#[greenpatch::patchable]
fn f<'a>(words: impl Iterator<Item = &'a str>) -> usize {
    words.count()
}

fn main() {
    f("".split(' '));
}
