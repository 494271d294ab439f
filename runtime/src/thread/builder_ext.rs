//! [`BuilderExt`].
#![forbid(unsafe_code)]

use super::Builder;
use crate::thread_state::place::Place;

/// Settings of a thread that std does not have.
///
/// It is a trait, so that code which has to run on std as well cannot call it by accident.
pub trait BuilderExt: sealed::Sealed {
    /// Sets where the thread runs if it becomes a green one: a hint for a process with [workers](crate::Patcher::workers).
    ///
    /// # Examples
    ///
    /// ```
    /// use greenpatch::{BuilderExt, Patcher, Place, thread};
    ///
    /// Patcher::new().workers(2).apply().unwrap();
    /// let first = thread::Builder::new().place(Place::Worker(0)).spawn(|| {
    ///     // On the same worker as this one: each message between them is a switch, and no call of the OS.
    ///     let second = thread::Builder::new().place(Place::Here);
    ///     second.spawn(|| 1).unwrap().join().unwrap()
    /// });
    /// assert_eq!(first.unwrap().join().unwrap(), 1);
    /// ```
    #[must_use]
    fn place(self, place: Place) -> Self;
}

impl BuilderExt for Builder {
    fn place(self, place: Place) -> Self {
        self.set_place(place)
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Builder {}
}
