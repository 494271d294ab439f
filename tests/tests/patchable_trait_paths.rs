//! Methods of trait impls, replaced and named from places that are not the impl's own module: another
//! module, another crate, and whatever is private between the two.
#![forbid(unsafe_code)]
#![deny(warnings)]
#![deny(
    missing_debug_implementations,
    missing_copy_implementations,
    unnameable_types
)]
#![allow(missing_docs, unreachable_pub)]

use greenpatch::{Overrides, patch_item, patch_module, patch_point, patchable, replaces};
use greenpatch_plug::bulb::{Bulb, Lit};
use greenpatch_tests::isolated;
use std::fmt;

#[patchable(strict, dispatch)]
pub mod shop {
    use std::fmt;

    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Price(pub u32);

    impl fmt::Display for Price {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{} cents", self.0)
        }
    }

    impl From<u32> for Price {
        fn from(cents: u32) -> Self {
            Price(cents)
        }
    }

    pub trait Priced {
        fn price(&self) -> Price;

        fn many<T: Into<u32>>(&self, count: T) -> Price {
            Price(self.price().0 * count.into())
        }
    }

    pub mod goods {
        use super::{Price, Priced};

        #[derive(Debug)]
        pub struct Basket<'a, T>(pub &'a [T]);

        impl<'a, T: Priced> Priced for Basket<'a, T> {
            fn price(&self) -> Price {
                Price(self.0.iter().map(|one| one.price().0).sum())
            }

            fn many<N: Into<u32>>(&self, count: N) -> Price {
                Price(1 + self.price().0 * count.into())
            }
        }

        impl Priced for u8 {
            fn price(&self) -> Price {
                Price((*self).into())
            }
        }
    }

    // A type that is public; a trait and an argument that are private to the module.
    #[derive(Debug)]
    struct Clerk(u8);

    trait Sell {
        fn sell(&self, clerk: &Clerk) -> u8;
    }

    impl Sell for Price {
        fn sell(&self, clerk: &Clerk) -> u8 {
            clerk.0
        }
    }

    impl PartialEq<Clerk> for Price {
        fn eq(&self, clerk: &Clerk) -> bool {
            self.0 == u32::from(clerk.0)
        }
    }

    impl Sell for Clerk {
        fn sell(&self, clerk: &Clerk) -> u8 {
            self.0 + clerk.0
        }
    }

    pub mod till {
        use super::{Clerk, Price, Sell};
        use greenpatch::{Overrides, patch_point};

        pub fn sold() -> (u8, u8) {
            Overrides::new()
                .item(
                    patch_point!(<Price as Sell>::sell),
                    Box::new(|_: &Price, clerk: &Clerk| 10 * clerk.0),
                )
                .run(|| (Price(1).sell(&Clerk(2)), Clerk(1).sell(&Clerk(2))))
        }

        pub fn same() -> bool {
            Price(2) == Clerk(2)
        }
    }
}

/// An impl for every type, and one through an alias for its parameter.
pub mod every {
    use std::fmt;

    pub trait Shout {
        fn shout(&self) -> String;
    }

    #[greenpatch::patchable(strict)]
    impl<T: fmt::Display + ?Sized> Shout for T {
        fn shout(&self) -> String {
            format!("{self}!")
        }
    }

    pub trait Size {
        fn size(&self) -> usize;
    }

    type Id<T> = T;

    #[greenpatch::patchable(strict)]
    impl<T> Size for Id<T> {
        fn size(&self) -> usize {
            size_of::<T>()
        }
    }

    pub trait Whisper {
        fn whisper(&self) -> String;
    }

    #[greenpatch::patchable(strict)]
    impl<T: fmt::Display + ?Sized> Whisper for &T {
        fn whisper(&self) -> String {
            format!("({self})")
        }
    }

    #[greenpatch::patchable(strict)]
    impl<T: Whisper> Whisper for Box<T> {
        fn whisper(&self) -> String {
            (**self).whisper()
        }
    }
}

use every::{Shout, Size, Whisper};
use shop::goods::Basket;
use shop::{Price, Priced};

#[replaces(<shop::Price as fmt::Display>::fmt)]
fn in_euros(price: &Price, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{} euros", price.0 / 100)
}

#[replaces(<Basket<'_, u8> as Priced>::price)]
fn free(_: &Basket<'_, u8>) -> Price {
    Price(0)
}

#[replaces(<Bulb as Lit>::is_lit)]
fn dark(_: &Bulb) -> bool {
    false
}

#[test]
fn patched_from_another_module_and_crate() {
    isolated(|| {
        let basket = Basket(&[1_u8, 2]);
        assert_eq!(Price(700).to_string(), "700 cents");
        assert_eq!(basket.price(), Price(3));
        assert!(Bulb.is_lit());
        for module in ["shop", "shop::goods", "greenpatch_plug::bulb"] {
            assert!(patch_module(module).unwrap().is_done());
        }
        assert_eq!(Price(700).to_string(), "7 euros");
        assert_eq!(basket.price(), Price(0));
        assert!(!Bulb.is_lit());
    });
}

#[test]
fn one_instantiation_is_patched() {
    isolated(|| {
        let basket = Basket(&[1_u8, 2]);
        let many = patch_point!(<Basket<'_, u8> as Priced>::many::<u16>);
        patch_item(many, |_, count| Price(100 + u32::from(count)));
        assert_eq!(basket.many(2_u16), Price(102));
        assert_eq!(basket.many(2_u8), Price(7));
    });
}

#[test]
fn overridden_from_another_module() {
    Overrides::new()
        .item(
            patch_point!(<Price as From<u32>>::from),
            Box::new(|cents: u32| Price(2 * cents)),
        )
        .item(
            patch_point!(<u8 as Priced>::price),
            Box::new(|one: &u8| Price(u32::from(*one) + 5)),
        )
        .run(|| {
            assert_eq!(Price::from(3), Price(6));
            assert_eq!(Basket(&[1_u8, 2]).price(), Price(13));
        });
    assert_eq!(Price::from(3), Price(3));
    assert_eq!(shop::till::sold(), (20, 3));
    assert!(shop::till::same());
}

#[test]
fn an_impl_for_every_type_is_overridden_for_one() {
    assert_eq!(("a".shout(), 1.shout()), ("a!".to_owned(), "1!".to_owned()));
    assert_eq!((1_u8.size(), 1_u16.size()), (1, 2));
    assert_eq!(Box::new("a").whisper(), "(a)");
    Overrides::new()
        .item(
            patch_point!(<str as Shout>::shout),
            Box::new(|text: &str| text.to_uppercase()),
        )
        .item(patch_point!(<u8 as Size>::size), Box::new(|_: &u8| 8))
        .item(
            patch_point!(<&str as Whisper>::whisper),
            Box::new(|_: &&str| String::new()),
        )
        .run(|| {
            assert_eq!(("a".shout(), 1.shout()), ("A".to_owned(), "1!".to_owned()));
            assert_eq!((1_u8.size(), 1_u16.size()), (8, 2));
            assert_eq!(Box::new("a").whisper(), "");
            assert_eq!((&7).whisper(), "(7)");
        });
}

/// This method cannot be told from the same one with another lifetime.
#[test]
#[should_panic(expected = "lifetime")]
fn a_type_with_a_lifetime_names_no_method_of_an_impl_for_every_type() {
    let _ = patch_point!(<&'static str as Shout>::shout);
}

#[test]
fn in_a_body() {
    trait Doubled {
        fn doubled(&self) -> u32;
    }

    #[patchable(strict)]
    impl Doubled for Price {
        fn doubled(&self) -> u32 {
            2 * self.0
        }
    }

    fn deeper() -> u32 {
        Overrides::new()
            .item(
                patch_point!(<Price as Doubled>::doubled),
                Box::new(|price: &Price| 3 * price.0),
            )
            .run(|| Price(1).doubled())
    }

    assert_eq!(Price(1).doubled(), 2);
    assert_eq!(deeper(), 3);
}
