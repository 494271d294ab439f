//! Queries, and what names mean.

use greenpatch::{
    Coverage, Point, is_anything_patched, is_item_patched, is_module_patched, original,
    patch_module,
};
use greenpatch_tests::isolated;

use crate::shop::counter;

#[greenpatch::patchable(dispatch)]
mod corner {
    pub mod shop {
        pub mod counter {
            pub fn price(_: u32) -> u32 {
                0
            }
        }
    }
}

#[test]
fn of_items() {
    for name in [
        "shop::cellar::bottles",
        "protocol::shop::cellar::bottles",
        "bottles",
    ] {
        assert!(!is_item_patched(name).unwrap(), "{name}");
    }
    assert!(!is_item_patched("counter::Till::total").unwrap());
    assert_eq!(corner::shop::counter::price(2), 0);
    // A name that ends inside a segment is another name.
    assert!(is_item_patched("ottles").unwrap_err().is_unknown());
    assert!(is_item_patched("").unwrap_err().is_unknown());
}

#[test]
fn of_items_may_be_ambiguous() {
    let error = is_item_patched("shop::counter::price").unwrap_err();
    assert!(error.is_ambiguous());
    let sites: Vec<_> = error
        .candidates()
        .iter()
        .map(|site| (site.module, site.line))
        .collect();
    assert!(matches!(
        sites[..],
        [
            ("protocol::names::corner::shop::counter", _),
            ("protocol::shop::counter", _)
        ]
    ));
    let text = error.to_string();
    assert!(
        text.starts_with("`shop::counter::price` is ambiguous: it may be "),
        "{text}"
    );
    assert!(
        text.contains("protocol::shop::counter::price (tests/"),
        "{text}"
    );
    assert!(text.contains("names.rs:"), "{text}");
    // The whole name is nobody else's.
    assert!(!is_item_patched("protocol::shop::counter::price").unwrap());
}

#[test]
fn of_modules() {
    assert_eq!(
        is_module_patched("protocol::shop::counter").unwrap(),
        Coverage::None
    );
    assert_eq!(is_module_patched("cellar").unwrap(), Coverage::None);
    assert_eq!(is_module_patched("std::sync").unwrap(), Coverage::None);
    assert_eq!(
        is_module_patched("shop::green_counter").unwrap(),
        Coverage::None
    );
    assert!(
        is_module_patched("shop::counter")
            .unwrap_err()
            .is_ambiguous()
    );
    assert!(is_module_patched("nowhere").unwrap_err().is_unknown());
}

#[test]
fn tell_all_from_some() {
    isolated("names::tell_all_from_some", || {
        assert!(!is_anything_patched());
        assert!(patch_module("green_counter").unwrap().is_done());
        assert!(is_anything_patched());
        assert_eq!(
            is_module_patched("protocol::shop::counter").unwrap(),
            Coverage::All
        );
        // `corks` has no replacement.
        assert_eq!(is_module_patched("shop::cellar").unwrap(), Coverage::Some);
        assert_eq!(is_module_patched("green_cellar").unwrap(), Coverage::All);
        assert_eq!(is_module_patched("yard").unwrap(), Coverage::None);
    });
}

#[test]
fn lead_to_typed_originals() {
    isolated("names::lead_to_typed_originals", || {
        assert!(patch_module("green_counter").unwrap().is_done());
        let greeting = original::<fn(&str) -> String>("counter::greeting").unwrap();
        assert_eq!(
            (greeting("x"), counter::greeting("x")),
            ("hello x".into(), "X".into())
        );
        let total = original::<fn(&counter::Till) -> u32>("Till::total").unwrap();
        let till = counter::Till(3);
        assert_eq!((total(&till), till.total()), (3, 4));
        let point = Point::<fn() -> u32>::named("cellar::corks").unwrap();
        assert!(!point.is_patched());
        assert!(point.patch(|| 3).is_done());
        assert_eq!((crate::shop::cellar::corks(), point.original()()), (3, 7));
    });
}

#[test]
fn with_another_type_are_an_error() {
    // For one lifetime only: code that takes it for the other could keep a short borrow for ever.
    let narrow = original::<fn(&'static str) -> String>("counter::greeting").unwrap_err();
    assert!(narrow.is_wrong_type());
    let other = Point::<fn(&str) -> u32>::named("counter::greeting").unwrap_err();
    assert!(other.is_wrong_type());
    let text = other.to_string();
    assert!(
        text.starts_with("`counter::greeting` is of type `"),
        "{text}"
    );
}

#[greenpatch::patchable(dispatch)]
mod generic {
    pub fn double<T: Clone>(value: T) -> (T, T) {
        (value.clone(), value)
    }
}

mod green_generic {
    use greenpatch::replaces;

    #[replaces(super::generic::double::<u8>)]
    fn double_u8(_: u8) -> (u8, u8) {
        (0, 0)
    }
}

#[test]
fn of_instantiations() {
    isolated("names::of_instantiations", || {
        let listed = || {
            greenpatch::patch_points()
                .iter()
                .any(|p| p.item() == "double::<u8>")
        };
        for name in [
            "generic::double",
            "generic::double::<u8>",
            "generic::double::<u16>",
        ] {
            assert!(!is_item_patched(name).unwrap(), "{name}");
        }
        assert_eq!(is_module_patched("generic").unwrap(), Coverage::None);
        assert!(!listed(), "looking makes no slot");
        assert!(patch_module("names::generic").unwrap().is_done());
        assert_eq!(
            (generic::double(1_u8), generic::double(1_u16)),
            ((0, 0), (1, 1))
        );
        for name in ["generic::double", "generic::double::<u8>"] {
            assert!(is_item_patched(name).unwrap(), "{name}");
        }
        assert_eq!(is_module_patched("generic").unwrap(), Coverage::All);
        assert!(listed());
        let original = original::<fn(u8) -> (u8, u8)>("generic::double::<u8>").unwrap();
        assert_eq!(original(1), (1, 1));
        assert_eq!(greenpatch::restore().unwrap(), 1);
        assert_eq!(generic::double(1_u8), (1, 1));
    });
}
