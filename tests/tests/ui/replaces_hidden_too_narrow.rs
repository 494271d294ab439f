mod iter {
    pub struct Words<'a>(pub std::str::Split<'a, char>);
}

struct Text(String);

#[greenpatch::patchable(strict)]
impl Text {
    #[allow(mismatched_lifetime_syntaxes)]
    fn words(&self, _separator: &str) -> iter::Words {
        iter::Words(self.0.split(' '))
    }
}

#[greenpatch::replaces(Text::words)]
fn of_the_separator<'s>(_: &Text, separator: &'s str) -> iter::Words<'s> {
    iter::Words(separator.split(' '))
}

fn main() {}
