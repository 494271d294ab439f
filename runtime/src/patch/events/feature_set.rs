//! Which built-in features a call asks for, beside threads.
#![forbid(unsafe_code)]

use crate::patch::feature::Feature;

/// A choice for each built-in feature, one bit each: on or off, and whether the caller made it in so
/// many words.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FeatureSet {
    on: u32,
    named: u32,
}

impl FeatureSet {
    /// What `patch_all()` asks for.
    pub(crate) fn all() -> Self {
        let mut choices = FeatureSet::default();
        for feature in Feature::BUILTIN {
            choices.put(feature, feature.is_on_by_default());
        }
        choices
    }

    /// Takes the caller's choice.
    pub(crate) fn set(&mut self, feature: Feature, on: bool) {
        self.named |= bit(feature);
        self.put(feature, on);
    }

    /// Turns it on or off, by nobody's choice.
    pub(crate) fn put(&mut self, feature: Feature, on: bool) {
        if on {
            self.on |= bit(feature);
        } else {
            self.on &= !bit(feature);
        }
    }

    /// Whether it was asked for.
    pub(crate) fn asks(self, feature: Feature) -> bool {
        self.on & bit(feature) != 0
    }

    /// The caller's choice, if it made one.
    pub(crate) fn named(self, feature: Feature) -> Option<bool> {
        (self.named & bit(feature) != 0).then(|| self.asks(feature))
    }

    /// What both ask for together; whose choice it was is said by `self`.
    pub(crate) fn union(self, earlier: FeatureSet) -> FeatureSet {
        FeatureSet {
            on: self.on | earlier.on,
            named: self.named,
        }
    }
}

/// The bit of a built-in feature; one of a user has none.
fn bit(feature: Feature) -> u32 {
    Feature::BUILTIN
        .iter()
        .position(|builtin| *builtin == feature)
        .map_or(0, |index| 1 << index)
}
