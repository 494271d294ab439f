//! Methods in trait impls, and default methods of traits.
#![allow(
    clippy::unused_io_amount,
    clippy::needless_lifetimes,
    clippy::while_let_on_iterator
)]
#![forbid(unsafe_code)]
#![deny(warnings)]
#![allow(missing_docs, unreachable_pub)]

use greenpatch::{Overrides, patch_point, patchable, replaces};
use std::fmt;
use std::io;

pub struct Count<'a> {
    left: u32,
    step: &'a u32,
}

#[patchable]
impl<'a> Iterator for Count<'a> {
    type Item = u32;

    fn next(&mut self) -> Option<Self::Item> {
        let done: Option<Self::Item> = None;
        if self.left == 0 {
            return done;
        }
        self.left -= 1;
        Some(self.left * self.step)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, None)
    }
}

#[patchable]
impl DoubleEndedIterator for Count<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.next()
    }
}

// The trait is not in scope here, and the methods of one call each other.
pub struct Sink(Vec<u8>);

#[patchable(strict)]
impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend(bytes);
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write(bytes)?;
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[patchable]
impl From<u8> for Sink {
    fn from(byte: u8) -> Self {
        Sink(vec![byte])
    }
}

#[patchable]
impl<'a> From<&'a str> for Sink {
    fn from(text: &'a str) -> Sink {
        Self(text.into())
    }
}

#[patchable]
impl From<&[u8]> for Sink {
    fn from(bytes: &[u8]) -> Sink {
        Self(bytes.into())
    }
}

#[patchable]
impl fmt::Display for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

#[patchable]
impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[patchable]
impl PartialEq for Sink {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

#[patchable]
impl Drop for Sink {
    fn drop(&mut self) {
        self.0.clear();
    }
}

#[patchable]
trait Speak {
    const LOUD: bool = false;

    fn word(&self) -> String;

    fn sentence(&self) -> String {
        let word = self.word();
        if Self::LOUD {
            format!("{word}!")
        } else {
            format!("{word}.")
        }
    }

    fn twice(self) -> (String, String)
    where
        Self: Sized,
    {
        (self.sentence(), self.word())
    }

    fn with<T: fmt::Display>(&self, rest: T) -> String {
        format!("{} {rest}", self.word())
    }
}

// A foreign type, and one without a size.
#[patchable]
impl Speak for String {
    fn word(&self) -> String {
        self.clone()
    }
}

#[patchable]
impl Speak for str {
    fn word(&self) -> String {
        self.to_owned()
    }

    fn with<T: fmt::Display>(&self, rest: T) -> String {
        format!("{self}-{rest}")
    }
}

#[patchable]
impl<T: Speak> Speak for Vec<T> {
    fn word(&self) -> String {
        self.iter().map(T::word).collect()
    }
}

struct Quiet;

impl Speak for Quiet {
    fn word(&self) -> String {
        "hm".to_owned()
    }
}

#[replaces(<Sink as fmt::Display>::fmt)]
fn show(_: &Sink, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("sink")
}

#[replaces(<Count<'_> as Iterator>::next)]
fn never<'s>(_: &'s mut Count<'_>) -> Option<u32> {
    None
}

#[replaces(default <Quiet as Speak>::sentence)]
fn silence(_: &Quiet) -> String {
    String::new()
}

#[test]
fn unpatched() {
    let mut count = Count { left: 3, step: &2 };
    assert_eq!(count.size_hint().0, 3);
    assert_eq!(count.next(), Some(4));
    assert_eq!(count.next_back(), Some(2));
    let mut sink = Sink::from(7);
    io::Write::write_all(&mut sink, b"abc").unwrap();
    assert_eq!(sink, Sink::from(&b"\x07abc"[..]));
    assert_ne!(sink, Sink::from("abc"));
    assert_eq!(format!("{sink} {sink:?}"), "4 bytes 4 bytes");

    assert_eq!("a".sentence(), "a.");
    assert_eq!("a".to_owned().twice(), ("a.".to_owned(), "a".to_owned()));
    assert_eq!(vec!["a".to_owned(), "b".to_owned()].with(3), "ab 3");
    assert_eq!("a".with(3), "a-3");
    assert_eq!(Quiet.sentence(), "hm.");
    let _ = (show, never, silence);
}

#[test]
fn methods_of_impls_are_overridden_each_by_itself() {
    Overrides::new()
        .item(
            patch_point!(<Sink as fmt::Display>::fmt),
            Box::new(|_: &Sink, f: &mut fmt::Formatter<'_>| f.write_str("shown")),
        )
        .item(
            patch_point!(<Sink as From<u8>>::from),
            Box::new(|byte: u8| Sink(vec![byte; 3])),
        )
        .item(
            patch_point!(<Sink as From<&str>>::from),
            Box::new(|_: &str| Sink(vec![1])),
        )
        .item(
            patch_point!(<Vec<String> as Speak>::word),
            Box::new(|words: &Vec<String>| words.join("+")),
        )
        .item(
            patch_point!(<str as Speak>::with::<u8>),
            Box::new(|_: &str, n: u8| format!("eight bits {n}")),
        )
        .run(|| {
            assert_eq!(format!("{}", Sink::from(7)), "shown");
            assert_eq!(Sink::from(7).0, [7, 7, 7]);
            assert_eq!(Sink::from("text").0, [1]);
            assert_eq!(Sink::from(&b"text"[..]).0, b"text");
            assert_eq!(vec!["a".to_owned(), "b".to_owned()].word(), "a+b");
            assert_eq!("a".with(3_u8), "eight bits 3");
            assert_eq!("a".with(3_u16), "a-3");
        });
    assert_eq!(format!("{}", Sink::from(7)), "1 bytes");
}

#[test]
fn default_methods_are_overridden_for_one_type() {
    Overrides::new()
        .item(
            patch_point!(default <Quiet as Speak>::sentence),
            Box::new(|_: &Quiet| "psst".to_owned()),
        )
        .item(
            patch_point!(default <Quiet as Speak>::with::<u8>),
            Box::new(|_: &Quiet, n: u8| "x".repeat(n.into())),
        )
        .run(|| {
            assert_eq!(Quiet.sentence(), "psst");
            assert_eq!(Quiet.with(2_u8), "xx");
            assert_eq!(Quiet.with(2_u16), "hm 2");
            assert_eq!("a".sentence(), "a.");
        });
}

#[test]
fn names() {
    let name = |site: greenpatch::Site| site.name;
    assert_eq!(
        name(patch_point!(<Sink as fmt::Display>::fmt).raw().site()),
        "<Sink as fmt::Display>::fmt"
    );
    assert_eq!(
        name(patch_point!(<Count<'_> as Iterator>::next).raw().site()),
        "<Count as Iterator>::next"
    );
    assert_eq!(
        name(
            patch_point!(default <Quiet as Speak>::sentence)
                .raw()
                .site()
        ),
        "Speak::sentence::<patchable_traits::Quiet>"
    );
}

/// The impls of this trait relate its lifetimes.
pub struct Nodes<'a, 'input> {
    names: &'a mut Vec<&'input str>,
}

#[patchable]
impl<'a, 'input: 'a> Iterator for Nodes<'a, 'input> {
    type Item = (&'input str, usize);

    fn next(&mut self) -> Option<Self::Item> {
        let name = self.names.pop()?;
        Some((name, name.len()))
    }

    // The bound mentions parameters of `Self`.
    fn fold<B, F>(mut self, init: B, mut f: F) -> B
    where
        F: FnMut(B, Self::Item) -> B,
    {
        let mut all = init;
        while let Some(item) = self.next() {
            all = f(all, item);
        }
        all
    }
}

// The output is an associated type of another trait's impl.
#[patchable]
impl<'a, 'input: 'a> DoubleEndedIterator for Nodes<'a, 'input> {
    fn next_back(&mut self) -> Option<Self::Item> {
        None
    }
}

#[test]
fn related_lifetimes() {
    let mut names = vec!["a", "bc"];
    let mut nodes = Nodes { names: &mut names };
    assert_eq!(nodes.next(), Some(("bc", 2)));
    assert_eq!(nodes.next_back(), None);
    assert_eq!(nodes.map(|(_, length)| length).sum::<usize>(), 1);
    assert_eq!(
        patch_point!(<Nodes<'_, '_> as Iterator>::next)
            .raw()
            .site()
            .name,
        "<Nodes as Iterator>::next"
    );
}

/// `T` must outlive the lifetime that the impl elides.
pub struct Slice<'a, T>(&'a [T]);

#[patchable]
impl<T> Slice<'_, T> {
    pub fn of(slice: &[T]) -> Slice<'_, T> {
        Slice(slice)
    }
}

#[patchable]
impl<T: Clone> From<&Slice<'_, T>> for Vec<T> {
    fn from(slice: &Slice<'_, T>) -> Self {
        slice.0.to_vec()
    }
}

#[test]
fn lifetimes_that_a_method_does_not_speak_of() {
    assert_eq!(Vec::from(&Slice::of(&[1, 2])), [1, 2]);
    Overrides::new()
        .item(
            patch_point!(<Vec<u8> as From<&Slice<'_, u8>>>::from),
            Box::new(|_: &Slice<'_, u8>| vec![7]),
        )
        .run(|| assert_eq!(Vec::from(&Slice::of(&[1_u8])), [7]));
}
