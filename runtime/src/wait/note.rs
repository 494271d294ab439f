//! What a parked thread waits for, noted where a report on its OS thread can find it.
//!
//! A note costs three stores before a wait and one after it. A wait that does not block has none.
//!
//! Invariant:
//! 1. A note of a [`Wait`] is there while [`NoteCell::during`] borrows that wait, and no longer. A cell is on one OS
//!    thread, since it is not `Sync`.
#![allow(unsafe_code)]

use ::std::cell::Cell;
use ::std::panic::Location;
use ::std::ptr::NonNull;

use crate::wait::park::Wait;
use crate::wait::reason::Reason;

/// The note of one thread, while that is parked.
pub(crate) struct NoteCell {
    stored: Cell<Option<Stored>>,
    /// When the wait has begun, as the hub counts.
    moment: Cell<u64>,
}

/// What a thread is about to wait for.
pub(crate) enum Note<'a, 'b> {
    Object(&'a Wait<'b>),
    Sleep,
    Descriptor { fd: i32, writes: bool },
}

/// A note as a report reads it.
pub(crate) enum Noted {
    Object(Reason, Option<&'static Location<'static>>),
    Sleep,
    Descriptor { fd: i32, writes: bool },
}

#[derive(Clone, Copy)]
enum Stored {
    Object(NonNull<Wait<'static>>),
    Sleep,
    Descriptor { fd: i32, writes: bool },
}

impl NoteCell {
    /// Creates a cell without a note.
    pub(crate) const fn new() -> NoteCell {
        NoteCell {
            stored: Cell::new(None),
            moment: Cell::new(0),
        }
    }

    /// Calls `f`, in which the thread waits for what `note` says, from `moment` on.
    #[inline(always)]
    pub(crate) fn during<R>(&self, note: Note<'_, '_>, moment: u64, f: impl FnOnce() -> R) -> R {
        struct Clear<'a>(&'a NoteCell);
        impl Drop for Clear<'_> {
            #[inline(always)]
            fn drop(&mut self) {
                self.0.stored.set(None);
            }
        }

        self.moment.set(moment);
        self.stored.set(Some(match note {
            Note::Object(wait) => Stored::Object(NonNull::from(wait).cast()),
            Note::Sleep => Stored::Sleep,
            Note::Descriptor { fd, writes } => Stored::Descriptor { fd, writes },
        }));
        let _clear = Clear(self);
        f()
    }

    /// Returns when the wait has begun that is noted. On its OS thread.
    pub(crate) fn moment(&self) -> u64 {
        self.moment.get()
    }

    /// Returns what the thread waits for. On its OS thread.
    pub(crate) fn read(&self) -> Option<Noted> {
        Some(match self.stored.get()? {
            Stored::Object(wait) => {
                // SAFETY: by invariant 1 the wait is borrowed by a frame of the thread, which is suspended or runs this.
                let wait = unsafe { wait.as_ref() };
                Noted::Object(wait.reason(), wait.location())
            }
            Stored::Sleep => Noted::Sleep,
            Stored::Descriptor { fd, writes } => Noted::Descriptor { fd, writes },
        })
    }
}
