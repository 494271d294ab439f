//! Sleeping.

use std::time::Duration;

use crate::boundary;
use crate::patchable;

/// Blocks the current thread for at least `duration`.
#[patchable]
pub(crate) fn sleep(duration: Duration) {
    let _inside = boundary::enter();
    #[expect(clippy::disallowed_methods, reason = "the native original of the seam")]
    std::thread::sleep(duration);
}
