//! [`shield`].
#![forbid(unsafe_code)]

use super::Current;

/// Calls `f`, during which no wait of the current thread is interrupted for what is outside of it.
pub(crate) fn shield<R>(f: impl FnOnce() -> R) -> R {
    struct Shield(Current);
    impl Drop for Shield {
        fn drop(&mut self) {
            self.0.interrupts().leave_shield();
        }
    }

    let current = Current::get();
    current.interrupts().enter_shield();
    let _shield = Shield(current);
    f()
}
