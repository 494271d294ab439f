//! Lints fire on the user's code, and not on the expansion.
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

/// The dispatcher's own `inline` with all attributes that exclude it, and all that it may be combined with.
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

/// Lints that go by a function's name, or by where its body is.
#[deny(clippy::all, clippy::must_use_candidate, clippy::inline_always)]
pub mod by_name {
    use super::patchable;
    use std::cmp::Ordering;

    #[derive(Copy, Eq, PartialEq)]
    pub struct Id(pub u8);

    #[patchable]
    impl Clone for Id {
        fn clone(&self) -> Self {
            *self
        }
    }

    #[patchable]
    impl Ord for Id {
        fn cmp(&self, other: &Self) -> Ordering {
            self.0.cmp(&other.0)
        }
    }

    #[patchable]
    impl PartialOrd for Id {
        fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
            Some(self.cmp(other))
        }
    }

    pub struct Bag(pub Vec<Id>);

    #[patchable]
    impl Bag {
        #[must_use]
        pub fn len(&self) -> usize {
            self.0.len()
        }

        #[must_use]
        #[allow(clippy::inline_always)]
        #[inline(always)]
        pub fn is_empty(&self) -> bool {
            self.len() == 0
        }
    }

    #[patchable]
    pub fn write(out: &mut (impl std::io::Write + ?Sized)) -> bool {
        out.write_all(b"text").is_ok()
    }

    #[patchable]
    fn _for_later() {
        fn only_there() {}
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
    let id = by_name::Id(1);
    assert!(
        id.partial_cmp(&id.clone())
            .is_some_and(std::cmp::Ordering::is_eq)
    );
    assert!(by_name::Bag(vec![]).is_empty());
    assert!(by_name::write(&mut Vec::new()));
}
