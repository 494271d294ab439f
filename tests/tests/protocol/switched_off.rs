//! `GREENPATCH=off`.

use greenpatch::{
    Patched, is_anything_patched, override_item, patch_all, patch_item, patch_module,
    patch_module_items, patch_point, patch_thread, patch_time,
};
use greenpatch_tests::isolated_with;

use crate::fixture::{GREEN_COUNTER, cellar, journal};

#[test]
fn cancels_every_call() {
    isolated_with(&[("GREENPATCH", "off")], || {
        let outcomes = [
            patch_all().unwrap(),
            patch_thread().unwrap(),
            patch_time().unwrap(),
            patch_module(&GREEN_COUNTER).unwrap(),
            patch_module_items(&GREEN_COUNTER, &["price"]).unwrap(),
            patch_item(patch_point!(cellar::corks), || 1),
            greenpatch::Point::<fn() -> u32>::named("corks")
                .unwrap()
                .patch(|| 1),
        ];
        for outcome in outcomes {
            let Patched::Cancelled { by } = outcome else {
                panic!("{outcome:?}");
            };
            assert!(by.is_environment());
            assert_eq!(by.to_string(), "GREENPATCH=off in the environment");
        }
        assert!(!is_anything_patched());
        assert_eq!((cellar::corks(), journal().len()), (7, 0));
        // Overrides affect only the code inside them, and stay.
        let inside = override_item(patch_point!(cellar::corks), Box::new(|| 1), cellar::corks);
        assert_eq!(inside, 1);
    });
}

#[test]
fn another_value_does_not_switch_off() {
    isolated_with(&[("GREENPATCH", "on")], || {
        assert!(patch_module(&GREEN_COUNTER).unwrap().is_done());
    });
}
