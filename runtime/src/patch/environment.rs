//! `GREENPATCH=off` turns every patch call into a cancelled one.
#![forbid(unsafe_code)]

use std::env;

/// Whether the environment forbids to patch.
pub(super) fn is_off() -> bool {
    env::var_os("GREENPATCH").is_some_and(|value| value == "off")
}
