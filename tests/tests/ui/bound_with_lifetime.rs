#[greenpatch::patchable]
fn f<'a, T: PartialEq<&'a str>>(value: T, text: &'a str) -> bool {
    value == text
}

fn main() {
    f("", "");
}
