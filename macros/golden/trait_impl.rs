#[patchable]
impl<'a> Iterator for Parser<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<Self::Item> {
        let none: Option<Self::Item> = None;
        none
    }
}
