use greenpatch::{patchable, replaces};

mod p {
    #[super::patchable]
    pub fn same<T>(value: T) -> T {
        value
    }
}

#[replaces(p::same::<&'static str>)]
fn other(value: &'static str) -> &'static str {
    value
}

fn main() {
    p::same(1);
}
