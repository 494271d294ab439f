//! The lists of items: edited for one call, validated before anybody is asked.

use std::sync::Mutex;

use greenpatch::{
    Coverage, events, is_item_patched, is_module_patched, patch_item, patch_module,
    patch_module_items, patch_point,
};
use greenpatch_tests::isolated;

use crate::shop::{
    EMPTY, GREEN_COUNTER, TWICE, attic, cellar, counter, greener_price, journal, yard,
};

#[test]
fn a_subscriber_leaves_one_out() {
    isolated("items::a_subscriber_leaves_one_out", || {
        events::on_will_patch_module(|event| {
            if event.module().ends_with("counter") {
                assert!(event.remove("price"));
                assert!(!event.remove("price"));
                event.retain(|item| item != "Till::total");
            }
            Ok(())
        });
        let done = patch_module(&GREEN_COUNTER).unwrap();
        let report = done.report().unwrap();
        assert_eq!(
            report.to_string(),
            "green: protocol::shop::cellar: bottles\ngreen: protocol::shop::counter: greeting\n"
        );
        let till = counter::Till(3);
        assert_eq!(
            (counter::price(1), counter::greeting("x"), till.total()),
            (5, "X".into(), 3)
        );
        assert_eq!(
            is_module_patched("protocol::shop::counter").unwrap(),
            Coverage::Some
        );
        // What was left out was decided on, and is not asked for again by the same call.
        assert!(patch_module(&GREEN_COUNTER).unwrap().is_already_patched());
    });
}

#[test]
fn the_list_is_of_one_call() {
    isolated("items::the_list_is_of_one_call", || {
        let first = events::on_will_patch_module(|event| {
            event.retain(|_| false);
            Err(greenpatch::DoNotPatch::new())
        });
        assert!(patch_module(&GREEN_COUNTER).unwrap().is_cancelled());
        first.unsubscribe();
        assert_eq!(GREEN_COUNTER.implements().count(), 3);
        assert!(patch_module(&GREEN_COUNTER).unwrap().is_done());
        assert_eq!(counter::price(1), 4);
    });
}

#[test]
fn a_subscriber_gives_another_replacement() {
    isolated("items::a_subscriber_gives_another_replacement", || {
        events::on_will_patch_module(|event| {
            if event.module().ends_with("counter") {
                event.replace(patch_point!(counter::price), greener_price);
            }
            Ok(())
        });
        assert!(patch_module(&GREEN_COUNTER).unwrap().is_done());
        assert_eq!(counter::price(1), 3);
    });
}

#[test]
fn all_left_out_is_done_all_the_same() {
    isolated("items::all_left_out_is_done_all_the_same", || {
        events::on_will_patch_module(|event| {
            event.retain(|_| false);
            Ok(())
        });
        assert!(patch_module("shop::attic").unwrap().is_done());
        assert_eq!(attic::boxes(), 1);
        assert!(journal().contains(&"plugin: did protocol::shop::attic".to_owned()));
    });
}

#[test]
fn some_items_then_all() {
    let stderr = isolated("items::some_items_then_all", || {
        static ASKED: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
        events::on_will_patch_module(|event| {
            ASKED.lock().unwrap().extend(event.items());
            Ok(())
        });
        assert!(
            patch_module_items(&GREEN_COUNTER, &["price"])
                .unwrap()
                .is_done()
        );
        assert_eq!((counter::price(1), cellar::bottles()), (4, 7));
        assert!(
            patch_module_items("green_counter", &["price"])
                .unwrap()
                .is_already_patched()
        );
        assert!(patch_module(&GREEN_COUNTER).unwrap().is_done());
        assert_eq!(
            (counter::greeting("x"), cellar::bottles()),
            ("X".to_owned(), 8)
        );
        assert_eq!(
            *ASKED.lock().unwrap(),
            ["price", "bottles", "greeting", "Till::total"]
        );
        assert!(
            patch_module_items(&GREEN_COUNTER, &["price"])
                .unwrap()
                .is_already_patched()
        );
    });
    if let Some(stderr) = stderr {
        let warned = "greenpatch: warning: green was patched before, in part; \
                      what all calls ask for together is patched";
        assert_eq!(stderr.matches(warned).count(), 1, "{stderr}");
    }
}

#[test]
fn loose_replacements_belong_to_their_target() {
    isolated("items::loose_replacements_belong_to_their_target", || {
        assert_eq!((yard::gate(), yard::lamp()), ("open", "off"));
        assert!(
            patch_module_items("shop::yard", &["lamp"])
                .unwrap()
                .is_done()
        );
        assert_eq!((yard::gate(), yard::lamp()), ("open", "on"));
        assert!(patch_module("shop::yard").unwrap().is_done());
        assert_eq!((yard::gate(), yard::lamp()), ("shut", "on"));
    });
}

#[test]
fn faults_are_found_before_anybody_is_asked() {
    isolated("items::faults_are_found_before_anybody_is_asked", || {
        events::on_will_patch_module(|_| unreachable!("asked"));
        let unknown = patch_module_items(&GREEN_COUNTER, &["price", "prize"]).unwrap_err();
        assert!(unknown.is_unknown());
        assert_eq!(
            unknown.to_string(),
            "`protocol::shop::green_counter` does not implement `prize`"
        );

        let empty = patch_module(&EMPTY).unwrap_err();
        assert!(empty.is_nothing_to_replace());
        assert_eq!(empty.to_string(), "`shop::empty` implements nothing");

        let twice = patch_module(&TWICE).unwrap_err();
        assert!(twice.is_conflict());
        let names: Vec<_> = twice.candidates().iter().map(|site| site.name).collect();
        assert_eq!(names, ["price", "greener_price"]);
        assert!(twice.to_string().contains("shop.rs:"), "{twice}");

        let nowhere = patch_module("shop::nowhere").unwrap_err();
        assert!(nowhere.is_unknown());
        assert!(
            nowhere.to_string().contains("use that_crate as _"),
            "{nowhere}"
        );
        assert_eq!((counter::price(1), journal().len()), (5, 0));
    });
}

#[test]
fn patched_over_the_original_is_the_first() {
    isolated("items::patched_over_the_original_is_the_first", || {
        assert!(patch_module(&GREEN_COUNTER).unwrap().is_done());
        assert_eq!(counter::price(1), 4);
        // It calls the original, and gets the first one.
        assert!(patch_item(patch_point!(counter::price), greener_price).is_done());
        assert_eq!(counter::price(1), 3);
        assert_eq!(patch_point!(counter::price).original()(1), 5);
        let by_name =
            greenpatch::original::<fn(u32) -> u32>("protocol::shop::counter::price").unwrap();
        assert_eq!(by_name(1), 5);
        assert!(is_item_patched("protocol::shop::counter::price").unwrap());
    });
}

#[test]
fn an_item_is_patched_without_events() {
    isolated("items::an_item_is_patched_without_events", || {
        let done = patch_item(patch_point!(cellar::corks), || 1);
        assert_eq!(
            done.report().unwrap().features()[0].modules()[0].items(),
            ["corks"]
        );
        assert_eq!((cellar::corks(), journal().len()), (1, 0));
        assert_eq!(is_module_patched("shop::cellar").unwrap(), Coverage::Some);
    });
}
