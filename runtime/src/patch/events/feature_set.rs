//! The set of built-in features that a call asks for.
#![forbid(unsafe_code)]

use crate::patch::feature::Feature;

/// One bit per built-in feature for whether it is on, and one for whether the caller chose it explicitly.
/// What is asked of [`Feature::Thread`] is in the settings.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FeatureSet {
    on: u32,
    chosen: u32,
}

impl FeatureSet {
    /// Returns the features that are on by default.
    pub(super) fn defaults() -> Self {
        let mut features = FeatureSet::default();
        for feature in Feature::BUILTIN {
            features.put(*feature, feature.is_on_by_default());
        }
        features
    }

    /// Turns the feature on or off, by the caller's explicit choice.
    pub(super) fn choose(&mut self, feature: Feature, on: bool) {
        self.chosen |= bit(feature);
        self.put(feature, on);
    }

    /// Turns the feature on or off without an explicit choice.
    pub(super) fn put(&mut self, feature: Feature, on: bool) {
        if on {
            self.on |= bit(feature);
        } else {
            self.on &= !bit(feature);
        }
    }

    /// Returns whether the feature is on.
    pub(super) fn asks(self, feature: Feature) -> bool {
        self.on & bit(feature) != 0
    }

    /// Returns the caller's explicit choice, if it made one.
    pub(super) fn chosen(self, feature: Feature) -> Option<bool> {
        (self.chosen & bit(feature) != 0).then(|| self.asks(feature))
    }

    /// Returns the union of both sets, with the explicit choices of `self`.
    pub(super) fn union(self, earlier: FeatureSet) -> FeatureSet {
        FeatureSet {
            on: self.on | earlier.on,
            chosen: self.chosen,
        }
    }
}

/// Returns the bit of a built-in feature, or zero for a feature of a user.
fn bit(feature: Feature) -> u32 {
    const { assert!(Feature::BUILTIN.len() <= u32::BITS as usize) };
    let mut builtin = Feature::BUILTIN.iter();
    match builtin.position(|builtin| *builtin == feature) {
        Some(index) => 1 << index,
        None => 0,
    }
}
