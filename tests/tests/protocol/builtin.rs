//! The built-in features, by their names in std, and what each option selects.

use greenpatch::{
    Coverage, DoNotPatch, Feature, Patched, Patcher, ThreadOptions, events, is_item_patched,
    is_module_patched, patch_all, patch_dns, patch_fs, patch_module, patch_module_items, patch_net,
    patch_process, patch_stdio, patch_thread, patch_time,
};
use greenpatch_tests::isolated;

fn patched(names: &[&str]) -> Vec<bool> {
    names
        .iter()
        .map(|name| is_item_patched(name).unwrap())
        .collect()
}

#[test]
fn patch_thread_patches_all_of_it() {
    isolated(|| {
        let done = patch_thread().unwrap();
        let report = done.report().unwrap();
        assert_eq!(report.features().len(), 1, "one feature, one transaction");
        assert_eq!(report.features()[0].feature(), Feature::Thread);
        for module in ["std::thread", "std::sync", "std::thread_local"] {
            assert_eq!(
                is_module_patched(module).unwrap(),
                Coverage::All,
                "{module}"
            );
        }
    });
}

#[test]
fn patch_time_patches_sleep_alone() {
    isolated(|| {
        assert!(patch_time().unwrap().is_done());
        assert_eq!(
            patched(&["std::thread::sleep", "std::thread::spawn"]),
            [true, false]
        );
        assert_eq!(is_module_patched("std::thread").unwrap(), Coverage::Some);
        assert_eq!(is_module_patched("std::sync").unwrap(), Coverage::None);
    });
}

#[test]
fn time_off_leaves_sleep() {
    isolated(|| {
        assert!(ThreadOptions::new().time(false).apply().unwrap().is_done());
        assert_eq!(
            patched(&["std::thread::sleep", "std::thread::spawn"]),
            [false, true]
        );
    });
}

#[test]
fn threading_off_leaves_locks() {
    isolated(|| {
        assert!(
            ThreadOptions::new()
                .threading(false)
                .apply()
                .unwrap()
                .is_done()
        );
        assert_eq!(
            patched(&["std::sync::Mutex::lock", "std::sync::Condvar::wait"]),
            [false, true]
        );
    });
}

#[test]
fn event_off_leaves_signals() {
    isolated(|| {
        assert!(ThreadOptions::new().event(false).apply().unwrap().is_done());
        assert_eq!(
            patched(&["std::sync::Mutex::lock", "std::sync::Condvar::wait"]),
            [true, false]
        );
    });
}

#[test]
fn thread_local_off_leaves_values() {
    isolated(|| {
        assert!(
            ThreadOptions::new()
                .thread_local(false)
                .apply()
                .unwrap()
                .is_done()
        );
        assert_eq!(
            is_module_patched("std::thread_local").unwrap(),
            Coverage::None
        );
        assert_eq!(is_module_patched("std::sync").unwrap(), Coverage::All);
    });
}

#[test]
fn logging_and_existing_locks_change_nothing() {
    isolated(|| {
        let options = ThreadOptions::new().logging(false).existing_locks(false);
        // A lock that is made and held before patching works after it.
        let lock = std::sync::Arc::new(greenpatch::sync::Mutex::new(1));
        let held = lock.lock().unwrap();
        assert!(options.apply().unwrap().is_done());
        let waits = greenpatch::thread::spawn({
            let lock = std::sync::Arc::clone(&lock);
            move || *lock.lock().unwrap()
        });
        greenpatch::thread::yield_now();
        drop(held);
        assert_eq!(waits.join().unwrap(), 1);
        assert!(patch_thread().unwrap().is_already_patched());
    });
}

#[test]
fn the_builder_takes_options() {
    isolated(|| {
        let options = ThreadOptions::new().event(false).time(false);
        let done = Patcher::new().thread(options).apply().unwrap();
        assert!(done.report().unwrap().feature(Feature::Time).is_none());
        let items = [
            "std::sync::Mutex::lock",
            "std::sync::Condvar::wait",
            "std::thread::sleep",
        ];
        assert_eq!(patched(&items), [true, false, false]);
        assert!(Patcher::new().thread(false).apply().unwrap().is_done());
        assert_eq!(patched(&items), [true, false, true]);
    });
}

#[test]
fn a_module_stands_for_its_feature() {
    isolated(|| {
        assert!(patch_module("std::sync").unwrap().is_done());
        assert_eq!(
            patched(&["std::thread::spawn", "std::thread::sleep"]),
            [true, false]
        );
    });
}

#[test]
fn a_module_with_two_features_is_patched_at_once() {
    isolated(|| {
        let done = patch_module_items("std::thread", &["sleep"]).unwrap();
        assert!(done.is_done());
        assert_eq!(
            patched(&["std::thread::spawn", "std::thread::sleep"]),
            [false, true]
        );
        assert!(patch_module("std::thread").unwrap().is_done());
        assert_eq!(is_module_patched("std::thread").unwrap(), Coverage::All);
        assert!(patch_thread().unwrap().is_already_patched());
        let unknown = patch_module_items("std::thread", &["Mutex::lock"]).unwrap_err();
        assert_eq!(
            unknown.to_string(),
            "`std::thread` does not implement `Mutex::lock`"
        );
    });
}

#[test]
fn what_is_not_ready_changes_nothing() {
    isolated(|| {
        let error = Patcher::new().workers(0).apply().unwrap_err();
        assert!(error.is_not_ready());
        assert_eq!(
            error.to_string(),
            "the feature thread could not get what it needs: no green thread can run on zero workers; ask for one or more"
        );
        assert!(std::error::Error::source(&error).is_some());
        assert!(!greenpatch::is_anything_patched());
        assert!(patch_thread().unwrap().is_done());
    });
}

#[test]
fn patch_all_goes_in_order_and_leaves_files_in_place() {
    isolated(|| {
        let done = patch_all().unwrap();
        let features: Vec<_> = done
            .report()
            .unwrap()
            .features()
            .iter()
            .map(|report| report.feature())
            .filter(|feature| !matches!(feature, Feature::User(_)))
            .collect();
        let expected = [
            Feature::Thread,
            Feature::Time,
            Feature::Stdio,
            Feature::Net,
            Feature::Dns,
            Feature::Process,
        ];
        assert_eq!(features, expected);
        assert_eq!(is_module_patched("std::fs").unwrap(), Coverage::None);
        assert_eq!(is_module_patched("std::process").unwrap(), Coverage::All);
        assert_eq!(is_module_patched("std::io").unwrap(), Coverage::All);

        assert!(Patcher::new().fs(true).apply().unwrap().is_done());
        assert_eq!(is_module_patched("std::fs").unwrap(), Coverage::All);
        assert!(patch_fs().unwrap().is_already_patched());
    });
}

#[test]
fn features_are_patched_by_themselves() {
    isolated(|| {
        for (patch, feature) in [
            (patch_fs as fn() -> _, Feature::Fs),
            (patch_process, Feature::Process),
            (patch_stdio, Feature::Stdio),
            (patch_dns, Feature::Dns),
            (patch_net, Feature::Net),
        ] {
            let done: Patched = patch().unwrap();
            let features = done.report().unwrap().features();
            assert_eq!(features.len(), 1);
            assert_eq!(features[0].feature(), feature);
            assert!(patch().unwrap().is_already_patched());
        }
        // Without threads there is no hub to wait on, and everything stays native.
        let output = greenpatch::process::Command::new("echo").output().unwrap();
        assert_eq!(output.stdout, b"\n");
        assert!(greenpatch::fs::read("/proc/self/stat").is_ok());
    });
}

#[test]
fn a_feature_of_input_and_output_is_cancelled_alone() {
    isolated(|| {
        let veto = events::on_will_patch_module(|event| match event.feature() {
            Feature::Process => Err(DoNotPatch::because("children stay native")),
            _ => Ok(()),
        });
        let done = Patcher::new().stdio(false).fs(true).apply().unwrap();
        let report = done.report().unwrap();
        let cancelled = report.feature(Feature::Process).unwrap().cancelled_by();
        assert_eq!(cancelled.unwrap().reason(), Some("children stay native"));
        assert!(report.feature(Feature::Stdio).is_none());
        assert!(report.feature(Feature::Fs).unwrap().is_done());
        assert_eq!(is_module_patched("std::process").unwrap(), Coverage::None);
        // A green thread, too, waits for a child natively.
        let output = greenpatch::thread::spawn(|| {
            greenpatch::process::Command::new("echo").output().unwrap()
        });
        assert_eq!(output.join().unwrap().stdout, b"\n");

        veto.unsubscribe();
        assert!(Patcher::new().apply().unwrap().is_done());
        assert_eq!(is_module_patched("std::process").unwrap(), Coverage::All);
        assert_eq!(is_module_patched("std::io").unwrap(), Coverage::All);
    });
}
