#[patchable]
pub trait Speak {
    fn word(&self) -> String;

    fn sentence(&self) -> String {
        self.word() + "."
    }
}
