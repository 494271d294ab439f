//! What a thread waits for, as a report names it.

use ::std::num::NonZeroU64;

/// What a thread waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Reason {
    pub(crate) kind: Kind,
    /// The address of the object.
    pub(crate) address: usize,
    pub(crate) holder: Holder,
}

/// The kind of wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Mutex,
    Read,
    Write,
    Once,
    Condvar,
    Barrier,
    ChannelSend,
    ChannelReceive,
    Join,
    /// The end of the threads of a scope.
    Scope,
    Park,
    /// A future that `block_on` polls.
    BlockOn,
    /// A word of memory, or a lock of pthreads, in code that is not annotated.
    #[cfg_attr(not(greenpatch_libc), allow(dead_code, reason = "for libc"))]
    Futex,
    /// A call that another thread makes, by the name of the OS threads that make such calls.
    Call(&'static str),
}

/// The thread that can end the wait, as far as the object tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Holder {
    Unknown,
    /// The thread with this number.
    Thread(NonZeroU64),
    /// The thread whose stack has this page, see [`stack_page`](crate::wait::stack_page).
    Page(u32),
}

impl Reason {
    /// Returns a wait for an object that does not tell which thread can end it.
    pub(crate) fn new<T: ?Sized>(kind: Kind, object: &T) -> Reason {
        Reason {
            kind,
            address: ::std::ptr::from_ref(object).addr(),
            holder: Holder::Unknown,
        }
    }

    /// The same for an object that tells.
    pub(crate) fn held_by(self, holder: Holder) -> Reason {
        Reason { holder, ..self }
    }
}
