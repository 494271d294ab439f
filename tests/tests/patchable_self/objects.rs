//! Trait objects: what is implemented for them, and what leads to them.

use greenpatch::{Overrides, patch_point};

/// Trait objects: what is implemented for them, and what leads to them.
#[greenpatch::patchable(strict, dispatch)]
mod shapes {
    use std::error::Error;
    use std::ops::Deref;

    pub trait Shape {
        fn area(&self) -> u8;
    }

    impl Shape for u8 {
        fn area(&self) -> u8 {
            *self
        }
    }

    impl dyn Shape + Send {
        pub fn twice(&self) -> u8 {
            2 * self.area()
        }

        pub fn itself(&self) -> &Self {
            self
        }

        pub fn boxed(this: Box<Self>) -> Box<Self> {
            this
        }
    }

    impl<'a> dyn Shape + Sync + 'a {
        pub fn thrice(&self) -> u8 {
            3 * self.area()
        }
    }

    impl PartialEq for dyn Shape {
        fn eq(&self, other: &Self) -> bool {
            self.area() == other.area()
        }
    }

    impl PartialEq<u8> for dyn Shape + '_ {
        fn eq(&self, other: &u8) -> bool {
            self.area() == *other
        }
    }

    impl PartialEq<u8> for &(dyn Shape + Send) {
        fn eq(&self, other: &u8) -> bool {
            self.area() == *other
        }
    }

    pub type Shared = dyn Shape + Sync;

    impl PartialEq<u16> for Shared {
        fn eq(&self, other: &u16) -> bool {
            u16::from(self.area()) == *other
        }
    }

    pub struct Failure(pub Box<dyn Error>);

    impl Deref for Failure {
        type Target = dyn Error;

        fn deref(&self) -> &Self::Target {
            &*self.0
        }
    }

    pub struct Sent(pub Box<dyn Error + Send + Sync>);

    impl Deref for Sent {
        type Target = dyn Error + Send + Sync;

        fn deref(&self) -> &Self::Target {
            &*self.0
        }
    }

    pub struct Lent<'a>(pub Box<dyn Error + 'a>);

    impl<'a> Deref for Lent<'a> {
        type Target = dyn Error + 'a;

        fn deref(&self) -> &Self::Target {
            &*self.0
        }
    }

    impl AsRef<dyn Error + Send> for Sent {
        fn as_ref(&self) -> &(dyn Error + Send + 'static) {
            &*self.0
        }
    }

    impl Iterator for Failure {
        type Item = Box<dyn Shape + Send>;

        fn next(&mut self) -> Option<Self::Item> {
            Some(Box::new(1_u8))
        }
    }
}

#[test]
fn trait_objects() {
    use shapes::{Failure, Lent, Sent, Shape, Shared};
    use std::error::Error;
    let one: Box<dyn Shape + Send> = Box::new(1_u8);
    let two: Box<dyn Shape> = Box::new(2_u8);
    let three: Box<Shared> = Box::new(3_u8);
    assert_eq!((one.itself().twice(), three.thrice()), (2, 9));
    assert!(*two == *two && *two == 2_u8 && &*one == 1_u8 && *three == 3_u16);
    assert_eq!(<dyn Shape + Send>::boxed(one).area(), 1);
    let text = "none".parse::<u8>().unwrap_err();
    assert_eq!(
        Failure(Box::new(text.clone())).to_string(),
        text.to_string()
    );
    assert_eq!(Sent(Box::new(text.clone())).to_string(), text.to_string());
    assert_eq!(Lent(Box::new(text.clone())).to_string(), text.to_string());
    assert!(Failure(Box::new(text.clone())).next().is_some());
    assert_eq!(
        Sent(Box::new(text.clone())).as_ref().to_string(),
        text.to_string()
    );
    Overrides::new()
        .item(
            patch_point!(<Failure as Deref>::deref),
            Box::new(|_: &Failure| &std::fmt::Error as &(dyn Error + 'static)),
        )
        .item(
            patch_point!(<dyn Shape as PartialEq>::eq),
            Box::new(|_: &(dyn Shape + 'static), _: &(dyn Shape + 'static)| false),
        )
        .item(
            patch_point!(<Shared as PartialEq<u16>>::eq),
            Box::new(|_: &Shared, other: &u16| *other == 7),
        )
        .run(|| {
            assert_eq!(
                Failure(Box::new(text)).to_string(),
                std::fmt::Error.to_string()
            );
            assert!(*two != *two && *three == 7_u16);
        });
}
