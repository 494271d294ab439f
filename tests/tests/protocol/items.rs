//! The lists of items: edited for one call, validated before any event.

use std::sync::Mutex;

use greenpatch::{
    Coverage, events, is_item_patched, is_module_patched, patch_all, patch_item, patch_module,
    patch_module_items, patch_point, patch_time,
};
use greenpatch_tests::isolated;

use crate::fixture::{
    EMPTY, GREEN_COUNTER, TWICE, attic, cellar, counter, greener_price, journal, yard,
};

#[test]
fn a_subscriber_leaves_one_out() {
    isolated(|| {
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
            "green: protocol::fixture::cellar: bottles\ngreen: protocol::fixture::counter: greeting\n"
        );
        let till = counter::Till(3);
        assert_eq!(
            (counter::price(1), counter::greeting("x"), till.total()),
            (5, "X".into(), 3)
        );
        assert_eq!(
            is_module_patched("protocol::fixture::counter").unwrap(),
            Coverage::Some
        );
        // The same subscribers leave the same items out again, so there is nothing to report.
        journal();
        assert!(patch_module(&GREEN_COUNTER).unwrap().is_already_patched());
        let lines = journal();
        assert!(!lines.iter().any(|line| line.contains("did")), "{lines:?}");
    });
}

#[test]
fn the_list_is_of_one_call() {
    isolated(|| {
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
    isolated(|| {
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
    isolated(|| {
        events::on_will_patch_module(|event| {
            event.retain(|_| false);
            Ok(())
        });
        assert!(patch_module("fixture::attic").unwrap().is_done());
        assert_eq!(attic::boxes(), 1);
        assert!(journal().contains(&"plugin: did protocol::fixture::attic".to_owned()));
    });
}

#[test]
fn what_was_left_out_can_be_patched_later() {
    isolated(|| {
        let choosy = events::on_will_patch_module(|event| {
            event.remove("greeting");
            event.remove("Till::total");
            Ok(())
        });
        assert!(patch_module(&GREEN_COUNTER).unwrap().is_done());
        assert_eq!(counter::greeting("x"), "hello x");
        // Requested by name, it is still left out while the subscriber exists.
        let greeting = || patch_module_items(&GREEN_COUNTER, &["greeting"]).unwrap();
        assert!(greeting().is_already_patched());
        choosy.unsubscribe();
        assert!(greeting().is_done());
        assert_eq!(
            (counter::greeting("x"), counter::Till(3).total()),
            ("X".into(), 3)
        );
        let done = patch_module(&GREEN_COUNTER).unwrap();
        assert_eq!(
            done.report().unwrap().to_string(),
            "green: protocol::fixture::counter: Till::total\n"
        );
        assert!(patch_module(&GREEN_COUNTER).unwrap().is_already_patched());
    });
}

#[test]
fn built_in_items_can_be_left_out_and_patched_later() {
    isolated(|| {
        let choosy = events::on_will_patch_module(|event| {
            event.remove("sleep");
            Ok(())
        });
        assert!(patch_all().unwrap().is_done());
        assert!(!is_item_patched("std::thread::sleep").unwrap());
        assert!(patch_all().unwrap().is_already_patched());
        assert!(patch_time().unwrap().is_already_patched());
        choosy.unsubscribe();
        journal();
        assert!(patch_all().unwrap().is_done());
        assert!(is_item_patched("std::thread::sleep").unwrap());
        assert!(patch_all().unwrap().is_already_patched());
    });
}

#[test]
fn some_items_then_all() {
    let stderr = isolated(|| {
        static ASKED: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
        static TOLD: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
        let asked = || std::mem::take(&mut *ASKED.lock().unwrap());
        let told = || std::mem::take(&mut *TOLD.lock().unwrap());
        events::on_will_patch_module(|event| {
            ASKED.lock().unwrap().extend(event.items());
            Ok(())
        });
        events::on_did_patch_module(|event| {
            TOLD.lock().unwrap().extend(event.items());
            Ok(())
        });
        let price = || patch_module_items("green_counter", &["price"]).unwrap();
        assert!(price().is_done());
        assert_eq!((counter::price(1), cellar::bottles()), (4, 7));
        assert_eq!((asked(), told()), (vec!["price"], vec!["price"]));
        assert!(price().is_already_patched());
        assert_eq!(asked().len(), 0);

        // Will hooks see every item that is replaced in the end.
        let done = patch_module(&GREEN_COUNTER).unwrap();
        assert_eq!(
            done.report().unwrap().to_string(),
            "green: protocol::fixture::cellar: bottles\n\
             green: protocol::fixture::counter: greeting, Till::total\n"
        );
        assert_eq!(
            (counter::greeting("x"), cellar::bottles()),
            ("X".to_owned(), 8)
        );
        let all = ["bottles", "price", "greeting", "Till::total"];
        assert_eq!((asked(), told()), (all.to_vec(), all.to_vec()));
        assert!(price().is_already_patched());
    });
    if let Some(stderr) = stderr {
        // The second call undoes nothing of the first.
        assert!(!stderr.contains("warning"), "{stderr}");
    }
}

#[test]
fn what_is_replaced_stays_so_when_it_is_left_out_later() {
    isolated(|| {
        assert!(
            patch_module_items(&GREEN_COUNTER, &["price"])
                .unwrap()
                .is_done()
        );
        let choosy = events::on_will_patch_module(|event| {
            event.remove("price");
            Ok(())
        });
        assert!(patch_module(&GREEN_COUNTER).unwrap().is_done());
        assert_eq!((counter::price(1), counter::greeting("x")), (4, "X".into()));
        choosy.unsubscribe();
        assert!(patch_module(&GREEN_COUNTER).unwrap().is_already_patched());
    });
}

#[test]
fn another_replacement_for_what_is_replaced_takes_its_place() {
    isolated(|| {
        assert!(
            patch_module_items(&GREEN_COUNTER, &["price"])
                .unwrap()
                .is_done()
        );
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
fn loose_replacements_belong_to_their_target() {
    isolated(|| {
        assert_eq!((yard::gate(), yard::lamp()), ("open", "off"));
        assert!(
            patch_module_items("fixture::yard", &["lamp"])
                .unwrap()
                .is_done()
        );
        assert_eq!((yard::gate(), yard::lamp()), ("open", "on"));
        assert!(patch_module("fixture::yard").unwrap().is_done());
        assert_eq!((yard::gate(), yard::lamp()), ("shut", "on"));
    });
}

#[test]
fn faults_are_found_before_any_event() {
    isolated(|| {
        events::on_will_patch_module(|_| unreachable!("asked"));
        let unknown = patch_module_items(&GREEN_COUNTER, &["price", "prize"]).unwrap_err();
        assert!(unknown.is_unknown());
        assert_eq!(
            unknown.to_string(),
            "`protocol::fixture::green_counter` does not implement `prize`"
        );

        let empty = patch_module(&EMPTY).unwrap_err();
        assert!(empty.is_nothing_to_replace());
        assert_eq!(empty.to_string(), "`fixture::empty` implements nothing");

        let twice = patch_module(&TWICE).unwrap_err();
        assert!(twice.is_conflict());
        let names: Vec<_> = twice.candidates().iter().map(|site| site.name).collect();
        assert_eq!(names, ["price", "greener_price"]);
        assert!(twice.to_string().contains("fixture.rs:"), "{twice}");

        let nowhere = patch_module("fixture::nowhere").unwrap_err();
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
    isolated(|| {
        assert!(patch_module(&GREEN_COUNTER).unwrap().is_done());
        assert_eq!(counter::price(1), 4);
        // The replacement calls the original, and gets the first function.
        assert!(patch_item(patch_point!(counter::price), greener_price).is_done());
        assert_eq!(counter::price(1), 3);
        assert_eq!(patch_point!(counter::price).original()(1), 5);
        let by_name =
            greenpatch::original::<fn(u32) -> u32>("protocol::fixture::counter::price").unwrap();
        assert_eq!(by_name(1), 5);
        assert!(is_item_patched("protocol::fixture::counter::price").unwrap());
    });
}

#[test]
fn an_item_is_patched_without_events() {
    isolated(|| {
        let done = patch_item(patch_point!(cellar::corks), || 1);
        assert_eq!(
            done.report().unwrap().features()[0].modules()[0].items(),
            ["corks"]
        );
        assert_eq!((cellar::corks(), journal().len()), (1, 0));
        assert_eq!(
            is_module_patched("fixture::cellar").unwrap(),
            Coverage::Some
        );
    });
}
