//! Calls that block the OS thread and have no other form: looking up a name, reading a file.
//!
//! In its native form the call is simply made. Once patched it is made on a helper thread while the
//! green thread that wants it waits. What is called is therefore std and the OS alone, never a user's
//! code: that has thread-local values, and the right to find them.
//!
//! A facade calls [`run`] with the patch point of its feature:
//!
//! ```ignore
//! let file = offload::run(offload::file, || std::fs::File::open(path))?;
//! ```

use std::io;
use std::os::fd::BorrowedFd;

use crate::patchable;

/// A call that is to be made, once, on this or another OS thread. It may borrow from its caller, who
/// does not go on before it has been made.
pub(crate) struct Call<'a>(&'a mut (dyn FnMut() + Send + 'a));

impl<'a> Call<'a> {
    /// A call of `f`, which ignores all but the first.
    pub(crate) fn new(f: &'a mut (dyn FnMut() + Send + 'a)) -> Call<'a> {
        Call(f)
    }

    /// Makes the call.
    pub(crate) fn make(self) {
        (self.0)();
    }
}

/// Calls `f` through `seam`, the patch point of one feature, and passes on what it returns, or its
/// panic.
///
/// # Errors
///
/// What `f` returns; and if the OS has no thread that could make the call.
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
    result.expect("a seam makes the call, passes on its panic, or fails")
}

/// Looks up a name.
#[patchable]
pub(crate) fn name_lookup(call: Call<'_>) -> io::Result<()> {
    call.make();
    Ok(())
}

/// Does something with a file.
#[patchable]
pub(crate) fn file(call: Call<'_>) -> io::Result<()> {
    call.make();
    Ok(())
}

/// Waits for a child process, where the kernel cannot tell of its end in another way.
#[patchable]
pub(crate) fn child(call: Call<'_>) -> io::Result<()> {
    call.make();
    Ok(())
}

/// Connects a socket whose connecting no event tells of.
#[patchable]
pub(crate) fn socket(call: Call<'_>) -> io::Result<()> {
    call.make();
    Ok(())
}

/// Waits for the lock of a file, to share it or not.
#[patchable]
pub(crate) fn file_lock(file: BorrowedFd<'_>, shared: bool, call: Call<'_>) -> io::Result<()> {
    let _ = (file, shared);
    call.make();
    Ok(())
}
