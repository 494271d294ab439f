#[greenpatch::patchable]
mod macros {
    #[macro_export]
    macro_rules! one {
        () => {
            1
        };
    }

    #[macro_export]
    macro_rules! two {
        () => {
            $crate::one!() + 1
        };
    }

    mod inner {
        use crate::two;

        pub fn three() -> u8 {
            one!() + crate::one!()
        }
    }
}

fn main() {}
