//! Hooks and subscribers that panic.

use std::panic::{AssertUnwindSafe, catch_unwind};

use greenpatch::{
    Coverage, PatchError, Patched, events, is_anything_patched, is_module_patched, patch_all,
    patch_module, patch_thread,
};
use greenpatch_tests::isolated;

use crate::fixture::{
    DID, GREEN_COUNTER, PLUGIN_WILL, WILL, attic, cellar, counter, journal, note,
};

/// Returns the message of the panic that a call propagates.
fn panic_of(call: impl FnOnce() -> Result<Patched, PatchError>) -> String {
    let payload = catch_unwind(AssertUnwindSafe(call)).expect_err("the call panics");
    payload.downcast_ref::<String>().expect("a message").clone()
}

#[test]
fn at_a_will_stage_leave_the_feature_untouched() {
    isolated(|| {
        for hook in [&WILL, &PLUGIN_WILL] {
            hook.panics();
            assert!(panic_of(|| patch_module(&GREEN_COUNTER)).ends_with(" panics"));
            assert_eq!((counter::price(1), cellar::bottles()), (5, 7));
            assert!(!is_anything_patched());
            assert!(!journal().iter().any(|line| line.contains("did")));
            hook.agrees();
        }
        // The feature is neither patched nor being patched.
        assert!(patch_module(&GREEN_COUNTER).unwrap().is_done());
        assert_eq!((counter::price(1), cellar::bottles()), (4, 8));
    });
}

#[test]
fn at_a_did_stage_undo_nothing_and_the_others_run() {
    isolated(|| {
        DID.panics();
        let subscriber = events::on_did_patch_module(|_| panic!("{}", "a later panic is dropped"));
        events::on_did_patch_module(|event| {
            note(format!("did {}", event.module()));
            Ok(())
        });
        assert_eq!(
            panic_of(|| patch_module(&GREEN_COUNTER)),
            "the did hook panics"
        );
        assert_eq!((counter::price(1), cellar::bottles()), (4, 8));
        let did: Vec<_> = journal()
            .into_iter()
            .filter(|line| line.contains("did"))
            .collect();
        let expected = [
            "did hook protocol::fixture::green_cellar",
            "did protocol::fixture::cellar",
            "plugin: did protocol::fixture::cellar",
            "did hook protocol::fixture::green_counter",
            "did protocol::fixture::counter",
            "plugin: did protocol::fixture::counter",
        ];
        assert_eq!(did, expected);
        subscriber.unsubscribe();
        assert!(patch_module(&GREEN_COUNTER).unwrap().is_already_patched());
    });
}

#[test]
fn in_patch_all_leave_what_comes_after() {
    isolated(|| {
        let subscriber = events::on_will_patch_module(|event| match event.module() {
            "protocol::fixture::attic" => panic!("{}", "not the attic"),
            _ => Ok(()),
        });
        assert_eq!(panic_of(patch_all), "not the attic");
        assert_eq!(attic::boxes(), 1);
        assert!(patch_thread().unwrap().is_already_patched());
        subscriber.unsubscribe();
        // A second call patches the rest.
        assert!(patch_all().unwrap().is_done());
        assert_eq!(attic::boxes(), 2);
        assert!(patch_all().unwrap().is_already_patched());
    });
}

#[test]
fn at_a_did_stage_of_patch_all_are_passed_on_last() {
    isolated(|| {
        events::on_did_patch_module(|event| match event.module() {
            "std::thread" => panic!("{}", "threads"),
            _ => Ok(()),
        });
        assert_eq!(panic_of(patch_all), "threads");
        for module in ["std::net", "std::process"] {
            assert_eq!(is_module_patched(module).unwrap(), Coverage::All);
        }
        assert_eq!(attic::boxes(), 2);
        assert_eq!(
            journal().last().map(String::as_str),
            Some("plugin: did all")
        );
        assert!(patch_all().unwrap().is_already_patched());
    });
}

#[test]
fn at_the_end_of_patch_all_are_passed_on_last() {
    isolated(|| {
        events::on_did_patch_builtin_modules(|_| panic!("{}", "third parties"));
        assert_eq!(panic_of(patch_all), "third parties");
        assert_eq!(attic::boxes(), 2);
        assert_eq!(
            journal().last().map(String::as_str),
            Some("plugin: did all")
        );
        assert!(patch_all().unwrap().is_already_patched());
    });
}

#[test]
fn still_write_the_warnings() {
    let stderr = isolated(|| {
        events::on_will_patch_module(|event| {
            event.warn("said before the panic");
            panic!("{}", "a will stage");
        });
        assert_eq!(panic_of(|| patch_module(&GREEN_COUNTER)), "a will stage");
    });
    if let Some(stderr) = stderr {
        assert_eq!(
            stderr.matches("warning: said before the panic").count(),
            1,
            "{stderr}"
        );
    }
}

#[test]
fn that_are_swallowed_leave_no_thread_panicking() {
    isolated(|| {
        assert!(patch_thread().unwrap().is_done());
        // On a green thread: its panics are counted one by one.
        let thread = greenpatch::thread::spawn(|| {
            events::on_did_patch_module(|_| panic!("{}", "first"));
            events::on_did_patch_module(|_| {
                assert!(!greenpatch::thread::panicking(), "the first was caught");
                panic!("{}", "second")
            });
            let caught = greenpatch::panic::catch_unwind(|| patch_module("green_attic"));
            (caught.is_err(), greenpatch::thread::panicking())
        });
        assert_eq!(thread.join().unwrap(), (true, false));
    });
}
