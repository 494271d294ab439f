//! A crate with no item that is named here: `use … as _` links what it declares. Without that line its declarations
//! are missing, as `events::plugins_that_are_linked_are_listed` shows in the tests of the protocol.
#![allow(missing_docs, unreachable_pub)]

use greenpatch::{Coverage, Patched, Point, is_module_patched, patch_module, patch_points};
use greenpatch_plug as _;
use greenpatch_tests::isolated;

#[greenpatch::patchable]
pub mod forbidden {
    pub fn fruit() -> &'static str {
        "apple"
    }
}

#[greenpatch::replaces(forbidden)]
mod green_forbidden {
    pub fn fruit() -> &'static str {
        "pear"
    }
}

#[test]
fn what_it_declares_is_listed() {
    assert_eq!(greenpatch::plugins(), ["plug"]);
    let points = patch_points();
    let lamp = points
        .iter()
        .find(|point| point.module() == "greenpatch_plug::lamp");
    let lamp = lamp.expect("it is listed");
    assert!(lamp.item() == "is_on" && lamp.file().ends_with("plug/lib.rs"));
}

#[test]
fn its_plugin_is_asked() {
    isolated(|| {
        let Patched::Cancelled { by } = patch_module("green_forbidden").unwrap() else {
            panic!("not cancelled");
        };
        assert_eq!(
            by.to_string(),
            "the plugin plug: a crate that is linked in forbids it"
        );
        assert_eq!(forbidden::fruit(), "apple");
    });
}

#[test]
fn its_module_is_patched_by_name() {
    isolated(|| {
        let is_on = Point::<fn() -> bool>::named("greenpatch_plug::lamp::is_on").unwrap();
        assert!(!is_on.is_patched());
        assert!(
            patch_module("greenpatch_plug::green_lamp")
                .unwrap()
                .is_done()
        );
        assert!(is_on.is_patched() && !is_on.original()());
        assert_eq!(is_module_patched("lamp").unwrap(), Coverage::All);
    });
}
