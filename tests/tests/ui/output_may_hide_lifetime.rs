mod iter {
    pub struct Words<'a>(pub std::str::Split<'a, char>);
    pub struct Separator<'a>(pub &'a str);
}

struct Text<'t>(&'t str);

#[greenpatch::patchable(strict)]
impl<'t> Text<'t> {
    fn words(self, separator: iter::Separator) -> iter::Words {
        iter::Words(separator.0.split(' '))
    }
}

fn main() {}
