struct Type;

impl Type {
    #[greenpatch::patchable]
    fn new() -> Self {
        Type
    }

    #[greenpatch::patchable]
    fn zero() -> u8 {
        Self::one() - 1
    }

    fn one() -> u8 {
        1
    }
}

fn main() {
    Type::new();
    Type::zero();
}
