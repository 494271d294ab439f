#[patchable]
fn shorter<'a, 'b: 'a>(a: &'a str, b: &'b str) -> &'a str {
    if a.len() < b.len() { a } else { b }
}

#[patchable]
impl Text {
    fn words(&self, separator: &str) -> Words {
        Words(self.0.split(separator))
    }
}
