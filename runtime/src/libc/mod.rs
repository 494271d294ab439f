//! Functions of libc that wait, defined in place of libc's own: for code that calls them and not std.
//!
//! Layer: libc, above `seam`.
//! Called by: everything else in the process, under the names of C; `green`, which links them in.
//! Calls: `seam`, `wait`, `descriptor`, `boundary`; the next definition of each function, mostly libc's.
//! Never: names a hub.
//!
//! A function that a program defines comes before that of a shared library. So what is here is called by all Rust code
//! in the process, std's own included, and by the C libraries that it is linked with. It is compiled if the
//! crate's feature `libc` is on and the target is Linux with glibc, on x86-64 or aarch64.
//!
//! ```text
//!   futex, pthread_mutex_lock, …  (names of C)
//!        │ gate::is_open?    no: this OS thread has no hub, or runs greenpatch's own code
//!        ├──────────────────────────────────────────────▶ real: the next definition
//!        ▼ yes
//!   seam::libc  (patch points) ── not patched, native(…), a hook, a signal handler, after a fork: ──▶ real
//!        ▼
//!   green::libc ── the green thread waits in wait::sleepers, and others run
//! ```
//!
//! A function whose green path waits for what another thread does under a name of C has two parts: one that waits, and one
//! that wakes. The second one is never dispatched. It calls the next definition, which serves the threads that the kernel
//! blocks, and then `wait::sleepers`, which serves the green ones.
//!
//! What is here follows three rules:
//!
//! - It allocates nothing and holds no lock of std, since an allocator or a lock may be what calls it.
//! - It panics nowhere, and declares no function that it calls as one that unwinds: like std, greenpatch is linked into programs
//!   in which panics abort. The functions that the OS cancels threads in are `extern "C-unwind"`, and hold nothing that is to be
//!   dropped while they call the next definition.
//! - `errno` is what the C function says it is.
#![deny(ffi_unwind_calls)]

mod condition;
mod connections;
mod deadline;
mod descriptor_state;
mod elsewhere;
mod ends;
mod errno;
mod events;
mod exports;
mod futex;
mod gate;
mod kernel_mask;
mod locks;
mod messages;
mod mutex;
mod names;
mod numbers;
mod owners;
mod polling;
mod processes;
mod real;
mod rwlock;
mod semaphore;
mod signal_mask;
mod sleeping;
mod streams;
mod transfer;
mod vectors;
mod wait_for;
mod waits;
mod yielding;

use std::hint;

/// Makes sure that the functions are part of the program, although nothing in it names them.
pub(crate) fn link() {
    for exports in [
        condition::EXPORTS,
        connections::EXPORTS,
        ends::EXPORTS,
        events::EXPORTS,
        futex::EXPORTS,
        locks::EXPORTS,
        messages::EXPORTS,
        mutex::EXPORTS,
        names::EXPORTS,
        polling::EXPORTS,
        processes::EXPORTS,
        rwlock::EXPORTS,
        semaphore::EXPORTS,
        sleeping::EXPORTS,
        streams::EXPORTS,
        yielding::EXPORTS,
    ] {
        hint::black_box(exports);
    }
}

#[cfg(test)]
mod tests;
