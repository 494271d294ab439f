//! The iterators over the messages of a [`Receiver`].

use super::Receiver;

/// A blocking iterator over the messages of a [`Receiver`], created by [`Receiver::iter`]. It ends when the channel is
/// disconnected.
#[derive(Debug)]
#[expect(
    explicit_outlives_requirements,
    reason = "as in std: the bound determines the default lifetime of a trait object"
)]
pub struct Iter<'a, T: 'a> {
    pub(super) rx: &'a Receiver<T>,
}

/// A non-blocking iterator over the pending messages of a [`Receiver`], created by [`Receiver::try_iter`].
#[derive(Debug)]
#[expect(
    explicit_outlives_requirements,
    reason = "as in std: the bound determines the default lifetime of a trait object"
)]
pub struct TryIter<'a, T: 'a> {
    pub(super) rx: &'a Receiver<T>,
}

/// A blocking iterator that owns its [`Receiver`]. It ends when the channel is disconnected.
#[derive(Debug)]
pub struct IntoIter<T> {
    pub(super) rx: Receiver<T>,
}

impl<T> Iterator for Iter<'_, T> {
    type Item = T;

    #[track_caller]
    #[inline(always)]
    fn next(&mut self) -> Option<T> {
        self.rx.recv().ok()
    }
}

impl<T> Iterator for TryIter<'_, T> {
    type Item = T;

    #[inline(always)]
    fn next(&mut self) -> Option<T> {
        self.rx.try_recv().ok()
    }
}

impl<T> Iterator for IntoIter<T> {
    type Item = T;

    #[track_caller]
    #[inline(always)]
    fn next(&mut self) -> Option<T> {
        self.rx.recv().ok()
    }
}

impl<'a, T> IntoIterator for &'a Receiver<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T> IntoIterator for Receiver<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;

    fn into_iter(self) -> IntoIter<T> {
        IntoIter { rx: self }
    }
}
