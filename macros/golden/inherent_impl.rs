#[patchable]
impl<'a> Parser<'a> {
    pub fn rest(&mut self) -> &str {
        self.text
    }

    pub const fn len(&self) -> usize {
        self.text.len()
    }
}
