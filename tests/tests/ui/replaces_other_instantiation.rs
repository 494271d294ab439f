use greenpatch::{patchable, replaces};

mod p {
    #[super::patchable]
    pub fn same<T>(value: T) -> T {
        value
    }
}

#[replaces(p::same::<u16>)]
fn other(value: u8) -> u8 {
    value
}

fn main() {
    p::same(1);
}
