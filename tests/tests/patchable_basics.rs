//! Free functions, inherent methods and modules as patch points, not patched.
#![allow(clippy::boxed_local, clippy::len_without_is_empty)]
#![forbid(unsafe_code)]
#![deny(warnings)]
#![allow(missing_docs, unreachable_pub)]

use greenpatch::{patchable, replaces};

#[patchable]
fn add(a: u32, b: u32) -> u32 {
    a + b
}

#[patchable]
fn longest<'a>(a: &'a str, b: &'a str) -> &'a str {
    if a.len() >= b.len() { a } else { b }
}

#[patchable]
fn first(words: &str) -> &str {
    words.split(' ').next().unwrap_or("")
}

#[patchable]
fn swap((a, b): (u8, u8), mut times: u32, _: ()) -> (u8, u8) {
    let mut pair = (a, b);
    while times > 0 {
        pair = (pair.1, pair.0);
        times -= 1;
    }
    pair
}

/// Only its output has the lifetime.
#[patchable]
fn nothing<'a>() -> Option<&'a str> {
    None
}

#[patchable]
fn shorter<'a, 'b: 'a>(a: &'a str, b: &'b str) -> &'a str {
    if a.len() < b.len() { a } else { b }
}

#[patchable]
fn unit() {}

#[patchable]
fn never(code: u8) -> ! {
    panic!("never {code}")
}

#[patchable]
fn r#match(r#type: u8) -> u8 {
    r#type + 1
}

#[patchable]
extern "C" fn c_abi(a: i32) -> i32 {
    -a
}

#[derive(Debug, PartialEq)]
pub struct Text<'a> {
    text: &'a str,
}

#[patchable]
impl<'a> Text<'a> {
    pub fn new(text: &'a str) -> Self {
        Text { text }
    }

    pub fn empty() -> Self {
        Text { text: "" }
    }

    pub fn get(&self) -> &'a str {
        self.text
    }

    pub fn word(&self, index: usize) -> &str {
        self.text.split(' ').nth(index).unwrap_or("")
    }

    pub fn or<'b>(&'b self, other: &'b str) -> &'b str {
        if self.text.is_empty() {
            other
        } else {
            self.text
        }
    }

    fn push(&mut self, Text { text }: Text<'a>) -> &mut Self {
        if self.text.is_empty() {
            self.text = text;
        }
        self
    }

    pub fn boxed(self: Box<Self>) -> usize {
        self.text.len()
    }

    pub fn shown(&mut self) -> &mut dyn std::fmt::Debug {
        self
    }

    pub const fn len(&self) -> usize {
        self.text.len()
    }
}

pub struct Plain(u32);

#[patchable]
impl Plain {
    fn by_value(mut self, n: u32) -> Self {
        self.0 += n;
        self
    }

    fn pinned(self: std::pin::Pin<&mut Self>, n: u32) -> &mut u32 {
        let plain = self.get_mut();
        plain.0 += n;
        &mut plain.0
    }

    fn array() -> [u8; Self::SIZE] {
        [0; Self::SIZE]
    }

    const SIZE: usize = 3;
}

#[replaces(add)]
fn other_add(a: u32, b: u32) -> u32 {
    a * b
}

#[replaces(longest)]
fn other_longest<'x>(a: &'x str, _: &'x str) -> &'x str {
    a
}

#[replaces(crate::Text::get)]
fn other_get<'a>(this: &Text<'a>) -> &'a str {
    this.text
}

#[replaces(inner::deep::answer)]
fn other_answer() -> u32 {
    43
}

#[patchable]
mod inner {
    use std::time::Duration;

    pub fn second() -> Duration {
        Duration::from_secs(1)
    }

    pub mod deep {
        use super::*;

        pub(crate) fn answer() -> u32 {
            42
        }

        pub fn third() -> Duration {
            second() * 3
        }
    }
}

#[test]
fn functions_run_their_original() {
    assert_eq!(add(2, 3), 5);
    assert_eq!(longest("a", "bc"), "bc");
    assert_eq!(first("one two"), "one");
    assert_eq!(swap((1, 2), 3, ()), (2, 1));
    assert_eq!(nothing(), None);
    assert_eq!(shorter("a", "bc"), "a");
    unit();
    assert!(std::panic::catch_unwind(|| never(1)).is_err());
    assert_eq!(r#match(1), 2);
    assert_eq!(c_abi(1), -1);
}

#[test]
fn methods_run_their_original() {
    let mut text = Text::new("one two");
    assert_eq!(text.get(), "one two");
    assert_eq!(text.word(1), "two");
    assert_eq!(text.or("three"), "one two");
    assert_eq!(text.len(), 7);
    assert_eq!(format!("{:?}", text.shown()), "Text { text: \"one two\" }");
    assert_eq!(text.push(Text::empty()).get(), "one two");
    assert_eq!(Box::new(text).boxed(), 7);

    let mut plain = Plain(1).by_value(2);
    assert_eq!(*std::pin::Pin::new(&mut plain).pinned(3), 6);
    assert_eq!(Plain::array(), [0; 3]);
}

#[test]
fn modules_run_their_original() {
    assert_eq!(inner::deep::third().as_secs(), 3);
    assert_eq!(inner::deep::answer(), 42);
}

#[test]
fn originals_are_reachable() {
    assert_eq!(add__PATCH.original()(2, 3), 5);
    assert_eq!(Text::get__PATCH.original()(&Text::new("x")), "x");
    let site = Text::get__PATCH.raw().site();
    assert_eq!((site.name, site.module), ("Text::get", module_path!()));
    assert!(site.file.ends_with("patchable_basics.rs"));
    assert_eq!(other_add(2, 3), 6);
    assert_eq!(other_longest("a", "b"), "a");
    assert_eq!(other_get(&Text::new("x")), "x");
    assert_eq!(other_answer(), 43);
}
