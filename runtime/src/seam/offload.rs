//! Calls that block the OS thread and have no non-blocking form, such as a name look-up or a read of a file.
//!
//! The native original makes the call in place. Once patched it is made on a helper thread while the green thread waits.
//! So the closure calls std or the OS, but no user code, which would access the thread-local values of the helper.
//!
//! A facade calls [`run`] with the patch point of its feature:
//!
//! ```ignore
//! let file = offload::run(offload::file, || std::fs::File::open(path))?;
//! ```

use std::io;
use std::os::fd::BorrowedFd;
use std::path::Path;

use crate::boundary;
use crate::patchable;

/// A call to make once, on this or another OS thread. It may borrow from the caller, which does not continue before the
/// call has returned.
pub(crate) struct Call<'a>(&'a mut (dyn FnMut() + Send + 'a));

impl<'a> Call<'a> {
    /// Creates a call of `f`, which does nothing when it is called again.
    pub(crate) fn new(f: &'a mut (dyn FnMut() + Send + 'a)) -> Call<'a> {
        Call(f)
    }

    /// Makes the call.
    pub(crate) fn make(self) {
        (self.0)();
    }
}

/// Calls `f` through `seam`, the patch point of one feature. Returns its result; a panic is propagated.
///
/// # Errors
///
/// Returns the error of `f`, or of the OS if it has no thread to make the call.
#[inline]
pub(crate) fn run<R: Send>(
    seam: impl FnOnce(Call<'_>) -> io::Result<()>,
    f: impl FnOnce() -> io::Result<R> + Send,
) -> io::Result<R> {
    let mut f = Some(f);
    let mut result = None;
    let mut call = || {
        if let Some(f) = f.take() {
            result = Some(f());
        }
    };
    seam(Call(&mut call))?;
    result.expect("a seam makes the call, propagates its panic, or fails")
}

/// Looks up a name.
#[patchable]
pub(crate) fn name_lookup(call: Call<'_>) -> io::Result<()> {
    let _inside = boundary::enter();
    call.make();
    Ok(())
}

/// Makes a call that operates on a file.
#[patchable]
pub(crate) fn file(call: Call<'_>) -> io::Result<()> {
    let _inside = boundary::enter();
    call.make();
    Ok(())
}

/// Makes a call that opens the file at a path. Opening a named pipe blocks until its other end is opened.
#[patchable]
pub(crate) fn open(path: &Path, call: Call<'_>) -> io::Result<()> {
    let _ = path;
    call.make();
    Ok(())
}

/// Waits for a child process where the kernel has no descriptor for that.
#[patchable]
pub(crate) fn child(call: Call<'_>) -> io::Result<()> {
    let _inside = boundary::enter();
    call.make();
    Ok(())
}

/// Connects a socket for which the OS reports no event when that is done.
#[patchable]
pub(crate) fn socket(call: Call<'_>) -> io::Result<()> {
    let _inside = boundary::enter();
    call.make();
    Ok(())
}

/// Acquires the lock of a file, shared or exclusive.
#[patchable]
pub(crate) fn file_lock(file: BorrowedFd<'_>, shared: bool, call: Call<'_>) -> io::Result<()> {
    let _ = (file, shared);
    let _inside = boundary::enter();
    call.make();
    Ok(())
}
