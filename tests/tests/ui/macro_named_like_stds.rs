#[greenpatch::patchable]
#[macro_use]
mod macros {
    macro_rules! vec {
        () => {
            1
        };
    }
}

fn main() {
    vec![];
}
