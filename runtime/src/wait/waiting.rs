//! What belongs to the waits of one thread.
#![forbid(unsafe_code)]

use crate::wait::interrupts::Interrupts;
use crate::wait::note::NoteCell;

/// What the thread waits for, and what may end its waits early. The two are next to each other, since each wait accesses
/// both.
pub(crate) struct Waiting {
    pub(crate) note: NoteCell,
    pub(crate) interrupts: Interrupts,
}

impl Waiting {
    /// That of a thread which does not wait.
    #[inline]
    pub(crate) const fn new() -> Waiting {
        Waiting {
            note: NoteCell::new(),
            interrupts: Interrupts::new(),
        }
    }
}
