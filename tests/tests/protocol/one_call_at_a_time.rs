//! One thread patches at a time, re-entrantly, while other threads call the items being patched.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;

use greenpatch::{
    Feature, Patcher, events, patch_all, patch_item, patch_module, patch_point, patch_thread,
    restore_item,
};
use greenpatch_tests::isolated;

use crate::fixture::{GREEN_COUNTER, attic, cellar, counter, journal, note};

#[test]
fn another_thread_waits_for_its_turn() {
    isolated(|| {
        static INSIDE: AtomicU32 = AtomicU32::new(0);
        let (entered, wait_for_entry) = mpsc::channel();
        let subscriber = events::on_will_patch_module(move |event| {
            assert_eq!(
                INSIDE.fetch_add(1, Ordering::SeqCst),
                0,
                "two patch at a time"
            );
            if event.source() == "protocol::fixture::green_cellar" {
                let _ = entered.send(());
            }
            for _ in 0..1000 {
                thread::yield_now();
            }
            INSIDE.fetch_sub(1, Ordering::SeqCst);
            Ok(())
        });
        let first = thread::spawn(|| patch_module("green_counter").unwrap().is_done());
        wait_for_entry.recv().unwrap();
        let others: Vec<_> = (0..4)
            .map(|_| thread::spawn(|| patch_module("green_counter").unwrap()))
            .collect();
        assert!(patch_module("green_attic").unwrap().is_done());
        assert!(first.join().unwrap());
        for other in others {
            assert!(other.join().unwrap().is_already_patched());
        }
        subscriber.unsubscribe();
    });
}

#[test]
fn a_hook_may_patch_something_else() {
    isolated(|| {
        events::on_will_patch_module(|event| {
            if event.source() == "protocol::fixture::green_counter" {
                assert!(patch_module("green_attic").unwrap().is_done());
                assert_eq!((attic::boxes(), counter::price(1)), (2, 5));
            }
            Ok(())
        });
        assert!(patch_module(&GREEN_COUNTER).unwrap().is_done());
        assert_eq!(counter::price(1), 4);
    });
}

#[test]
fn a_hook_may_not_patch_what_it_is_asked_about() {
    isolated(|| {
        events::on_will_patch_module(|event| {
            if event.source() == "protocol::fixture::green_counter" {
                let error = patch_module(&GREEN_COUNTER).unwrap_err();
                assert!(error.is_in_progress(), "{error}");
                assert!(
                    error
                        .to_string()
                        .starts_with("the feature green is being patched")
                );
                note("refused");
            }
            Ok(())
        });
        events::on_will_patch_all(|_| {
            assert!(patch_all().unwrap_err().is_in_progress());
            note("refused");
            Ok(())
        });
        // Once it is patched, it is.
        events::on_did_patch_module(|event| {
            if event.source() == "protocol::fixture::green_counter" {
                assert!(patch_module(&GREEN_COUNTER).unwrap().is_already_patched());
            }
            Ok(())
        });
        events::on_did_patch_all(|_| {
            assert!(patch_all().unwrap().is_already_patched());
            Ok(())
        });
        assert!(patch_module(&GREEN_COUNTER).unwrap().is_done());
        assert!(patch_all().unwrap().is_done());
        let refused = journal()
            .into_iter()
            .filter(|line| line == "refused")
            .count();
        assert_eq!(refused, 2);
    });
}

#[test]
fn patch_all_may_be_called_once_modules_are_patched() {
    isolated(|| {
        // It does nothing where the outer call does the same; what is vetoed or left out must not make it loop forever.
        events::on_will_patch_module(|event| match event.module() {
            "std::fs" | "std::net" => Err(greenpatch::DoNotPatch::new()),
            _ => {
                event.remove("sleep");
                Ok(())
            }
        });
        events::on_did_patch_module(|event| {
            if !event.module().starts_with("std::") {
                assert_eq!(attic::boxes(), 2);
            }
            assert!(patch_all().unwrap().is_already_patched());
            Ok(())
        });
        events::on_did_patch_builtin_modules(|_| {
            note("builtin");
            assert_eq!(attic::boxes(), 1, "what is the outer call's is left to it");
            assert!(patch_all().unwrap().is_already_patched());
            Ok(())
        });
        events::on_did_patch_all(|_| {
            note("all");
            assert!(patch_all().unwrap().is_already_patched());
            Ok(())
        });
        assert!(patch_all().unwrap().is_done());
        assert_eq!(attic::boxes(), 2);
        let mut lines = journal();
        lines.retain(|line| !line.contains("attic") && !line.starts_with("plugin"));
        assert_eq!(lines, ["builtin", "all"]);
    });
}

#[test]
fn patch_all_inside_patches_what_goes_beyond() {
    isolated(|| {
        events::on_did_patch_builtin_modules(|event| {
            note(format!(
                "builtin, fs: {}",
                event.report().feature(Feature::Fs).is_some()
            ));
            let more = || Patcher::new().fs(true).apply().unwrap();
            let done = more();
            if event.report().feature(Feature::Fs).is_none() {
                let report = done.report().expect("files are left");
                assert!(report.feature(Feature::Fs).unwrap().is_done());
                assert!(
                    report
                        .feature(Feature::Thread)
                        .unwrap()
                        .is_already_patched()
                );
                assert!(
                    report
                        .feature(Feature::User("protocol::fixture::green_attic"))
                        .is_none()
                );
            } else {
                assert!(done.is_already_patched());
            }
            Ok(())
        });
        let done = patch_all().unwrap();
        assert!(done.report().unwrap().feature(Feature::Fs).is_none());
        assert_eq!(attic::boxes(), 2);
        let mut lines = journal();
        lines.retain(|line| line.starts_with("builtin"));
        assert_eq!(lines, ["builtin, fs: false", "builtin, fs: true"]);
        assert!(patch_all().unwrap().is_already_patched());
        assert!(
            Patcher::new()
                .fs(true)
                .apply()
                .unwrap()
                .is_already_patched()
        );
    });
}

#[test]
fn nothing_is_put_back_while_patching_goes_on() {
    isolated(|| {
        events::on_did_patch_builtin_modules(|_| {
            let error = greenpatch::restore().unwrap_err();
            assert!(error.is_in_progress());
            assert!(
                error.to_string().ends_with("do it when the call is over"),
                "{error}"
            );
            Ok(())
        });
        events::on_did_patch_all(|_| {
            assert!(greenpatch::restore().unwrap() > 0);
            Ok(())
        });
        assert!(patch_all().unwrap().is_done());
        assert!(!greenpatch::is_anything_patched());
    });
}

#[test]
fn callers_see_the_old_or_the_new() {
    isolated(|| {
        let stop = Arc::new(AtomicBool::new(false));
        let begin = Arc::new(Barrier::new(5));
        let callers: Vec<_> = (0..4)
            .map(|_| {
                let (stop, begin) = (Arc::clone(&stop), Arc::clone(&begin));
                thread::spawn(move || {
                    begin.wait();
                    let mut seen = [0_u32; 2];
                    while !stop.load(Ordering::Relaxed) {
                        match cellar::corks() {
                            7 => seen[0] += 1,
                            1 => seen[1] += 1,
                            other => panic!("neither old nor new: {other}"),
                        }
                    }
                    seen
                })
            })
            .collect();
        begin.wait();
        for _ in 0..2000 {
            assert!(patch_item(patch_point!(cellar::corks), || 1).is_done());
            assert_eq!(cellar::corks(), 1);
            assert!(restore_item(patch_point!(cellar::corks)));
            assert_eq!(cellar::corks(), 7);
            greenpatch::override_item(patch_point!(cellar::corks), Box::new(|| 50), || {
                assert_eq!(cellar::corks(), 50);
            });
        }
        stop.store(true, Ordering::Relaxed);
        let seen = callers.into_iter().map(|caller| caller.join().unwrap());
        let total = seen.fold([0, 0], |sum, seen| [sum[0] + seen[0], sum[1] + seen[1]]);
        assert!(total[0] > 0, "{total:?}");
    });
}

#[test]
fn green_threads_may_patch() {
    isolated(|| {
        assert!(patch_thread().unwrap().is_done());
        let threads: Vec<_> = ["green_counter", "green_attic", "green_counter"]
            .map(|name| greenpatch::thread::spawn(move || patch_module(name).unwrap().is_done()))
            .into();
        let done: Vec<_> = threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect();
        assert_eq!(done, [true, true, false]);
    });
}

#[test]
fn green_threads_may_patch_while_a_hook_lets_them_run() {
    isolated(|| {
        assert!(patch_thread().unwrap().is_done());
        events::on_will_patch_module(|event| {
            for _ in 0..if event.source().ends_with("attic") {
                9
            } else {
                3
            } {
                greenpatch::thread::yield_now();
            }
            event.warn(format!("asked about {}", event.source()));
            Ok(())
        });
        let patch = |name: &'static str| greenpatch::thread::spawn(move || patch_module(name));
        let (first, second) = (patch("green_attic"), patch("green_counter"));
        let twice = patch("green_counter");
        assert!(first.join().unwrap().unwrap().is_done());
        assert!(second.join().unwrap().unwrap().is_done());
        assert!(twice.join().unwrap().unwrap_err().is_in_progress());
        assert_eq!((attic::boxes(), counter::price(1)), (2, 4));
        assert!(patch_module("green_counter").unwrap().is_already_patched());
    });
}
