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

/// The dispatcher's own `inline` beside all that rules it out, and all that it may stand beside.
#[deny(clippy::inline_always, clippy::missing_inline_in_public_items)]
pub mod inlining {
    use super::patchable;

    #[patchable]
    #[inline(never)]
    pub fn never<T: Copy>(a: T) -> T {
        a
    }

    #[patchable]
    #[inline]
    #[track_caller]
    pub fn tracked() -> u32 {
        std::panic::Location::caller().line()
    }

    #[patchable]
    #[cold]
    #[inline(never)]
    pub fn cold() {}

    #[patchable]
    #[cfg_attr(debug_assertions, cold)]
    #[cfg_attr(not(debug_assertions), inline(never))]
    fn under_conditions() {}

    #[patchable]
    #[inline(never)]
    extern "C" fn abi() {}

    #[patchable]
    #[inline]
    pub async fn later() {}

    pub trait Plays {
        fn plays(&self);
    }

    #[patchable]
    impl Plays for u8 {
        #[inline(never)]
        fn plays(&self) {
            under_conditions();
            abi();
        }
    }

    #[patchable]
    pub trait Sings {
        fn words(&self);

        #[inline(never)]
        fn sings(&self) {
            self.words();
        }
    }

    impl Sings for u8 {
        #[inline]
        fn words(&self) {}
    }
}

#[test]
fn lints() {
    use inlining::{Plays, Sings};
    inlining::cold();
    drop(inlining::later());
    0_u8.plays();
    0_u8.sings();
    assert_eq!(inlining::never(line!()), inlining::tracked());
    use exported::{Keys, lower};
    assert_eq!((1_u8.key(), 1_u8.low(), Shouted(1)), (1, 2, 3));
    strict(1);
}
