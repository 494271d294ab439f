//! `DoNotPatch` at every level.

use greenpatch::{
    Coverage, DoNotPatch, Feature, Patched, events, is_anything_patched, is_module_patched,
    patch_all, patch_module, patch_thread,
};
use greenpatch_tests::isolated;

use crate::fixture::{
    DID, GREEN_COUNTER, PLUGIN_DID, PLUGIN_WILL, PLUGIN_WILL_ALL, WILL, attic, cellar, counter,
    journal, note,
};

fn nothing_is_patched() -> bool {
    (counter::price(1), cellar::bottles()) == (5, 7) && !is_anything_patched()
}

#[test]
fn by_the_will_hook() {
    isolated(|| {
        events::on_will_patch_module(|_| unreachable!("no later subscriber is called"));
        WILL.objects();
        let Patched::Cancelled { by } = patch_module(&GREEN_COUNTER).unwrap() else {
            panic!("not cancelled");
        };
        assert!(by.is_hook());
        assert_eq!(by.reason(), Some("the will hook objects"));
        assert_eq!(
            by.to_string(),
            "the hook of protocol::fixture::green_cellar: the will hook objects"
        );
        assert_eq!(journal(), ["will hook protocol::fixture::green_cellar"]);
        assert!(nothing_is_patched());
    });
}

#[test]
fn by_a_subscriber_cancels_the_feature_whole() {
    isolated(|| {
        // This is the second module of the feature; by then no subscriber has vetoed the first.
        let veto = events::on_will_patch_module(|event| match event.module() {
            "protocol::fixture::counter" => Err(DoNotPatch::new()),
            _ => Ok(()),
        });
        events::on_will_patch_module(|event| {
            assert_ne!(
                event.module(),
                "protocol::fixture::counter",
                "no later subscriber is called"
            );
            Ok(())
        });
        let Patched::Cancelled { by } = patch_module(&GREEN_COUNTER).unwrap() else {
            panic!("not cancelled");
        };
        assert!(by.is_subscriber() && by.reason().is_none());
        assert!(
            by.to_string().starts_with("the subscriber added at "),
            "{by}"
        );
        assert!(by.to_string().contains("veto.rs:"), "{by}");
        assert!(
            !journal().iter().any(|line| line.contains("did")),
            "no did stage runs"
        );
        assert!(nothing_is_patched());

        veto.unsubscribe();
        events::on_will_patch_module(|_| Ok(()));
    });
}

#[test]
fn by_a_plugin() {
    isolated(|| {
        PLUGIN_WILL.objects();
        let Patched::Cancelled { by } = patch_module(&GREEN_COUNTER).unwrap() else {
            panic!("not cancelled");
        };
        assert!(by.is_plugin());
        assert_eq!(by.to_string(), "the plugin journal: the plugin objects");
        assert!(nothing_is_patched());
        // The vetoed feature is not remembered as patched.
        PLUGIN_WILL.agrees();
        assert!(patch_module(&GREEN_COUNTER).unwrap().is_done());
        assert_eq!((counter::price(1), cellar::bottles()), (4, 8));
    });
}

#[test]
fn of_patch_all_is_not_remembered() {
    isolated(|| {
        PLUGIN_WILL_ALL.objects();
        for _ in 0..2 {
            let Patched::Cancelled { by } = patch_all().unwrap() else {
                panic!("not cancelled");
            };
            assert!(by.is_plugin());
        }
        assert!(!is_anything_patched());
        PLUGIN_WILL_ALL.agrees();
        assert!(patch_all().unwrap().is_done());
        assert_eq!(is_module_patched("std::sync").unwrap(), Coverage::All);
        assert!(patch_all().unwrap().is_already_patched());
    });
}

#[test]
fn of_one_feature_leaves_the_others() {
    isolated(|| {
        let veto = events::on_will_patch_module(|event| match event.module() {
            "std::sync" => Err(DoNotPatch::because("locks stay")),
            _ => Ok(()),
        });
        let Patched::Done(report) = patch_all().unwrap() else {
            panic!("only one feature was cancelled");
        };
        let threads = report.feature(Feature::Thread).unwrap();
        assert_eq!(threads.cancelled_by().unwrap().reason(), Some("locks stay"));
        assert!(!threads.is_done() && threads.modules().is_empty());
        assert!(report.feature(Feature::Time).unwrap().is_done());
        assert_eq!(attic::boxes(), 2);
        // The whole feature, not only the module that was vetoed.
        for module in ["std::sync", "std::thread_local"] {
            assert_eq!(is_module_patched(module).unwrap(), Coverage::None);
        }
        assert!(!greenpatch::is_item_patched("std::thread::spawn").unwrap());
        assert!(greenpatch::is_item_patched("std::thread::sleep").unwrap());
        let cancelled = patch_thread().unwrap();
        assert!(cancelled.is_cancelled());

        // Called again, it patches what is left, and only that.
        veto.unsubscribe();
        journal();
        events::on_will_patch_all(|event| {
            assert_eq!(event.features(), [Feature::Thread]);
            note("asked again");
            Ok(())
        });
        let Patched::Done(report) = patch_all().unwrap() else {
            panic!("threads were left");
        };
        assert!(report.feature(Feature::Thread).unwrap().is_done());
        assert!(report.feature(Feature::Time).unwrap().is_already_patched());
        assert_eq!(is_module_patched("std::thread").unwrap(), Coverage::All);
        assert!(journal().contains(&"asked again".to_owned()));
    });
}

#[test]
fn at_a_did_stage_comes_too_late() {
    isolated(|| {
        DID.objects();
        PLUGIN_DID.objects();
        let error = patch_module(&GREEN_COUNTER).unwrap_err();
        assert!(error.is_too_late());
        assert_eq!(
            error.to_string(),
            "the hook of protocol::fixture::green_cellar said not to patch what is patched already: \
             the did hook objects"
        );
        assert!(std::error::Error::source(&error).is_some());
        assert_eq!(
            (counter::price(1), cellar::bottles()),
            (4, 8),
            "nothing is undone"
        );
        let did: Vec<_> = journal()
            .into_iter()
            .filter(|line| line.contains("did"))
            .collect();
        let expected = [
            "did hook protocol::fixture::green_cellar",
            "plugin: did protocol::fixture::cellar",
            "did hook protocol::fixture::green_counter",
            "plugin: did protocol::fixture::counter",
        ];
        assert_eq!(did, expected, "the others are told all the same");
        assert!(patch_module(&GREEN_COUNTER).unwrap().is_already_patched());
    });
}

#[test]
fn at_the_end_of_patch_all_comes_too_late() {
    isolated(|| {
        events::on_did_patch_builtin_modules(|_| Err(DoNotPatch::because("late")));
        let error = patch_all().unwrap_err();
        assert!(
            error.is_too_late() && error.to_string().ends_with(": late"),
            "{error}"
        );
        let lines = journal();
        assert_eq!(lines.last().map(String::as_str), Some("plugin: did all"));
        assert!(patch_all().unwrap().is_already_patched());
    });
}

#[test]
fn at_a_did_stage_of_patch_all_ends_nothing() {
    isolated(|| {
        events::on_did_patch_module(|event| match event.module() {
            "std::thread" => Err(DoNotPatch::because("too many")),
            _ => Ok(()),
        });
        let error = patch_all().unwrap_err();
        assert!(
            error.is_too_late() && error.to_string().ends_with(": too many"),
            "{error}"
        );
        for module in ["std::thread", "std::net", "std::process"] {
            assert_eq!(
                is_module_patched(module).unwrap(),
                Coverage::All,
                "{module}"
            );
        }
        assert_eq!(attic::boxes(), 2, "auto modules come after");
        assert_eq!(
            journal().last().map(String::as_str),
            Some("plugin: did all")
        );
        assert!(patch_all().unwrap().is_already_patched());
    });
}
