//! Outputs with elided borrows, and types with the names of std's: the slot's type has the lifetimes of the function.
#![forbid(unsafe_code)]
#![deny(warnings)]
#![allow(missing_docs, unreachable_pub)]
#![allow(elided_lifetimes_in_paths, mismatched_lifetime_syntaxes)]

use greenpatch::{Overrides, patch_point, patchable, replaces};

/// Types with a lifetime, with names that std has for types without one.
mod own {
    use std::cell::Cell;

    pub struct Range<'a>(pub &'a str);
    /// Neither covariant nor contravariant.
    pub struct File<'a>(pub Cell<&'a str>);
    pub struct Path<'a>(pub &'a str);
    pub struct Error<'a>(pub &'a str);
    pub type Result<'a, T> = std::result::Result<T, Error<'a>>;
}

struct Text(String);

mod methods {
    use super::own::{File, Path, Range, Result};
    use super::{Text, patchable};
    use std::cell::Cell;

    // Each by itself, so that the macro sees no import.
    #[patchable(strict)]
    impl Text {
        pub fn range(&self, _separator: &str) -> Range {
            Range(&self.0)
        }

        pub fn file(&mut self, _mode: &str) -> File {
            File(Cell::new(&self.0))
        }

        pub fn parse(&self, text: &str) -> Result<usize> {
            match text {
                "" => Err(super::own::Error(&self.0)),
                text => Ok(text.len()),
            }
        }

        pub fn path(&self, path: Path) -> Option<Path> {
            (path.0 == self.0).then_some(Path(&self.0))
        }

        pub fn nested(&self, _text: &str, _more: Range) -> Vec<(u8, Result<Box<File>>)> {
            vec![(1, Ok(Box::new(File(Cell::new(&self.0)))))]
        }

        /// Could hide a lifetime, and does not.
        pub fn count(&self, text: &str) -> std::fmt::Result {
            assert_eq!(text, self.0);
            Ok(())
        }
    }
}

/// The lifetime of the type and that of the reference to it differ.
struct Parser<'t> {
    text: &'t str,
    last: String,
}

#[patchable(strict)]
impl<'t> Parser<'t> {
    fn token(&mut self, stop: char) -> own::Range {
        self.last = self.text.split(stop).next().unwrap_or("").to_owned();
        own::Range(&self.last)
    }

    fn of_text(&self) -> own::Range<'t> {
        own::Range(self.text)
    }

    fn by_value(self, other: &str) -> own::Range {
        assert!(self.last.is_empty());
        own::Range(other)
    }

    fn apart(self, _other: &str, number: u8) -> own::Range<'t> {
        assert_eq!(number, 3);
        own::Range(self.text)
    }
}

#[patchable(strict)]
trait Lookup {
    fn find(&self, key: &str) -> own::Result<u8>;

    fn again(&self, key: &str) -> own::Result<u8> {
        self.find(key)
    }
}

#[patchable(strict)]
impl Lookup for Text {
    fn find(&self, key: &str) -> own::Result<u8> {
        if key == self.0 {
            Ok(1)
        } else {
            Err(own::Error(&self.0))
        }
    }
}

struct Pair<T>(T, T);

#[patchable(strict)]
impl<T: AsRef<str> + 'static> Pair<T> {
    fn first(&self, _of: &str) -> own::Range {
        own::Range(self.0.as_ref())
    }

    fn choose<U: AsRef<str>>(&self, by: &U) -> std::result::Result<&T, own::Error> {
        if by.as_ref().is_empty() {
            Err(own::Error(self.1.as_ref()))
        } else {
            Ok(&self.0)
        }
    }
}

#[replaces(Text::range)]
fn short<'s>(this: &'s Text, _: &str) -> own::Range<'s> {
    own::Range(&this.0[..1])
}

#[replaces(Text::file)]
fn end<'s>(this: &'s mut Text, mode: &str) -> own::File<'s> {
    own::File(std::cell::Cell::new(&this.0[mode.len()..]))
}

#[replaces(Text::parse)]
fn fails<'s>(this: &'s Text, _: &str) -> own::Result<'s, usize> {
    Err(own::Error(&this.0))
}

#[replaces(Parser::token)]
fn whole<'s>(this: &'s mut Parser<'_>, stop: char) -> own::Range<'s> {
    this.last.push(stop);
    own::Range(&this.last)
}

#[replaces(<Text as Lookup>::find)]
fn never<'s>(this: &'s Text, _: &str) -> own::Result<'s, u8> {
    Err(own::Error(&this.0))
}

#[test]
fn an_output_that_hides_the_receivers_lifetime_is_replaced() {
    let mut text = Text("text".into());
    assert_eq!(text.range("x").0, "text");
    assert_eq!(text.file("").0.get(), "text");
    assert_eq!(text.parse("four").ok(), Some(4));
    assert!(text.path(own::Path("text")).is_some());
    assert!(text.nested("", own::Range(""))[0].1.is_ok());
    assert!(text.count("text").is_ok());
    let mut parser = Parser {
        text: "a-b",
        last: String::new(),
    };
    assert_eq!(parser.token('-').0, "a");
    assert!(greenpatch::patch_module(module_path!()).unwrap().is_done());
    assert_eq!(text.range("x").0, "t");
    assert_eq!(text.file("+").0.get(), "ext");
    assert_eq!(text.parse("four").err().unwrap().0, "text");
    assert!(text.find("text").is_err());
    assert!(text.again("text").is_err());
    assert_eq!(parser.token('-').0, "a-");
}

#[test]
fn what_is_by_value_lends_what_it_shows() {
    let parser = || Parser {
        text: "text",
        last: String::new(),
    };
    assert_eq!(parser().of_text().0, "text");
    assert_eq!(parser().by_value("other").0, "other");
    assert_eq!(parser().apart("other", 3).0, "text");
    Overrides::new()
        .item(
            patch_point!(Parser::by_value),
            Box::new(|_: Parser<'_>, other: &str| own::Range(&other[1..])),
        )
        .run(|| assert_eq!(parser().by_value("other").0, "ther"));
}

#[test]
fn generic_methods_lend_what_they_show() {
    let pair = Pair("one", "two");
    assert_eq!(pair.first("").0, "one");
    assert_eq!(pair.choose(&"").err().unwrap().0, "two");
    Overrides::new()
        .item(
            patch_point!(Pair::<String>::first),
            Box::new(|this: &Pair<String>, _: &str| own::Range(&this.1)),
        )
        .run(|| {
            assert_eq!(
                Pair(String::from("one"), String::from("two")).first("").0,
                "two"
            );
            assert_eq!(pair.first("").0, "one");
        });
}

/// Outputs with trait objects that name their lifetimes.
mod objects {
    use super::{Overrides, patch_point, patchable};

    pub struct Words(Vec<String>);

    #[patchable(strict)]
    impl Words {
        pub fn all<'s>(&'s self, _than: &str) -> Box<dyn Iterator<Item = &'s str> + 's> {
            Box::new(self.0.iter().map(String::as_str))
        }

        pub fn either<'s>(&'s self, other: &'s str) -> Box<dyn AsRef<str> + Send + 's> {
            Box::new(self.0.first().map_or(other, |first| first))
        }

        pub fn one<'o>(&self, other: &'o dyn AsRef<str>) -> &'o (dyn AsRef<str> + 'o) {
            other
        }

        pub fn seen(&self, _text: &str) -> &(dyn Fn(&str) -> usize + '_) {
            &|text| text.len()
        }
    }

    #[test]
    fn a_trait_object_with_a_lifetime_comes_back() {
        let words = Words(vec!["one".into(), "two".into()]);
        assert_eq!(words.all("").collect::<Vec<_>>(), ["one", "two"]);
        assert_eq!((*words.either("")).as_ref(), "one");
        assert_eq!(words.one(&"x").as_ref(), "x");
        assert_eq!(words.seen("")("four"), 4);
        Overrides::new()
            .item(
                patch_point!(Words::all),
                Box::new(|this: &Words, _: &str| Box::new(this.0.iter().rev().map(String::as_str))),
            )
            .run(|| assert_eq!(words.all("").collect::<Vec<_>>(), ["two", "one"]));
    }
}
