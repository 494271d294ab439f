//! `Self` in the head of an impl, and traits with names that other traits have too.

use greenpatch::{Overrides, patch_point};

/// `Self` in the head of an impl.
#[greenpatch::patchable(strict, dispatch)]
mod impls {
    use std::ops::Add;

    #[derive(Clone, Debug, PartialEq)]
    pub struct W<T>(pub T);

    impl<T: Add<Output = T>> Add<Self> for W<T> {
        type Output = Self;

        fn add(self, other: Self) -> Self {
            W(self.0 + other.0)
        }
    }

    impl<T> W<T>
    where
        Self: Clone,
    {
        pub fn twice(&self) -> (Self, Self) {
            (self.clone(), self.clone())
        }
    }

    #[derive(Debug, PartialEq)]
    pub struct Value(pub Vec<u8>);

    impl From<u8> for Value {
        fn from(byte: u8) -> Self {
            Value(vec![byte])
        }
    }

    impl<V: Into<Self>> FromIterator<V> for Value {
        fn from_iter<I: IntoIterator<Item = V>>(values: I) -> Self {
            let bytes = values.into_iter().flat_map(|value| {
                let value: Self = value.into();
                value.0
            });
            Value(bytes.collect())
        }
    }

    impl<V> Extend<V> for Value
    where
        V: Into<Self>,
        Self: From<u8>,
    {
        fn extend<I: IntoIterator<Item = V>>(&mut self, values: I) {
            for value in values {
                let value: Self = value.into();
                self.0.extend(value.0);
            }
        }
    }
}

#[test]
fn self_in_the_head_of_an_impl() {
    use impls::{Value, W};
    assert_eq!(W(1) + W(2), W(3));
    assert_eq!(W(1).twice(), (W(1), W(1)));
    assert_eq!([1, 2].into_iter().collect::<Value>(), Value(vec![1, 2]));
    let mut value = Value(vec![]);
    value.extend([3]);
    assert_eq!(value, Value(vec![3]));
    Overrides::new()
        .item(
            patch_point!(<W<u8> as std::ops::Add<W<u8>>>::add),
            Box::new(|a, b| W(a.0 * b.0)),
        )
        .run(|| {
            assert_eq!(W(3_u8) + W(4), W(12));
            assert_eq!(W(3) + W(4), W(7));
        });
}

/// A trait with the name of one that a glob brings in, or that the prelude has.
mod names {
    pub mod globbed {
        #[allow(dead_code)]
        pub trait Tell {
            fn other(&self) {}
        }
    }

    #[greenpatch::patchable(strict, dispatch)]
    pub mod local {
        #[allow(unused_imports)]
        use super::globbed::*;

        pub trait Tell {
            fn tell(&self) -> u8;
            fn more(&self) -> u8;
        }

        pub struct One;

        impl Tell for One {
            fn tell(&self) -> u8 {
                self.more() + Self::more(self)
            }

            fn more(&self) -> u8 {
                1
            }
        }

        pub fn inside() -> u8 {
            #[allow(unused_imports)]
            use super::globbed::*;

            trait Tell {
                fn tell(&self) -> u8;
            }

            struct Five;

            #[greenpatch::patchable(strict)]
            impl Tell for Five {
                fn tell(&self) -> u8 {
                    5
                }
            }
            Five.tell()
        }
    }

    pub trait Iterator {
        fn step(&self) -> u8;
        fn more(&self) -> u8;
    }

    pub mod prelude {
        use super::*;

        #[greenpatch::patchable(strict)]
        impl Iterator for u8 {
            fn step(&self) -> u8 {
                self.more()
            }

            fn more(&self) -> u8 {
                *self
            }
        }
    }
}

#[test]
fn traits_whose_names_are_those_of_others() {
    use names::Iterator as _;
    use names::local::Tell;
    assert_eq!(names::local::One.tell(), 2);
    assert_eq!(names::local::inside(), 5);
    assert_eq!(3_u8.step(), 3);
    Overrides::new()
        .item(
            patch_point!(<names::local::One as names::local::Tell>::more),
            Box::new(|_: &names::local::One| 4),
        )
        .item(
            patch_point!(<u8 as names::Iterator>::more),
            Box::new(|_: &u8| 4),
        )
        .run(|| {
            assert_eq!(names::local::One.tell(), 8);
            assert_eq!(3_u8.step(), 4);
        });
}
