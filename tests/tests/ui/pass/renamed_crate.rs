mod elsewhere {
    pub mod inside {
        pub use greenpatch::*;
    }
}

use greenpatch::{patchable, replaces};

#[patchable(crate = crate::elsewhere::inside)]
fn f() -> u8 {
    1
}

#[replaces(f, crate = crate::elsewhere::inside)]
fn g() -> u8 {
    2
}

fn main() {
    assert_eq!(f(), 1);
    assert_eq!(g(), 2);
    assert_eq!(greenpatch::patch_point!(f, crate = crate::elsewhere::inside).original()(), 1);
}
