//! Which built-in features a call asks for, beside threads.
#![forbid(unsafe_code)]

use super::source::Feature;

/// A choice for each built-in feature, one bit each: on or off, and whether the caller made it in so
/// many words.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Choices {
    on: u32,
    named: u32,
}

impl Choices {
    /// What `patch_all()` asks for.
    pub(super) fn all() -> Self {
        let mut choices = Choices::default();
        for feature in Feature::BUILTIN {
            choices.put(feature, feature.is_on_by_default());
        }
        choices
    }

    /// Takes the caller's choice.
    pub(super) fn set(&mut self, feature: Feature, on: bool) {
        self.named |= bit(feature);
        self.put(feature, on);
    }

    /// Turns it on or off, by nobody's choice.
    pub(super) fn put(&mut self, feature: Feature, on: bool) {
        if on {
            self.on |= bit(feature);
        } else {
            self.on &= !bit(feature);
        }
    }

    /// Whether it was asked for.
    pub(super) fn asks(self, feature: Feature) -> bool {
        self.on & bit(feature) != 0
    }

    /// The caller's choice, if it made one.
    pub(super) fn named(self, feature: Feature) -> Option<bool> {
        (self.named & bit(feature) != 0).then(|| self.asks(feature))
    }

    /// What both ask for together; whose choice it was is said by `self`.
    pub(super) fn union(self, earlier: Choices) -> Choices {
        Choices {
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
