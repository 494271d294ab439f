//! Queries by name, and how names are resolved.

use greenpatch::{
    Coverage, Point, events, is_anything_patched, is_item_patched, is_module_patched, original,
    patch_module, patch_module_items, patch_thread,
};
use greenpatch_tests::isolated;

use crate::fixture::counter;

#[greenpatch::patchable(dispatch)]
mod corner {
    pub mod fixture {
        pub mod counter {
            pub fn price(_: u32) -> u32 {
                0
            }
        }
    }
}

#[test]
fn of_items_are_ends_of_paths() {
    for name in [
        "fixture::cellar::bottles",
        "protocol::fixture::cellar::bottles",
        "bottles",
    ] {
        assert!(!is_item_patched(name).unwrap(), "{name}");
    }
    assert!(!is_item_patched("counter::Till::total").unwrap());
    assert_eq!(corner::fixture::counter::price(2), 0);
    // A name matches whole segments only.
    assert!(is_item_patched("ottles").unwrap_err().is_unknown());
    assert!(is_item_patched("").unwrap_err().is_unknown());
}

#[test]
fn of_items_may_be_ambiguous() {
    let error = is_item_patched("fixture::counter::price").unwrap_err();
    assert!(error.is_ambiguous());
    let sites: Vec<_> = error
        .candidates()
        .iter()
        .map(|site| (site.module, site.line))
        .collect();
    assert!(matches!(
        sites[..],
        [
            ("protocol::fixture::counter", _),
            ("protocol::names::corner::fixture::counter", _)
        ]
    ));
    let text = error.to_string();
    assert!(
        text.starts_with("`fixture::counter::price` is ambiguous: it may be "),
        "{text}"
    );
    assert!(
        text.contains("protocol::fixture::counter::price (tests/"),
        "{text}"
    );
    assert!(text.contains("names.rs:"), "{text}");
    // The whole path is unambiguous.
    assert!(!is_item_patched("protocol::fixture::counter::price").unwrap());
}

#[test]
fn of_modules_are_ends_of_paths() {
    assert_eq!(
        is_module_patched("protocol::fixture::counter").unwrap(),
        Coverage::None
    );
    assert_eq!(is_module_patched("cellar").unwrap(), Coverage::None);
    assert_eq!(is_module_patched("std::sync").unwrap(), Coverage::None);
    assert_eq!(
        is_module_patched("fixture::green_counter").unwrap(),
        Coverage::None
    );
    assert!(
        is_module_patched("fixture::counter")
            .unwrap_err()
            .is_ambiguous()
    );
    assert!(is_module_patched("nowhere").unwrap_err().is_unknown());
}

#[test]
fn tell_all_from_some() {
    isolated(|| {
        assert!(!is_anything_patched());
        assert!(patch_module("green_counter").unwrap().is_done());
        assert!(is_anything_patched());
        assert_eq!(
            is_module_patched("protocol::fixture::counter").unwrap(),
            Coverage::All
        );
        // `corks` has no replacement.
        assert_eq!(
            is_module_patched("fixture::cellar").unwrap(),
            Coverage::Some
        );
        assert_eq!(is_module_patched("green_cellar").unwrap(), Coverage::All);
        assert_eq!(is_module_patched("yard").unwrap(), Coverage::None);
    });
}

#[test]
fn lead_to_typed_originals() {
    isolated(|| {
        assert!(patch_module("green_counter").unwrap().is_done());
        let greeting = original::<fn(&str) -> String>("counter::greeting").unwrap();
        assert_eq!(
            (greeting("x"), counter::greeting("x")),
            ("hello x".into(), "X".into())
        );
        let total = original::<fn(&counter::Till) -> u32>("Till::total").unwrap();
        let till = counter::Till(3);
        assert_eq!((total(&till), till.total()), (3, 4));
        let point = Point::<fn() -> u32>::named("cellar::corks").unwrap();
        assert!(!point.is_patched());
        assert!(point.patch(|| 3).is_done());
        assert_eq!(
            (crate::fixture::cellar::corks(), point.original()()),
            (3, 7)
        );
    });
}

#[test]
fn with_another_type_are_an_error() {
    // For one lifetime only: code that takes it for the other could keep a short borrow forever.
    let narrow = original::<fn(&'static str) -> String>("counter::greeting").unwrap_err();
    assert!(narrow.is_wrong_type());
    let other = Point::<fn(&str) -> u32>::named("counter::greeting").unwrap_err();
    assert!(other.is_wrong_type());
    let text = other.to_string();
    assert!(
        text.starts_with("`counter::greeting` is of type `"),
        "{text}"
    );
}

#[greenpatch::patchable(dispatch)]
mod generic {
    pub fn double<T: Clone>(value: T) -> (T, T) {
        (value.clone(), value)
    }
}

mod green_generic {
    use greenpatch::replaces;

    #[replaces(super::generic::double::<u8>)]
    fn double_u8(_: u8) -> (u8, u8) {
        (0, 0)
    }
}

#[test]
fn of_instantiations_have_their_types() {
    isolated(|| {
        let listed = || {
            greenpatch::patch_points()
                .iter()
                .any(|p| p.item() == "double::<u8>")
        };
        for name in [
            "generic::double",
            "generic::double::<u8>",
            "generic::double::<u16>",
        ] {
            assert!(!is_item_patched(name).unwrap(), "{name}");
        }
        assert_eq!(is_module_patched("generic").unwrap(), Coverage::None);
        assert!(!listed(), "looking makes no slot");
        assert!(patch_module("names::generic").unwrap().is_done());
        assert_eq!(
            (generic::double(1_u8), generic::double(1_u16)),
            ((0, 0), (1, 1))
        );
        for name in ["generic::double", "generic::double::<u8>"] {
            assert!(is_item_patched(name).unwrap(), "{name}");
        }
        assert_eq!(is_module_patched("generic").unwrap(), Coverage::All);
        assert!(listed());
        let original = original::<fn(u8) -> (u8, u8)>("generic::double::<u8>").unwrap();
        assert_eq!(original(1), (1, 1));
        assert_eq!(greenpatch::restore().unwrap(), 1);
        assert_eq!(generic::double(1_u8), (1, 1));
    });
}

/// Items by their names in std, with those that block by the same means.
const OF_STD: &[&[&str]] = &[
    &[
        "std::thread::spawn",
        "std::thread::Builder::spawn",
        "std::thread::Scope::spawn",
    ],
    &["std::thread::yield_now"],
    &["std::thread::park", "std::thread::park_timeout"],
    &[
        "std::thread::JoinHandle::join",
        "std::thread::ScopedJoinHandle::join",
    ],
    &["std::thread::sleep"],
    &[
        "std::thread::LocalKey::with",
        "std::thread_local::LocalKey::with",
    ],
    &[
        "std::sync::Mutex::lock",
        "std::sync::RwLock::read",
        "std::sync::RwLock::write",
        "std::sync::Once::call_once",
    ],
    &[
        "std::sync::Condvar::wait",
        "std::sync::Barrier::wait",
        "std::sync::mpsc::Receiver::recv",
    ],
    &["std::fs::File::lock"],
];

#[test]
fn of_what_is_built_in_are_those_of_std() {
    isolated(|| {
        let all = || OF_STD.iter().flat_map(|names| names.iter());
        for name in all() {
            assert!(!is_item_patched(name).unwrap(), "{name}");
        }
        let done = patch_thread().unwrap();
        for name in all() {
            assert!(is_item_patched(name).unwrap(), "{name}");
        }
        for name in [
            "std::panic::set_hook",
            "std::panic::catch_unwind",
            "std::thread::panicking",
        ] {
            assert!(is_item_patched(name).unwrap(), "{name}");
        }
        for name in [
            "std::net::TcpStream::read",
            "std::fs::read",
            "std::process::Child::wait",
            "std::println",
        ] {
            assert!(!is_item_patched(name).unwrap(), "{name}");
        }
        // Where leading segments are left out, the program's own items take precedence.
        assert!(is_item_patched("thread::sleep").unwrap() && is_item_patched("sleep").unwrap());
        assert!(!is_item_patched("yield_now").unwrap());
        assert!(is_item_patched("thread::yield_now").unwrap());
        assert!(!of_ones_own::yield_now());

        let report = done.report().unwrap().to_string();
        assert_eq!(
            report,
            "thread: std::thread_local: LocalKey::with\n\
             thread: std::sync: Mutex::lock, RwLock::read, RwLock::write, Once::call_once, \
             Condvar::wait, Barrier::wait, mpsc::Receiver::recv, mpsc::SyncSender::send, std::fs::File::lock\n\
             thread: std::thread: spawn, yield_now, park, JoinHandle::join\n\
             thread: std::thread: sleep\n"
        );
    });
}

#[greenpatch::patchable(dispatch)]
mod of_ones_own {
    pub fn yield_now() -> bool {
        false
    }
}

#[test]
fn of_what_is_built_in_tell_nothing_of_the_inside() {
    for name in [
        "start",
        "busy",
        "green",
        "wait_lock",
        "perform",
        "seam::thread::start",
    ] {
        for name in [
            name.to_owned(),
            format!("std::thread::{name}"),
            format!("greenpatch::{name}"),
        ] {
            assert!(is_item_patched(&name).unwrap_err().is_unknown(), "{name}");
        }
    }
    for module in ["greenpatch::seam::thread", "seam::sync"] {
        assert!(
            is_module_patched(module).unwrap_err().is_unknown(),
            "{module}"
        );
    }
    let points = greenpatch::patch_points();
    for point in &points {
        let (module, item) = (point.module(), point.item());
        assert!(!module.starts_with("greenpatch"), "{module}::{item}");
        assert!(
            !point.type_name().contains("greenpatch::"),
            "{}",
            point.type_name()
        );
    }
    let listed = |module: &str, item: &str| {
        points
            .iter()
            .any(|point| point.module() == module && point.item() == item)
    };
    assert!(
        listed("std::thread", "spawn")
            && listed("std::fs", "File::lock")
            && listed("std", "println")
    );
    assert!(listed("std::os::unix::net", "UnixStream::connect"));
    for source in greenpatch::sources() {
        assert!(source.implements().count() > 0, "{source:?}");
    }
}

#[test]
fn of_std_leave_out_and_choose() {
    isolated(|| {
        let choosy = events::on_will_patch_module(|event| {
            match event.module() {
                // Leaving out one item leaves out all that wait by the same means.
                "std::sync" => {
                    assert!(event.remove("RwLock::read") && !event.remove("Mutex::lock"))
                }
                "std::thread" => event.retain(|_| false),
                _ => {}
            }
            Ok(())
        });
        assert!(patch_thread().unwrap().is_done());
        for (name, patched) in [
            ("std::sync::Mutex::lock", false),
            ("std::sync::Condvar::wait", true),
            ("std::thread::spawn", false),
            // Items that green threads need.
            ("std::thread::panicking", true),
        ] {
            assert_eq!(is_item_patched(name).unwrap(), patched, "{name}");
        }
        choosy.unsubscribe();
        assert!(
            patch_module_items("std::sync", &["OnceLock::get_or_init"])
                .unwrap()
                .is_done()
        );
        assert!(is_item_patched("std::sync::Mutex::lock").unwrap());
        assert!(!is_item_patched("std::thread::spawn").unwrap());
    });
}

#[test]
fn of_std_choose_what_works_by_itself() {
    isolated(|| {
        let done = patch_module_items("std::thread", &["spawn", "JoinHandle::join"]).unwrap();
        assert_eq!(
            done.report().unwrap().to_string(),
            "thread: std::thread: spawn, JoinHandle::join\n"
        );
        assert!(crate::new_threads_are_green());
        let thread = greenpatch::thread::spawn(|| {
            assert!(greenpatch::panic::catch_unwind(|| panic!("caught")).is_err());
            (
                greenpatch::thread::panicking(),
                greenpatch::thread::current().id(),
            )
        });
        let id = thread.thread().id();
        assert_eq!(thread.join().unwrap(), (false, id));
        assert!(!is_item_patched("std::thread::sleep").unwrap());
    });
}
