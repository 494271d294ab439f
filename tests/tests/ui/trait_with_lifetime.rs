#[greenpatch::patchable]
trait Parse<'a> {
    fn parse(&self, text: &'a str) -> &'a str {
        text
    }
}

fn main() {}
