//! What keeps a native thread from looking for green threads before there are any.
//!
//! A thread that wakes by a futex changes a word, and then looks whether green threads wait for it. As long as the process has
//! no hub it only reads that there is none ([`boundary::are_there_hubs`]), without a fence. The thread that makes the first hub
//! pays for that: it has the kernel put a fence into all threads of the process at once.
//!
//! ```text
//!   first hub                                waker
//!   says that there are hubs                 changes the word
//!   has a fence put into all threads         are there hubs? if not, then no green thread waits here
//!   a green thread reads the word            fence, and the protocol of `sleepers`
//! ```
//!
//! A waker that reads that there is no hub does so before the fence that the kernel puts into it. So its change is visible to
//! green threads. If the kernel has no such call, the process says from its start that there are hubs.
#![allow(unsafe_code)]

use ::std::io;
use ::std::sync::atomic::{AtomicBool, Ordering};

use super::system_call::system_call;
use crate::boundary;

/// Whether all that must be done before hubs can run is done.
static IS_DONE: AtomicBool = AtomicBool::new(false);

/// Asks, at the start of the process, for the call that the first hub makes.
// SAFETY: the loader calls what is in this section, before `main`, and this first; the functions take up to three arguments,
// which this one leaves alone.
#[used]
#[unsafe(link_section = ".init_array.00100")]
static PREPARE: extern "C" fn() = {
    extern "C" fn prepare() {
        if ask(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED).is_err() {
            boundary::expect_hubs();
            IS_DONE.store(true, Ordering::Release);
        }
    }
    prepare
};

/// Says that there are hubs. Called before a hub is made.
///
/// # Errors
///
/// When the OS refuses the fence, as it does if the process has restricted its system calls since it was started.
pub(crate) fn announce() -> io::Result<()> {
    // Acquire: the partner of the releases. A thread that sees it also sees that there are hubs.
    if IS_DONE.load(Ordering::Acquire) {
        return Ok(());
    }
    // Does nothing, unless this is called by a constructor that comes first.
    ask(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED)?;
    boundary::expect_hubs();
    // Two threads that come here at once both do so.
    ask(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED)?;
    IS_DONE.store(true, Ordering::Release);
    Ok(())
}

fn ask(command: libc::c_int) -> io::Result<()> {
    let arguments = [command as usize, 0, 0, 0, 0, 0];
    // SAFETY: the commands have no preconditions.
    match unsafe { system_call(libc::SYS_membarrier, arguments) } {
        0.. => Ok(()),
        error => Err(io::Error::from_raw_os_error(-error as i32)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hubs_are_announced_once_and_again() {
        announce().unwrap();
        assert!(boundary::are_there_hubs());
        assert!(IS_DONE.load(Ordering::Relaxed));
        announce().unwrap();
    }
}
