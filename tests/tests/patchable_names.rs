//! Types with names that look like those of other types.
#![forbid(unsafe_code)]
#![deny(warnings)]
#![allow(missing_docs, unreachable_pub)]

use greenpatch::{Overrides, patch_point, patchable, replaces};

/// Not a constant.
#[allow(clippy::upper_case_acronyms)]
struct URL(&'static str);

#[derive(Debug, PartialEq)]
struct Address(String);

#[patchable(strict)]
impl From<URL> for Address {
    fn from(url: URL) -> Self {
        Address(url.0.to_owned())
    }
}

trait Fetch<T> {
    fn fetch(&self, from: T) -> usize;
}

#[patchable(strict)]
impl Fetch<self::URL> for Address {
    fn fetch(&self, from: URL) -> usize {
        from.0.len()
    }
}

#[test]
fn a_type_in_capitals_is_a_type() {
    assert_eq!(Address::from(URL("url")), Address("url".into()));
    assert_eq!(Address(String::new()).fetch(URL("url")), 3);
    Overrides::new()
        .item(
            patch_point!(<Address as From<URL>>::from),
            Box::new(|_: URL| Address("other".into())),
        )
        .run(|| assert_eq!(Address::from(URL("url")), Address("other".into())));
}

mod lower {
    #[allow(non_camel_case_types)]
    pub struct stream(pub u8);

    #[greenpatch::patchable]
    impl stream {
        pub fn read(&self) -> u8 {
            self.0
        }

        pub fn write(&self, by: u8) -> u8 {
            self.0 + by
        }
    }
}

#[replaces(<lower::stream>::read)]
fn read(_: &lower::stream) -> u8 {
    9
}

#[test]
fn a_type_in_lower_case_is_written_in_angle_brackets() {
    let stream = lower::stream(1);
    assert_eq!(stream.read(), 1);
    assert_eq!(
        patch_point!(<lower::stream>::write).original()(&stream, 1),
        2
    );
    Overrides::new()
        .item(
            patch_point!(<lower::stream>::write),
            Box::new(|_: &lower::stream, by: u8| by),
        )
        .run(|| assert_eq!(stream.write(7), 7));
    assert!(
        greenpatch::patch_module("patchable_names::lower")
            .unwrap()
            .is_done()
    );
    assert_eq!(stream.read(), 9);
}

/// Bounds that a type has on its parameter, and its impls do not repeat.
mod asks {
    use super::patchable;

    pub struct Of<T: 'static>(pub &'static T);

    #[patchable(strict)]
    impl<T> std::fmt::Debug for Of<T> {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("Of").finish_non_exhaustive()
        }
    }

    #[patchable(strict)]
    impl<T: AsRef<str>> Of<T> {
        pub fn len(&self) -> usize {
            self.0.as_ref().len()
        }
    }
}

#[test]
fn what_a_type_asks_of_its_parameter_is_known() {
    let of = asks::Of(&"text");
    assert_eq!(format!("{of:?}"), "Of { .. }");
    assert_eq!(of.len(), 4);
    Overrides::new()
        .item(
            patch_point!(<asks::Of<String> as std::fmt::Debug>::fmt),
            Box::new(|_: &asks::Of<String>, f: &mut std::fmt::Formatter<'_>| f.write_str("other")),
        )
        .run(|| {
            static TEXT: String = String::new();
            assert_eq!(format!("{:?}", asks::Of(&TEXT)), "other");
            assert_eq!(format!("{of:?}"), "Of { .. }");
        });
}

mod other {
    #[allow(dead_code)]
    pub mod fmt {}
}

/// A macro brings in a second `fmt`, by a glob.
#[patchable(strict)]
mod globs {
    use std::fmt;

    macro_rules! bring {
        () => {
            #[allow(unused_imports)]
            use super::other::*;
        };
    }

    bring!();

    pub struct Shown;

    impl fmt::Display for Shown {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            "shown".fmt(f)
        }
    }
}

#[test]
fn an_import_is_before_a_glob() {
    assert_eq!(globs::Shown.to_string(), "shown");
}
