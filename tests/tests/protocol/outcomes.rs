//! Outcomes of a second call that patches the same, more, or less.

use greenpatch::{
    Coverage, Feature, Patcher, ThreadOptions, events, is_item_patched, is_module_patched,
    patch_all, patch_module, patch_thread, patch_time,
};
use greenpatch_tests::isolated;

use crate::fixture::{attic, journal};

const MORE: &str = "patch_all was called before with less";
const LESS: &str = "patch_all was called before with more";

/// Whether there is a warning besides the one about patching off the main thread.
fn warns(stderr: &str) -> bool {
    stderr
        .lines()
        .any(|line| line.contains("warning:") && !line.contains("off the main thread"))
}

#[test]
fn the_same_again_runs_no_event() {
    let stderr = isolated(|| {
        assert!(patch_all().unwrap().is_done());
        journal();
        events::on_will_patch_all(|_| unreachable!("announced"));
        events::on_will_patch_module(|_| unreachable!("announced"));
        assert!(patch_all().unwrap().is_already_patched());
        assert!(patch_thread().unwrap().is_already_patched());
        assert!(patch_time().unwrap().is_already_patched());
        assert!(patch_module("green_attic").unwrap().is_already_patched());
        assert!(patch_module("std::sync").unwrap().is_already_patched());
        assert_eq!(journal().len(), 0);
    });
    if let Some(stderr) = stderr {
        assert!(!warns(&stderr), "{stderr}");
    }
}

#[test]
fn more_is_the_union_with_a_warning() {
    let stderr = isolated(|| {
        assert!(
            Patcher::new()
                .time(false)
                .auto(false)
                .apply()
                .unwrap()
                .is_done()
        );
        assert!(!is_item_patched("std::thread::sleep").unwrap());
        assert_eq!(attic::boxes(), 1);
        events::on_will_patch_all(|event| {
            let auto = Feature::User("protocol::fixture::green_attic");
            assert!(event.will_patch(Feature::Time) && event.will_patch(auto));
            assert!(!event.will_patch(Feature::Thread));
            Ok(())
        });
        let done = patch_all().unwrap();
        let report = done.report().unwrap();
        assert!(
            report
                .feature(Feature::Thread)
                .unwrap()
                .is_already_patched()
        );
        assert!(report.feature(Feature::Time).unwrap().is_done());
        assert!(is_item_patched("std::thread::sleep").unwrap());
        assert_eq!(attic::boxes(), 2);
        // The union of both calls is remembered.
        assert!(patch_all().unwrap().is_already_patched());
    });
    if let Some(stderr) = stderr {
        assert_eq!(stderr.matches(MORE).count(), 1, "{stderr}");
    }
}

#[test]
fn less_undoes_nothing_and_warns() {
    let stderr = isolated(|| {
        assert!(patch_all().unwrap().is_done());
        assert!(
            Patcher::new()
                .time(false)
                .apply()
                .unwrap()
                .is_already_patched()
        );
        assert_eq!(is_module_patched("std::thread").unwrap(), Coverage::All);
    });
    if let Some(stderr) = stderr {
        assert_eq!(stderr.matches(LESS).count(), 1, "{stderr}");
    }
}

#[test]
fn single_features_first_then_all() {
    let stderr = isolated(|| {
        assert!(patch_thread().unwrap().is_done());
        let done = patch_all().unwrap();
        let report = done.report().unwrap();
        assert!(
            report
                .feature(Feature::Thread)
                .unwrap()
                .is_already_patched()
        );
        assert!(report.feature(Feature::Time).unwrap().is_already_patched());
        assert_eq!(attic::boxes(), 2);
        assert_eq!(journal()[0..1], ["plugin: will all, threads: false"]);
    });
    if let Some(stderr) = stderr {
        assert!(!warns(&stderr), "{stderr}");
    }
}

#[test]
fn thread_options_add_up() {
    let stderr = isolated(|| {
        let options = ThreadOptions::new().event(false).time(false);
        assert!(options.apply().unwrap().is_done());
        assert!(options.apply().unwrap().is_already_patched());
        assert_eq!(is_module_patched("std::sync").unwrap(), Coverage::Some);
        assert!(patch_thread().unwrap().is_done());
        assert_eq!(is_module_patched("std::sync").unwrap(), Coverage::All);
        assert!(is_item_patched("std::thread::sleep").unwrap());
    });
    if let Some(stderr) = stderr {
        assert_eq!(
            stderr.matches("thread was patched before, in part").count(),
            1,
            "{stderr}"
        );
    }
}

#[test]
fn late_settings_of_the_scheduler_warn() {
    let stderr = isolated(|| {
        assert!(patch_thread().unwrap().is_done());
        assert!(
            Patcher::new()
                .stack_size(1 << 16)
                .apply()
                .unwrap()
                .is_done()
        );
    });
    if let Some(stderr) = stderr {
        assert_eq!(
            stderr
                .matches("stack_size and workers come too late")
                .count(),
            1,
            "{stderr}"
        );
    }
}
