//! Slots built by hand, so that the table is tested without the macros.
#![allow(unsafe_code)]
#![expect(clippy::disallowed_methods, reason = "threads of the tests' own")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::replacement::Replacement;
use super::scope;
use super::slot::{Scoped, Site, Slot};
use super::source::Linked;
use super::*;

type Double = Slot<fn(u32) -> u32, dyn Fn(u32) -> u32 + Send + Sync>;

const fn site(name: &'static str, line: u32) -> Site {
    Site {
        module: "made::by_hand",
        name,
        file: "by_hand.rs",
        line,
    }
}

/// What `#[patchable]` makes of `fn $name(x: u32) -> u32 { 2 * x }`.
macro_rules! patchable {
    ($slot:ident, $name:ident, $line:expr) => {
        static $slot: Double = {
            fn original(x: u32) -> u32 {
                2 * x
            }
            fn trampoline(x: u32) -> u32 {
                match $slot.scoped() {
                    Scoped::Closure(closure) => closure(x),
                    Scoped::Pointer(function) => function(x),
                }
            }
            // SAFETY: both are function pointers of the slot's type.
            unsafe { Slot::new(original, trampoline, site(stringify!($name), $line)) }
        };

        fn $name(x: u32) -> u32 {
            match $slot.get() {
                None => ($slot.original())(x),
                Some(function) => function(x),
            }
        }

        inventory::submit! { registry::PatchPoint::new($slot.raw()) }
    };
}

fn thrice(x: u32) -> u32 {
    3 * x
}

fn tenfold(x: u32) -> u32 {
    10 * x
}

#[test]
fn set_and_clear() {
    patchable!(SLOT, set_and_clear, 1);
    assert_eq!(set_and_clear(1), 2);
    SLOT.set(thrice);
    assert_eq!(set_and_clear(1), 3);
    SLOT.set(tenfold);
    assert_eq!(set_and_clear(1), 10);
    assert_eq!(SLOT.original()(1), 2);
    assert!(restore_item(&SLOT));
    assert!(!restore_item(&SLOT));
    assert_eq!(set_and_clear(1), 2);
}

#[test]
fn overrides_nest_capture_and_end() {
    patchable!(SLOT, overridden, 2);
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let inner = || {
        override_item(&SLOT, Box::new(|x| SLOT.original()(x) + 100), || {
            overridden(1)
        })
    };
    let (outside, inside) = override_item(
        &SLOT,
        Box::new(move |x| counted.fetch_add(1, Ordering::Relaxed) as u32 + x),
        || (overridden(1), inner()),
    );
    assert_eq!(
        (outside, inside, calls.load(Ordering::Relaxed)),
        (1, 102, 1)
    );
    assert_eq!(
        Arc::strong_count(&calls),
        1,
        "the closure is dropped with its scope"
    );
    assert!(SLOT.raw().current().is_none());
    assert_eq!(overridden(1), 2);
}

#[test]
fn an_override_ends_when_its_body_panics() {
    patchable!(SLOT, panics, 3);
    let result = std::panic::catch_unwind(|| {
        override_item(&SLOT, Box::new(|_| 7), || {
            assert_eq!(panics(1), 7);
            std::panic::resume_unwind(Box::new("on purpose"));
        })
    });
    assert!(result.is_err());
    assert!(panics(1) == 2 && SLOT.raw().current().is_none());
}

#[test]
fn another_thread_is_out_of_scope_unless_it_enters() {
    patchable!(SLOT, scoped, 4);
    SLOT.set(thrice);
    override_item(&SLOT, Box::new(|_| 7), || {
        assert!(SLOT.raw().current().is_some());
        let outside = thread::spawn(|| scoped(1)).join().expect("no panic");
        let handle = scope::capture();
        let inside = thread::spawn(move || {
            let entered = handle.enter();
            let inside = scoped(1);
            drop(entered);
            (inside, scoped(1))
        });
        assert_eq!(
            (outside, inside.join().expect("no panic"), scoped(1)),
            (3, (7, 3), 7)
        );
    });
    assert_eq!(scoped(1), 3);
    restore_item(&SLOT);
}

#[test]
fn a_captured_scope_lives_on() {
    patchable!(SLOT, lives_on, 5);
    let handle = override_item(&SLOT, Box::new(|_| 7), scope::capture);
    assert_eq!(lives_on(1), 2);
    let entered = handle.enter();
    assert_eq!(lives_on(1), 7);
    drop(entered);
    assert!(lives_on(1) == 2 && SLOT.raw().current().is_none());
}

#[test]
fn native_runs_originals() {
    patchable!(SLOT, native_or_not, 6);
    patchable!(LATER, patched_inside, 7);
    SLOT.set(thrice);
    native(|| {
        assert_eq!(native_or_not(1), 2);
        LATER.set(thrice);
        assert_eq!(patched_inside(1), 2);
        assert_eq!(
            override_item(&SLOT, Box::new(|_| 7), || native_or_not(1)),
            7
        );
        let outside = thread::spawn(|| native_or_not(1) + patched_inside(1));
        assert_eq!(outside.join().expect("no panic"), 6);
    });
    assert_eq!((native_or_not(1), patched_inside(1)), (3, 3));
    assert_eq!(
        override_item(&SLOT, Box::new(|_| 7), || native(|| native_or_not(1))),
        2
    );
    restore_item(&SLOT);
    restore_item(&LATER);
}

#[test]
fn names_may_leave_out_leading_segments() {
    patchable!(SLOT, named, 8);
    for name in ["named", "by_hand::named", "made::by_hand::named"] {
        assert!(!is_item_patched(name).expect("one item"), "{name}");
    }
    assert_eq!(
        original::<fn(u32) -> u32>("by_hand::named").expect("right type")(4),
        8
    );
    assert!(is_item_patched("amed").is_err_and(|error| error.is_unknown()));
    assert!(original::<fn(u64) -> u64>("named").is_err_and(|error| error.is_wrong_type()));
    let patched = Point::<fn(u32) -> u32>::named("named")
        .expect("right type")
        .patch(thrice);
    assert_eq!((patched.is_done(), named(1)), (true, 3));
    restore_item(&SLOT);
}

#[test]
fn an_ambiguous_name_lists_the_candidates() {
    patchable!(_FIRST, twin, 9);
    {
        patchable!(_SECOND, twin, 10);
        assert_eq!(twin(1), 2);
    }
    assert_eq!(twin(1), 2);
    let error = is_item_patched("twin").expect_err("there are two");
    assert!(error.is_ambiguous());
    assert_eq!(error.candidates(), [site("twin", 9), site("twin", 10)]);
    assert_eq!(
        error.to_string(),
        "`twin` is ambiguous: it may be made::by_hand::twin (by_hand.rs:9), \
         made::by_hand::twin (by_hand.rs:10)"
    );
}

#[test]
fn a_source_module_is_patched_and_restored() {
    patchable!(SLOT, replaced, 11);
    patchable!(OTHER, left_alone, 12);
    static ITEMS: [Replacement; 2] = [
        Replacement::new(&SLOT, thrice, site("thrice", 20)),
        Replacement::new(&OTHER, thrice, site("thrice", 20)),
    ];
    static SOURCE: Source = Source::new("made::source", "by_hand", &ITEMS);
    inventory::submit! { Linked(&SOURCE) }

    assert_eq!(SOURCE.target(), "made::by_hand");
    assert_eq!(SOURCE.feature(), Feature::User("made::source"));
    let patched = patch_module_items(&SOURCE, &["replaced"]).expect("patched");
    assert_eq!(
        patched.report().expect("done").to_string(),
        "made::source: made::by_hand: replaced\n"
    );
    assert_eq!((replaced(1), left_alone(1)), (3, 2));
    assert_eq!(
        is_module_patched("made::source").expect("known"),
        Coverage::Some
    );
    assert!(
        patch_module_items("source", &["replaced"])
            .expect("known")
            .is_already_patched()
    );
    assert!(patch_module("source").expect("patched").is_done());
    assert_eq!(
        is_module_patched("made::source").expect("known"),
        Coverage::All
    );
    assert_eq!((replaced(1), left_alone(1)), (3, 3));
    let unknown = patch_module_items(&SOURCE, &["repalced"]).expect_err("no such item");
    assert!(unknown.is_unknown());
    assert_eq!(restore_module(&SOURCE).expect("restored"), 2);
    assert_eq!((replaced(1), left_alone(1)), (2, 2));
    assert_eq!(
        is_module_patched("made::source").expect("known"),
        Coverage::None
    );
}

#[test]
fn the_listing_says_who_replaced_what() {
    patchable!(SLOT, listed, 13);
    let line = || {
        patch_points()
            .into_iter()
            .find(|point| point.item() == "listed")
            .expect("there")
    };
    assert_eq!(*line().state(), PatchState::Original);
    let patched = patch_item(&SLOT, thrice);
    assert!(patched.is_done());
    assert_eq!(listed(1), 3);
    let PatchState::Replaced { source: None, by } = *line().state() else {
        panic!("replaced by a call");
    };
    assert_eq!((by.name, by.file), ("patch_item", file!()));
    let table = patch_points().to_string();
    let row = table
        .lines()
        .find(|line| line.contains(" listed "))
        .expect("there");
    assert!(row.starts_with("made::by_hand "), "{row}");
    assert!(
        row.contains("replaced by patch_item (") && row.contains("by_hand.rs:13"),
        "{row}"
    );
    assert!(restore_item(&SLOT));
    assert_eq!(*line().state(), PatchState::Original);
}
