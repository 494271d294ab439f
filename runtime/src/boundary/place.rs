//! Where a thread-local of greenpatch is, as a distance from the thread pointer.
//!
//! A library finds its thread-locals by a call, which costs more than all else that a native thread does before it calls libc's
//! own function. In an executable their distance from the thread pointer is the same for all threads, so it is found once.
//!
//! Invariant:
//! 1. A distance that [`of`] has returned is that of a thread-local of the executable. The ABI places these in the block that
//!    each thread has from its start to its end.
#![allow(unsafe_code)]

use std::arch::asm;
use std::ffi::{c_int, c_void};

/// Returns the distance of a thread-local of the calling thread, and of each other one, from the thread pointer. None if the
/// thread-local is not the executable's: it then may be anywhere.
pub(super) fn of(local: *const u8) -> Option<isize> {
    let mut object = Object {
        address: (of as fn(*const u8) -> Option<isize>) as usize,
        is_executable: false,
    };
    // SAFETY: `inspect` has the type that is asked for, and its argument is what it gets.
    unsafe { libc::dl_iterate_phdr(Some(inspect), (&raw mut object).cast()) };
    object
        .is_executable
        .then(|| local.addr().wrapping_sub(thread_pointer()) as isize)
}

/// Reads the thread-local of the calling thread at a distance.
///
/// # Safety
///
/// [`of`] has returned the distance, of a thread-local that is one byte and initialized.
#[inline(always)]
pub(super) unsafe fn read(distance: isize) -> u8 {
    let value: u32;
    #[cfg(target_arch = "x86_64")]
    // SAFETY: by the caller's contract and invariant 1 the byte exists.
    unsafe {
        asm!(
            "movzx {value:e}, byte ptr fs:[{distance}]",
            distance = in(reg) distance,
            value = lateout(reg) value,
            options(nostack, preserves_flags, readonly),
        );
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: as above.
    unsafe {
        asm!(
            "mrs {pointer}, tpidr_el0",
            "ldrb {value:w}, [{pointer}, {distance}]",
            pointer = out(reg) _,
            distance = in(reg) distance,
            value = lateout(reg) value,
            options(nostack, preserves_flags, readonly),
        );
    }
    value as u8
}

fn thread_pointer() -> usize {
    let pointer: usize;
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the ABI has the thread pointer itself there.
    unsafe {
        asm!("mov {}, qword ptr fs:[0]", out(reg) pointer, options(nostack, preserves_flags, readonly));
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: it reads a register.
    unsafe {
        asm!("mrs {}, tpidr_el0", out(reg) pointer, options(nostack, preserves_flags, nomem));
    }
    pointer
}

/// The object of which an address is to be found.
struct Object {
    address: usize,
    is_executable: bool,
}

/// Notes whether an object of the process is the executable and has the address. Returns something else than zero once the
/// address was found.
unsafe extern "C" fn inspect(info: *mut libc::dl_phdr_info, _: usize, data: *mut c_void) -> c_int {
    /// The number that the ABI gives to the executable, if it has thread-locals.
    const EXECUTABLE: usize = 1;

    // SAFETY: `of` has passed it, and the loader passes it on.
    let object = unsafe { &mut *data.cast::<Object>() };
    // SAFETY: the loader passes a description that is valid for the call.
    let info = unsafe { &*info };
    // SAFETY: so many headers belong to it.
    let headers = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum.into()) };
    let is_inside = headers.iter().any(|header| {
        let start = (info.dlpi_addr as usize).wrapping_add(header.p_vaddr as usize);
        let offset = object.address.wrapping_sub(start);
        header.p_type == libc::PT_LOAD && offset < header.p_memsz as usize
    });
    if is_inside {
        object.is_executable = info.dlpi_tls_modid == EXECUTABLE;
    }
    is_inside.into()
}
