//! `patch_module(module_path!())` where replacements stand at the root of a crate: for functions beside them, and for
//! those of other modules.

#![allow(unreachable_pub)]

use greenpatch::{events, patch_module, patch_module_items, patchable, replaces, restore_module};

#[patchable]
mod shop {
    pub fn tax(price: u32) -> u32 {
        price / 5
    }

    pub fn open() -> bool {
        true
    }
}

#[patchable]
fn price(item: &str) -> u32 {
    item.len() as u32
}

#[replaces(price)]
fn discounted(item: &str) -> u32 {
    price__original(item) / 2
}

#[replaces(shop::tax)]
fn no_tax(_: u32) -> u32 {
    0
}

/// A module without patch points of its own.
mod holidays {
    #[greenpatch::replaces(super::shop::open)]
    fn closed() -> bool {
        false
    }

    pub(crate) const PATH: &str = module_path!();
}

fn all() -> (u32, u32, bool) {
    (price("four"), shop::tax(10), shop::open())
}

#[test]
fn patches_what_stands_in_the_module_and_what_is_for_it() {
    assert_eq!(all(), (4, 2, true));
    let asked = events::on_will_patch_module(|event| {
        assert_eq!(event.module(), "replaces_at_the_root::shop");
        assert_eq!(event.items().collect::<Vec<_>>(), ["open"]);
        Ok(())
    });
    assert!(patch_module(holidays::PATH).unwrap().is_done());
    asked.unsubscribe();
    assert_eq!(all(), (4, 2, false));

    let done = patch_module(module_path!()).unwrap();
    assert_eq!(all(), (2, 0, false));
    assert_eq!(
        done.report().unwrap().to_string(),
        "replaces_at_the_root: replaces_at_the_root: price\n\
         replaces_at_the_root: replaces_at_the_root::shop: tax\n"
    );
    // By the target's name everything is patched already.
    assert!(
        patch_module("replaces_at_the_root::shop")
            .unwrap()
            .is_already_patched()
    );
    assert!(patch_module(module_path!()).unwrap().is_already_patched());

    assert_eq!(restore_module(module_path!()).unwrap(), 2);
    assert_eq!(all(), (4, 2, false));
    assert!(
        patch_module_items(module_path!(), &["tax"])
            .unwrap()
            .is_done()
    );
    assert_eq!(all(), (4, 0, false));
    assert!(
        patch_module("replaces_at_the_root::shop")
            .unwrap()
            .is_already_patched()
    );
    assert!(patch_module(module_path!()).unwrap().is_done());
    assert_eq!(all(), (2, 0, false));
}
