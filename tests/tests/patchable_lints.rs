//! Lints find what is the user's, and nothing of the expansion's.
#![forbid(unsafe_code)]
#![deny(warnings, unfulfilled_lint_expectations)]
#![allow(missing_docs, unreachable_pub)]

use greenpatch::patchable;

mod private {
    pub trait Sealed {}
    impl Sealed for u8 {}
}

trait Hidden {}
impl Hidden for u8 {}

pub mod exported {
    use super::{Hidden, patchable, private};

    #[patchable]
    #[expect(private_bounds)]
    pub trait Keys: private::Sealed + Hidden {
        fn key(&self) -> u8 {
            1
        }
    }

    #[patchable]
    #[expect(non_camel_case_types)]
    pub trait lower {
        fn low(&self) -> u8 {
            2
        }
    }

    #[patchable]
    impl Keys for u8 {}

    #[patchable]
    impl lower for u8 {}
}

#[patchable]
#[expect(dead_code)]
mod dead {
    pub fn never_called() {}
}

#[patchable]
#[expect(non_snake_case)]
fn Shouted(#[allow(unused_variables)] unused: u8) -> u8 {
    #[expect(unused_variables)]
    let unused = 1;
    3
}

#[patchable]
#[deny(clippy::all, unused)]
fn strict(_a: u8) {}

#[test]
fn lints() {
    use exported::{Keys, lower};
    assert_eq!((1_u8.key(), 1_u8.low(), Shouted(1)), (1, 2, 3));
    strict(1);
}
