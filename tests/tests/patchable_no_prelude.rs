//! A crate without a prelude: expansions name everything in full.
#![allow(clippy::needless_lifetimes)]
#![no_implicit_prelude]
#![forbid(unsafe_code)]
#![deny(warnings)]
#![allow(missing_docs)]

use ::greenpatch::{patchable, replaces};

#[patchable]
fn f<'a, T: ::std::clone::Clone>(value: &'a T) -> T {
    value.clone()
}

struct Type(u8);

#[patchable]
impl Type {
    fn get(&self) -> u8 {
        self.0
    }

    async fn wait(&self) -> u8 {
        self.0
    }
}

#[patchable]
impl ::std::default::Default for Type {
    fn default() -> Self {
        Type(3)
    }
}

#[patchable]
trait Named {
    fn name(&self) -> ::std::string::String {
        ::std::string::String::new()
    }
}

impl Named for Type {}

#[patchable]
mod inner {
    pub(crate) fn nap() -> std::time::Duration {
        std::time::Duration::from_secs(1)
    }

    thread_local! {
        static NUMBER: u8 = const { 5 };
    }

    /// No macros are in scope here but greenpatch's.
    pub(crate) fn print() -> u8 {
        print!("printed ");
        println!("by greenpatch");
        eprint!("{}", std::string::String::new());
        eprintln!();
        NUMBER.with(|number| dbg!(*number))
    }
}

#[replaces(self::Type::get)]
fn other(_: &Type) -> u8 {
    9
}

#[replaces(inner)]
mod source {
    pub(crate) fn nap() -> ::std::time::Duration {
        ::std::time::Duration::from_secs(2)
    }
}

#[test]
fn unpatched() {
    use ::std::assert_eq;
    assert_eq!(f(&1), 1);
    let value = <Type as ::std::default::Default>::default();
    assert_eq!(value.get(), 3);
    assert_eq!(other(&value), 9);
    assert_eq!(Named::name(&value), "");
    assert_eq!(inner::nap().as_secs(), 1);
    assert_eq!(inner::print(), 5);
    assert_eq!(source::nap().as_secs(), 2);
    ::std::mem::drop(value.wait());
    assert_eq!(::std::iter::Iterator::count(source::SOURCE.implements()), 1);
}
