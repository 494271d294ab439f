//! Waiting by asking again and again.

use crate::patchable;

/// Takes note that this thread has asked for something in vain and will likely ask again. Once
/// patched, a thread that does so a few times in a row lets others run, or nobody could ever bring
/// about what it asks for.
#[patchable]
#[inline]
pub(crate) fn busy() {}

/// Takes note that this thread has made work for another one without ever having to wait for it. Once
/// patched, a thread that does so very often in a row lets others run.
#[patchable]
#[inline]
pub(crate) fn produced() {}
