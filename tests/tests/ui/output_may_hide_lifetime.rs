mod iter {
    pub struct Words<'a>(pub std::str::Split<'a, char>);
}

struct Text(String);

#[greenpatch::patchable(strict)]
impl Text {
    #[allow(mismatched_lifetime_syntaxes)]
    fn words(&self, separator: &str) -> iter::Words {
        iter::Words(self.0.split(separator.chars().next().unwrap_or(' ')))
    }
}

fn main() {
    Text(String::new()).words("").0.count();
}
