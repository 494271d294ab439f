//! The slot as expansions in this very crate see it.
#![deny(unsafe_code)]

use super::Scoped;
use crate::patchable;

#[patchable]
pub(crate) fn double(n: u32) -> u32 {
    n * 2
}

fn triple(n: u32) -> u32 {
    n * 3
}

/// Puts `triple` in force, as the table does.
#[allow(unsafe_code)]
fn set(function: Option<fn(u32) -> u32>) {
    // SAFETY: `fn(u32) -> u32` is the type of the slot.
    let function = function.map(|function| unsafe { super::erase(function) });
    // SAFETY: it was made from an `F` of this slot, just above.
    unsafe { double__PATCH.raw().set_global(function) };
    double__PATCH.raw().place(false);
}

#[test]
fn a_call_runs_what_the_slot_holds() {
    assert_eq!(double(5), 10);
    set(Some(triple));
    assert_eq!(double(5), 15);
    assert_eq!(
        double__PATCH.original()(5),
        10,
        "the original stays reachable"
    );
    assert!(matches!(double__PATCH.scoped(), Scoped::Pointer(function) if function(1) == 3));
    set(None);
    assert_eq!(double(5), 10);
    assert!(matches!(double__PATCH.scoped(), Scoped::Pointer(function) if function(1) == 2));
}

#[test]
fn a_slot_knows_what_it_is() {
    let raw = double__PATCH.raw();
    assert_eq!(raw.type_name(), "fn(u32) -> u32");
    assert_eq!(raw.site().name, "double");
    assert_eq!(raw.site().module, module_path!());
    assert!(raw.site().line > 1, "counted from the function's name");
}
