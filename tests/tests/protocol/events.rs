//! The order of hooks, events, subscribers and plugins.

use greenpatch::{DoNotPatch, Feature, events, patch_all, patch_module, patch_time, plugins};
use greenpatch_tests::isolated;

use crate::fixture::{self, GREEN_COUNTER, attic, cellar, counter, journal, note};

#[test]
fn of_one_feature_come_in_order() {
    isolated(|| {
        for name in ["first", "second"] {
            events::on_will_patch_module(move |event| {
                assert_eq!(event.feature(), Feature::User("green"));
                assert_eq!(
                    counter::price(1) + cellar::bottles(),
                    12,
                    "nothing is replaced yet"
                );
                note(format!(
                    "{name}: will {} {:?}",
                    event.module(),
                    event.items().count()
                ));
                Ok(())
            });
            events::on_did_patch_module(move |event| {
                assert_eq!(
                    counter::price(1) + cellar::bottles(),
                    12,
                    "all is replaced at once"
                );
                assert_eq!(counter::greeting("x"), "X");
                note(format!(
                    "{name}: did {} {:?}",
                    event.module(),
                    event.items().len()
                ));
                Ok(())
            });
        }
        assert!(patch_module(&GREEN_COUNTER).unwrap().is_done());
        let lines = journal();
        let expected = [
            "will hook protocol::fixture::green_cellar",
            "first: will protocol::fixture::cellar 1",
            "second: will protocol::fixture::cellar 1",
            "plugin: will protocol::fixture::cellar",
            "will hook protocol::fixture::green_counter",
            "first: will protocol::fixture::counter 3",
            "second: will protocol::fixture::counter 3",
            "plugin: will protocol::fixture::counter",
            "did hook protocol::fixture::green_cellar",
            "first: did protocol::fixture::cellar 1",
            "second: did protocol::fixture::cellar 1",
            "plugin: did protocol::fixture::cellar",
            "did hook protocol::fixture::green_counter",
            "first: did protocol::fixture::counter 3",
            "second: did protocol::fixture::counter 3",
            "plugin: did protocol::fixture::counter",
        ];
        assert_eq!(lines, expected);
    });
}

#[test]
fn of_patch_all_come_in_order() {
    isolated(|| {
        events::on_will_patch_all(|event| {
            let features = event.features();
            assert_eq!(features[..2], [Feature::Thread, Feature::Time]);
            let auto = Feature::User("protocol::fixture::green_attic");
            assert_eq!(features.last(), Some(&auto), "after all that is built in");
            assert!(event.will_patch(Feature::Time) && event.will_patch_module("std::sync"));
            assert!(!event.will_patch(Feature::User("green")));
            assert!(event.settings().thread().is_some() && event.settings().time());
            note("will all");
            Ok(())
        });
        events::on_did_patch_module(|event| {
            match event.feature() {
                Feature::Time => {
                    assert!(event.module() == "std::thread" && event.items() == ["sleep"]);
                    note("did time");
                }
                feature @ (Feature::Thread | Feature::User(_)) => note(format!("did {feature}")),
                _ => {}
            }
            Ok(())
        });
        events::on_did_patch_builtin_modules(|event| {
            assert!(event.report().feature(Feature::Thread).unwrap().is_done());
            assert_eq!(attic::boxes(), 1);
            // Plugins patch third-party items here.
            assert!(patch_module(&GREEN_COUNTER).unwrap().is_done());
            note("did builtin");
            Ok(())
        });
        events::on_did_patch_all(|event| {
            for feature in [Feature::Thread, Feature::Time] {
                assert!(event.report().feature(feature).unwrap().is_done());
            }
            assert_eq!(attic::boxes(), 2);
            note("did all");
            Ok(())
        });
        assert!(patch_all().unwrap().is_done());
        let mut lines = journal();
        lines.dedup();
        let expected = [
            "will all",
            "plugin: will all, threads: true",
            "did thread",
            "did time",
            "will hook protocol::fixture::green_cellar",
            "plugin: will protocol::fixture::cellar",
            "will hook protocol::fixture::green_counter",
            "plugin: will protocol::fixture::counter",
            "did hook protocol::fixture::green_cellar",
            "did green",
            "plugin: did protocol::fixture::cellar",
            "did hook protocol::fixture::green_counter",
            "did green",
            "plugin: did protocol::fixture::counter",
            "did builtin",
            "plugin: did builtin",
            "plugin: will protocol::fixture::attic",
            "did protocol::fixture::green_attic",
            "plugin: did protocol::fixture::attic",
            "did all",
            "plugin: did all",
        ];
        assert_eq!(lines, expected);
    });
}

#[test]
fn will_and_did_say_the_same_name() {
    isolated(|| {
        events::on_will_patch_module(|event| {
            note(format!("{}:{}", event.module(), event.source()));
            Ok(())
        });
        events::on_did_patch_module(|event| {
            note(format!("{}:{}", event.module(), event.source()));
            Ok(())
        });
        assert!(greenpatch::patch_thread().unwrap().is_done());
        let mut lines = journal();
        lines.retain(|line| !line.starts_with("plugin"));
        let (will, did) = lines.split_at(lines.len() / 2);
        assert_eq!(will, did);
        assert!(
            will.iter().any(|line| line.starts_with("std::sync:")),
            "{will:?}"
        );
    });
}

#[test]
fn a_single_feature_announces_no_patch_all() {
    isolated(|| {
        assert!(patch_time().unwrap().is_done());
        assert_eq!(journal(), Vec::<String>::new());
    });
}

#[test]
fn an_unsubscribed_subscriber_is_not_called() {
    isolated(|| {
        let first = events::on_did_patch_module(|_| Err(DoNotPatch::new()));
        // A subscription that is dropped stays; only `unsubscribe` ends it.
        let _ = events::on_did_patch_module(|_| {
            note("heard");
            Ok(())
        });
        first.unsubscribe();
        assert!(patch_module("green_counter").unwrap().is_done());
        assert!(journal().contains(&"heard".to_owned()));
    });
}

#[test]
fn a_subscriber_added_in_an_event_is_called_from_the_next_one_on() {
    isolated(|| {
        events::on_will_patch_module(|event| {
            note(format!("first {}", event.source()));
            if event.source() == "protocol::fixture::green_cellar" {
                events::on_will_patch_module(|event| {
                    note(format!("later {}", event.source()));
                    Ok(())
                });
            }
            Ok(())
        });
        assert!(patch_module(&GREEN_COUNTER).unwrap().is_done());
        let mut lines = journal();
        lines.retain(|line| line.starts_with("first") || line.starts_with("later"));
        let expected = [
            "first protocol::fixture::green_cellar",
            "first protocol::fixture::green_counter",
            "later protocol::fixture::green_counter",
        ];
        assert_eq!(lines, expected);
    });
}

#[test]
fn plugins_that_are_linked_are_listed() {
    assert_eq!(plugins(), ["journal"]);
    let names: Vec<_> = greenpatch::sources()
        .iter()
        .map(|source| source.name())
        .collect();
    assert!(
        names.contains(&"protocol::fixture::green_attic")
            && !names.contains(&fixture::EMPTY.name())
    );
}

#[test]
fn arguments_reach_plugins_also_on_a_later_call() {
    struct Tariff(u32);
    isolated(|| {
        events::on_will_patch_all(|event| {
            let tariff = event.settings().argument::<Tariff>();
            note(format!("tariff {:?}", tariff.map(|tariff| tariff.0)));
            Ok(())
        });
        assert!(patch_all().unwrap().is_done());
        let patcher = greenpatch::Patcher::new().argument(Tariff(3));
        assert!(patcher.clone().apply().unwrap().is_done());
        assert!(patcher.apply().unwrap().is_already_patched());
        let mut lines = journal();
        lines.retain(|line| line.starts_with("tariff"));
        assert_eq!(lines, ["tariff None", "tariff Some(3)"]);
    });
}

#[test]
fn settings_tell_off_from_left_alone() {
    isolated(|| {
        events::on_will_patch_all(|event| {
            let settings = event.settings();
            assert_eq!(settings.named(Feature::Thread), None);
            assert_eq!(settings.named(Feature::Time), Some(false));
            assert!(!settings.time() && settings.auto());
            assert_eq!(
                (settings.stack_size(), settings.workers()),
                (Some(65536), None)
            );
            note("asked");
            Ok(())
        });
        let patched = greenpatch::Patcher::new()
            .time(false)
            .stack_size(65536)
            .apply();
        assert!(patched.unwrap().is_done());
        assert_eq!(journal()[0], "asked");
    });
}
