//! Putting originals back.

use std::sync::mpsc;

use greenpatch::{
    Coverage, events, is_anything_patched, is_item_patched, is_module_patched, override_item,
    patch_all, patch_item, patch_module, patch_point, patch_thread, restore, restore_item,
    restore_module, thread,
};
use greenpatch_tests::isolated;

use crate::fixture::{GREEN_COUNTER, attic, cellar, counter};
use crate::new_threads_are_green;

#[test]
fn puts_everything_back_and_it_can_be_patched_again() {
    isolated(|| {
        for _ in 0..3 {
            assert!(patch_all().unwrap().is_done());
            assert!(patch_module(&GREEN_COUNTER).unwrap().is_done());
            assert!(new_threads_are_green());
            assert!(restore().unwrap() > 5);
            assert!(!is_anything_patched());
            assert_eq!((attic::boxes(), counter::price(1)), (1, 5));
            assert!(!new_threads_are_green());
        }
        assert_eq!(restore().unwrap(), 0);
    });
}

#[test]
fn is_refused_while_a_green_thread_lives() {
    isolated(|| {
        assert!(patch_thread().unwrap().is_done());
        assert!(patch_module(&GREEN_COUNTER).unwrap().is_done());
        let (send, receive) = greenpatch::sync::mpsc::channel::<()>();
        let green = thread::spawn(move || receive.recv());
        for refused in [
            restore(),
            restore_module("std::sync"),
            restore_module("std::thread"),
        ] {
            let error = refused.unwrap_err();
            assert!(error.is_green_threads_alive());
            assert_eq!(
                error.to_string(),
                "1 green threads are alive; join them before restoring"
            );
        }
        assert_eq!(is_module_patched("std::sync").unwrap(), Coverage::All);
        assert_eq!(counter::price(1), 4, "nothing was changed");
        // Items that green threads do not need can be restored.
        assert_eq!(restore_module(&GREEN_COUNTER).unwrap(), 4);
        assert_eq!((counter::price(1), cellar::bottles()), (5, 7));
        drop(send);
        assert!(green.join().unwrap().is_err());
        assert!(restore().unwrap() > 5);
    });
}

#[test]
fn puts_one_module_back() {
    isolated(|| {
        assert!(patch_all().unwrap().is_done());
        assert!(patch_item(patch_point!(cellar::corks), || 1).is_done());
        assert_eq!(restore_module("green_attic").unwrap(), 1);
        assert_eq!((attic::boxes(), cellar::corks()), (1, 1));
        assert_eq!(restore_module("green_attic").unwrap(), 0);
        assert!(restore_module("nowhere").unwrap_err().is_unknown());
        // `patch_all` patches it again.
        assert!(patch_all().unwrap().is_done());
        assert_eq!(attic::boxes(), 2);
    });
}

#[test]
fn puts_one_item_back() {
    isolated(|| {
        assert!(patch_module(&GREEN_COUNTER).unwrap().is_done());
        assert!(restore_item(patch_point!(counter::price)));
        assert!(!restore_item(patch_point!(counter::price)));
        assert_eq!((counter::price(1), cellar::bottles()), (5, 8));
        assert!(patch_module(&GREEN_COUNTER).unwrap().is_done());
        assert_eq!(counter::price(1), 4);
    });
}

#[test]
fn is_refused_while_patching_is_decided() {
    isolated(|| {
        let subscriber = events::on_will_patch_module(|_| {
            assert!(restore().unwrap_err().is_in_progress());
            Ok(())
        });
        assert!(patch_module(&GREEN_COUNTER).unwrap().is_done());
        subscriber.unsubscribe();
        // In a did stage it is allowed.
        events::on_did_patch_module(|event| {
            if event.source() == "protocol::fixture::green_attic" {
                assert_eq!(restore_module("green_counter").unwrap(), 4);
            }
            Ok(())
        });
        assert!(patch_module("green_attic").unwrap().is_done());
        assert!(!is_item_patched("cellar::bottles").unwrap());
    });
}

#[test]
fn forgets_what_was_left_out() {
    isolated(|| {
        let subscriber = events::on_will_patch_module(|event| {
            event.remove("bottles");
            Ok(())
        });
        assert!(patch_module(&GREEN_COUNTER).unwrap().is_done());
        assert_eq!(cellar::bottles(), 7);
        subscriber.unsubscribe();
        assert_eq!(restore().unwrap(), 3);
        assert!(patch_module(&GREEN_COUNTER).unwrap().is_done());
        assert_eq!(cellar::bottles(), 8);
    });
}

#[test]
fn is_possible_inside_an_override() {
    isolated(|| {
        assert!(patch_module(&GREEN_COUNTER).unwrap().is_done());
        let (sender, receiver) = mpsc::channel();
        override_item(patch_point!(cellar::bottles), Box::new(|| 100), || {
            assert_eq!(restore().unwrap(), 4);
            sender.send(cellar::bottles()).unwrap();
            std::thread::scope(|s| {
                s.spawn(|| sender.send(cellar::bottles()).unwrap());
            });
        });
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [100, 7]);
        assert_eq!(cellar::bottles(), 7);
    });
}
