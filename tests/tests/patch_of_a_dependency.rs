//! The functions of another crate, patched from this one by their paths.
#![allow(missing_docs)]

use greenpatch::{override_item, patch_item, patch_module, patch_point, replaces};
use greenpatch_plug::lamp;
use greenpatch_tests::isolated;

#[replaces(greenpatch_plug::lamp::is_on)]
fn always() -> bool {
    true
}

#[test]
fn by_a_replacement_of_this_crate() {
    isolated(|| {
        assert!(!lamp::is_on());
        assert!(patch_module("greenpatch_plug::lamp").unwrap().is_done());
        assert!(lamp::is_on());
    });
}

#[test]
fn by_its_path() {
    isolated(|| {
        assert!(patch_item(patch_point!(greenpatch_plug::lamp::is_on), || true).is_done());
        assert!(lamp::is_on());
    });
}

#[test]
fn for_a_scope() {
    let point = patch_point!(greenpatch_plug::lamp::is_on);
    assert!(override_item(point, Box::new(|| true), lamp::is_on));
    assert!(!lamp::is_on());
}
