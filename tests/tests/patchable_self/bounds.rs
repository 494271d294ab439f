//! Bounds on `Self`, and on its associated types.

use greenpatch::{Overrides, patch_point};

/// `where Self: 'a`.
#[greenpatch::patchable(strict, dispatch)]
mod outlives {
    pub trait Borrow<'a> {
        fn borrow(&'a self) -> &'a str
        where
            Self: 'a;

        fn longer<'b>(&'b self, text: &'a str) -> &'b str
        where
            Self: 'b,
            'a: 'b;
    }

    pub struct Text<'x>(pub &'x str);
    pub struct Plain;

    impl<'a, 'x> Borrow<'a> for Text<'x> {
        fn borrow(&'a self) -> &'a str
        where
            Self: 'a,
        {
            self.0
        }

        fn longer<'b>(&'b self, text: &'a str) -> &'b str
        where
            Self: 'b,
            'a: 'b,
        {
            if text.is_empty() { self.0 } else { text }
        }
    }

    impl<'a> Borrow<'a> for Plain
    where
        Self: 'a,
    {
        fn borrow(&'a self) -> &'a str
        where
            Self: 'a,
        {
            "plain"
        }

        fn longer<'b>(&'b self, text: &'a str) -> &'b str
        where
            Self: 'b,
            'a: 'b,
        {
            text
        }
    }

    impl<'a> Plain
    where
        Self: 'a,
    {
        pub fn name<'z>(&'z self, _: &'a str) -> &'z str
        where
            Self: 'z,
        {
            "plain"
        }
    }

    pub trait Named {
        fn name<'b>(&'b self) -> &'b str
        where
            Self: 'b,
        {
            "named"
        }

        fn with<'b, T>(&'b self, more: &'b T) -> (&'b Self, &'b T)
        where
            Self: Sync + 'b,
            T: Clone + 'b,
        {
            (self, more)
        }
    }

    impl Named for Plain {}

    impl<T> Named for Vec<T> {
        fn name<'b>(&'b self) -> &'b str
        where
            Self: 'b,
        {
            "vec"
        }
    }

    // `Self: Clone` does not require `Slice<'a, T>` to be well-formed.
    pub struct Slice<'a, T>(pub &'a [T]);

    impl<T> Clone for Slice<'_, T> {
        fn clone(&self) -> Self {
            Slice(self.0)
        }
    }

    pub trait First {
        fn first(&self) -> Option<usize>;
    }

    #[patchable(lenient)]
    impl<'a, T> First for Slice<'a, T>
    where
        Self: Clone,
    {
        fn first(&self) -> Option<usize> {
            Some(self.clone().0.len())
        }
    }
}

use outlives::{Borrow, First, Named, Plain, Slice, Text};

#[test]
fn self_outlives_a_lifetime() {
    assert_eq!(Text("text").borrow(), "text");
    assert_eq!(Text("text").longer(""), "text");
    assert_eq!(Plain.borrow(), "plain");
    assert_eq!(Plain.longer("l"), "l");
    assert_eq!(Plain::name(&Plain, ""), "plain");
    assert_eq!(Named::name(&Plain), "named");
    assert_eq!(vec![1].name(), "vec");
    assert_eq!(Slice(&[1, 2]).first(), Some(2));
    assert_eq!(Plain.with(&1).1, &1);
    Overrides::new()
        .item(
            patch_point!(<Text<'_> as Borrow<'_>>::borrow),
            Box::new(|_, text| text.0.trim()),
        )
        .item(
            patch_point!(default <Plain as outlives::Named>::name),
            Box::new(|_, _| "override"),
        )
        .item(
            patch_point!(<Vec<u8> as Named>::name),
            Box::new(|_, _| "bytes"),
        )
        .run(|| {
            assert_eq!(Text(" text ").borrow(), "text");
            assert_eq!(Named::name(&Plain), "override");
            assert_eq!((vec![1_u8].name(), vec![1].name()), ("bytes", "vec"));
        });
}

/// The first predicate is one on an associated type.
#[greenpatch::patchable(strict, dispatch)]
mod predicates {
    pub trait More: Iterator {
        fn is_next(&mut self, item: &Self::Item) -> bool
        where
            Self::Item: PartialEq,
            Self: Sized,
        {
            self.next().is_some_and(|next| next == *item)
        }

        fn turned<B>(self) -> Vec<B>
        where
            Self::Item: Into<B>,
            Self: Sized,
        {
            self.map(Into::into).collect()
        }

        fn qualified<B>(self) -> Vec<B>
        where
            <Self as Iterator>::Item: Into<B>,
            Self: Sized,
        {
            self.map(Into::into).collect()
        }

        fn in_brackets<B>(self) -> Vec<B>
        where
            Self: Sized,
            <Self>::Item: Into<B>,
        {
            self.map(Into::into).collect()
        }

        fn of_references(self) -> usize
        where
            for<'a> &'a Self::Item: Into<usize>,
            Self: Sized,
        {
            self.map(|item| (&item).into()).sum()
        }
    }

    impl<T: Iterator> More for T {}

    pub struct Length(pub usize);

    impl From<&Length> for usize {
        fn from(length: &Length) -> Self {
            length.0
        }
    }

    // The bounds before it do not apply to a slot.
    pub fn first<'a, T>(mut items: T) -> Option<T::Item>
    where
        T: 'a,
        <T>::Item: Clone,
        T: Iterator,
    {
        items.next()
    }
}

#[test]
fn predicates_on_associated_types() {
    use predicates::More;
    assert!([1, 2].iter().is_next(&&1));
    assert_eq!([1_u8, 2].into_iter().turned::<u32>(), [1, 2]);
    assert_eq!([1_u8, 2].into_iter().qualified::<u32>(), [1, 2]);
    assert_eq!([1_u8, 2].into_iter().in_brackets::<u32>(), [1, 2]);
    assert_eq!(predicates::first([1].iter()), Some(&1));
    assert_eq!([predicates::Length(7)].into_iter().of_references(), 7);
    Overrides::new()
        .item(
            patch_point!(default <std::vec::IntoIter<u8> as predicates::More>::turned::<u32>),
            Box::new(|_| vec![7]),
        )
        .run(|| assert_eq!(vec![1_u8].into_iter().turned::<u32>(), [7]));
}

/// Types that exist only if something outlives a lifetime: these functions stay as they are.
#[greenpatch::patchable(lenient, dispatch)]
mod lent {
    pub trait Lend {
        type Item<'a>
        where
            Self: 'a;

        fn lend<'a>(&'a mut self) -> Option<Self::Item<'a>>;

        fn none(&mut self) -> Option<Self::Item<'_>> {
            None
        }
    }

    pub struct Window<'x, T>(pub &'x mut [T]);

    impl<'x, T> Lend for Window<'x, T> {
        type Item<'a>
            = &'a mut T
        where
            Self: 'a;

        fn lend<'a>(&'a mut self) -> Option<Self::Item<'a>> {
            let first: Option<Self::Item<'a>> = self.0.first_mut();
            first
        }
    }

    impl<T: Lend> Lend for Vec<T> {
        type Item<'a>
            = T::Item<'a>
        where
            Self: 'a;

        fn lend<'a>(&'a mut self) -> Option<Self::Item<'a>> {
            self.first_mut()?.lend()
        }
    }

    /// A type that has nothing to outlive.
    pub struct Byte(pub u8);

    #[patchable(strict)]
    impl Lend for Byte {
        type Item<'a> = &'a mut u8;

        fn lend<'a>(&'a mut self) -> Option<Self::Item<'a>> {
            Some(&mut self.0)
        }
    }

    pub fn same<'a, T: Lend>(item: T::Item<'a>) -> T::Item<'a> {
        item
    }

    // The alias hides that the type is the trait's.
    pub trait Stream {
        type Item;
        type Error;

        fn next(&mut self) -> Result<Self::Item, Self::Error>;
    }

    pub type ErrorOf<S> = <S as Stream>::Error;

    pub struct Tokens<'a, T>(pub &'a [T]);

    impl<'a, T> Stream for Tokens<'a, T>
    where
        T: PartialEq + 'a,
    {
        type Item = &'a T;
        type Error = u8;

        fn next(&mut self) -> Result<Self::Item, ErrorOf<Self>> {
            self.0.first().ok_or(1)
        }
    }

    // A trait with a value for an argument.
    pub trait Filled<const N: usize> {
        fn filled(&self) -> [u8; N];
    }

    impl<const N: usize> Filled<N> for Byte {
        fn filled(&self) -> [u8; N] {
            [self.0; N]
        }
    }
}

#[test]
fn types_that_a_slot_cannot_name() {
    use lent::{Byte, Filled, Lend, Stream, Tokens, Window};
    let mut numbers = [1, 2];
    let mut windows = vec![Window(&mut numbers)];
    assert_eq!(windows.lend(), Some(&mut 1));
    assert!(windows[0].none().is_none());
    assert_eq!(*lent::same::<Byte>(&mut 3), 3);
    assert_eq!(Tokens(&[4]).next(), Ok(&4));
    assert_eq!(Byte(5).filled(), [5, 5]);
    Overrides::new()
        .item(
            patch_point!(<Byte as Lend>::lend),
            Box::new(|_: &mut Byte| None),
        )
        .run(|| assert_eq!(Byte(1).lend(), None));
    let points = greenpatch::patch_points();
    let state = |item: &str| {
        let mut points = points
            .iter()
            .filter(|point| point.module().ends_with("::lent"));
        let point = points.find(|point| point.item() == item);
        format!("{:?}", point.expect("it is listed").state())
    };
    for item in ["<Window<T> as Lend>::lend", "<Tokens<T> as Stream>::next"] {
        assert!(
            state(item).contains("PassedOver"),
            "{item}: {}",
            state(item)
        );
    }
}
