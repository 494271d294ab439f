trait Shout {
    fn shout(&self) -> String;
}

#[greenpatch::patchable]
impl<T: ToString> Shout for T {
    fn shout(&self) -> String {
        self.to_string().to_uppercase()
    }
}

fn main() {
    "".shout();
}
