//! Circles that are still there.

/// Every pair of files on a circle of which one imports the other. Exact: an entry that is on no circle any more is
/// to be removed.
#[rustfmt::skip]
pub(crate) const KNOWN_CIRCLES: &[(&str, &str)] = &[
    ("macros/src/attrs.rs", "macros/src/attrs/inlining.rs"),
    ("macros/src/check/asynchronous.rs", "macros/src/check/function.rs"),
    ("macros/src/check/owner.rs", "macros/src/visit/mod.rs"),
    ("macros/src/expand/mod.rs", "macros/src/expand/place.rs"),
    ("macros/src/expand/mod.rs", "macros/src/expand/point.rs"),
    ("macros/src/expand/mod.rs", "macros/src/expand/replacement.rs"),
    ("macros/src/expand/mod.rs", "macros/src/expand/slot.rs"),
    ("macros/src/expand/mod.rs", "macros/src/replaces.rs"),
    ("macros/src/expand/place.rs", "macros/src/expand/point.rs"),
    ("macros/src/expand/place.rs", "macros/src/expand/replacement.rs"),
    ("macros/src/expand/place.rs", "macros/src/expand/slot.rs"),
    ("macros/src/expand/place.rs", "macros/src/replaces.rs"),
    ("macros/src/expand/point.rs", "macros/src/expand/replacement.rs"),
    ("macros/src/expand/point.rs", "macros/src/expand/slot.rs"),
    ("macros/src/expand/replacement.rs", "macros/src/replaces.rs"),
    ("macros/src/expand/replacement.rs", "macros/src/source_module.rs"),
    ("macros/src/expand/slot.rs", "macros/src/replaces.rs"),
    ("macros/src/replaces.rs", "macros/src/source_module.rs"),
    ("macros/src/shadow/mod.rs", "macros/src/shadow/redirect.rs"),
];
