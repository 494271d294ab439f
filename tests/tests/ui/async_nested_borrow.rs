#[greenpatch::patchable]
async fn f(words: &mut Vec<&str>, cell: std::cell::Cell<&str>) {
    words.clear();
    drop(cell);
}

fn main() {}
