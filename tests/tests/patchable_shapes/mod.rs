// The shapes of code that an expansion must not disturb. Each edition has a test that includes this.

use greenpatch::patchable;

/// A module annotated whole, with names that clash with the shadow.
#[patchable]
mod whole {
    use std::thread_local;
    use std::{self, cell::Cell, collections::HashMap};

    thread_local! {
        static COUNT: Cell<u32> = Cell::new(1);
    }

    pub fn count() -> u32 {
        COUNT.with(|count| {
            count.set(count.get() + 1);
            count.get()
        })
    }

    pub fn absolute() -> ::std::time::Duration {
        let duration: ::std::time::Duration = ::std::time::Duration::from_secs(1);
        assert!(format!("{:?}", <::std::time::Duration>::from_secs(2)) != "");
        duration
    }

    pub fn map() -> HashMap<u8, std::string::String> {
        let mut map = HashMap::new();
        map.insert(1, std::string::String::from("one"));
        map
    }

    macro_rules! absolute_in_macro {
        () => {
            ::std::mem::size_of::<u32>()
        };
    }

    pub fn expanded() -> (usize, &'static str) {
        (absolute_in_macro!(), stringify!(::std::mem))
    }

    pub mod child {
        use super::*;
        use std;

        pub fn again() -> std::time::Duration {
            absolute() * 2
        }

        #[patchable(skip)]
        pub mod left_out {
            use super::*;

            pub fn is_std(duration: std::time::Duration) -> ::std::time::Duration {
                again() + duration
            }
        }

        mod renamed {
            pub extern crate std;
            extern crate std as other_std;

            pub fn f() -> other_std::time::Duration {
                std::time::Duration::from_secs(5)
            }
        }

        pub fn renamed() -> std::time::Duration {
            renamed::f()
        }
    }

    mod own_std {
        pub mod std {
            pub fn f() -> u8 {
                3
            }
        }
        pub fn f() -> u8 {
            std::f()
        }
    }

    pub fn own_std() -> u8 {
        own_std::f()
    }
}

/// Macros with the names of those that the shadow brings, from each place that they may come from.
#[patchable]
mod macros {
    pub mod of_prelude {
        use std::prelude::v1::*;

        pub fn print() -> String {
            println!("of the prelude");
            String::from("of the prelude")
        }
    }

    pub mod of_root {
        #[allow(unused_imports)]
        use std::*;

        pub fn print() {
            println!("of the root");
        }
    }

    pub fn in_body() -> Vec<u8> {
        use std::prelude::v1::*;
        println!("in a body");
        {
            use ::std::prelude::v1::*;
            eprintln!("in a block");
        }
        vec![1]
    }

    pub mod own {
        macro_rules! println {
            ($text:literal) => {
                $text.len()
            };
        }

        pub fn len() -> usize {
            println!("own") + child::len()
        }

        mod child {
            pub fn len() -> usize {
                println!("child")
            }

            #[patchable(skip)]
            pub mod left_out {
                #[allow(unused_imports)]
                use super::*;

                pub fn len() -> usize {
                    println!("left out")
                }
            }
        }

        pub fn left_out() -> usize {
            child::left_out::len()
        }
    }

    pub mod exported {
        #[macro_export]
        #[doc(hidden)]
        macro_rules! greenpatch_shapes_one {
            () => {
                1
            };
        }

        /// For other crates.
        #[macro_export]
        #[doc(hidden)]
        macro_rules! greenpatch_shapes_two {
            () => {
                $crate::greenpatch_shapes_one!() + 1
            };
        }

        pub fn one() -> u8 {
            greenpatch_shapes_one!()
        }
    }

    pub mod used {
        #[macro_use]
        mod definitions {
            macro_rules! eprint {
                () => {
                    8
                };
            }
        }

        mod by_path {
            macro_rules! own_print {
                () => {
                    9
                };
            }
            pub(super) use own_print as print;
        }

        use by_path::print;
        use std::println;

        pub fn all() -> u8 {
            println!("by name");
            eprint!() + print!()
        }
    }
}

/// Names that the expansion uses, or could be thought to use.
mod names {
    use greenpatch::patchable;

    #[allow(dead_code)]
    pub(crate) struct Slot;
    #[allow(dead_code)]
    pub(crate) struct PhantomData;
    #[allow(dead_code)]
    enum Option {
        Some,
        None,
    }
    #[allow(non_upper_case_globals, dead_code)]
    const None: u8 = 0;
    #[allow(non_upper_case_globals, dead_code)]
    const replacement: u8 = 0;
    #[allow(dead_code)]
    trait Fn {}
    #[allow(dead_code)]
    trait Send {}
    #[allow(dead_code)]
    mod greenpatch_private {}
    #[allow(dead_code)]
    mod core {}

    pub(crate) const SLOT: usize = 4;

    #[patchable]
    #[allow(non_snake_case)]
    pub(crate) fn f(SLOT_: [u8; SLOT], f: u8, found: u8, arg_0: u8) -> u8 {
        SLOT_[0] + f + found + arg_0
    }

    pub(crate) struct Type;

    #[patchable]
    impl Type {
        pub(crate) fn get(&self, Slot: Slot) -> u8 {
            let _ = Slot;
            1
        }

        pub(crate) fn original(&self, original: u8) -> u8 {
            original
        }
    }
}

macro_rules! annotated {
    ($(#[$attr:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),*) -> $out:ty $body:block) => {
        $(#[$attr])*
        #[patchable]
        $vis fn $name($($arg: $ty),*) -> $out $body
    };
}

annotated! {
    /// Written by a macro.
    #[inline]
    pub(crate) fn by_macro(a: u8, b: &str) -> usize { b.len() + usize::from(a) }
}

macro_rules! annotated_impl {
    ($ty:ty, $name:ident, $out:ty, $value:expr) => {
        #[patchable]
        impl $ty {
            pub(crate) fn $name(&self) -> $out {
                let value = $value;
                value
            }
        }
    };
}

pub(crate) struct ByMacro(u8);

annotated_impl!(ByMacro, value, u8, 1 + 1);

macro_rules! annotated_item {
    ($($item:item)*) => { $(#[patchable] $item)* };
}

annotated_item! {
    pub(crate) fn item_of_macro() -> u8 { 4 }
    impl Default for ByMacro {
        fn default() -> Self { ByMacro(9) }
    }
}

#[patchable]
#[must_use]
#[inline]
#[track_caller]
#[cfg(not(any()))]
#[cfg_attr(all(), doc = "configured")]
#[doc(alias = "elsewhere")]
#[allow(clippy::needless_return)]
pub(crate) fn caller() -> u32 {
    return std::panic::Location::caller().line();
}

#[patchable]
#[cfg(any())]
fn gone() -> Missing {}

#[patchable]
#[cfg(any())]
impl Missing {
    const fn gone(&self) -> Missing {}
    fn also_gone(&self) {}
}

#[patchable]
impl ByMacro {
    #[cfg(any())]
    fn gone(&self) -> Missing {}

    #[deprecated = "use something else"]
    #[allow(dead_code)]
    pub(crate) fn old(&self) -> u8 {
        older()
    }
}

#[patchable]
#[deprecated]
fn older() -> u8 {
    1
}

#[patchable(lenient)]
#[test]
fn a_test_stays_a_test() {
    assert_eq!(by_macro(1, "ab"), 3);
}

#[test]
fn shapes() {
    assert_eq!(whole::count(), 2);
    assert_eq!(whole::absolute().as_secs(), 1);
    assert_eq!(whole::map()[&1], "one");
    assert_eq!(whole::expanded(), (4, "::std::mem"));
    assert_eq!(whole::child::again().as_secs(), 2);
    let added = whole::child::left_out::is_std(std::time::Duration::from_secs(1));
    assert_eq!(added.as_secs(), 3);
    assert_eq!(whole::child::renamed().as_secs(), 5);
    assert_eq!(whole::own_std(), 3);
    assert_eq!(macros::of_prelude::print(), "of the prelude");
    macros::of_root::print();
    assert_eq!(macros::in_body(), [1]);
    assert_eq!(macros::own::len(), 8);
    assert_eq!(macros::own::left_out(), 8);
    assert_eq!(macros::exported::one(), 1);
    assert_eq!(macros::used::all(), 17);
    assert_eq!(names::f([1; names::SLOT], 1, 1, 1), 4);
    assert_eq!(names::Type.get(names::Slot), 1);
    assert_eq!(names::Type.original(2), 2);
    assert_eq!(ByMacro(1).value(), 2);
    assert_eq!(item_of_macro(), 4);
    assert_eq!(ByMacro::default().0, 9);
    assert_eq!(caller(), line!());
}

#[test]
fn in_a_function() {
    #[patchable]
    fn inner(a: u8) -> u8 {
        a + 1
    }
    struct Local(u8);
    #[patchable]
    impl Local {
        fn get(&self) -> u8 {
            inner(self.0)
        }
    }
    #[patchable]
    impl Clone for Local {
        fn clone(&self) -> Self {
            Local(self.0)
        }
    }
    #[patchable]
    trait Named {
        fn name(&self) -> u8 {
            7
        }
    }
    impl Named for Local {}
    assert_eq!(Local(1).clone().get(), 2);
    assert_eq!(Local(1).name(), 7);
}
