//! The calls to the OS that map, guard and give back pages of memory, mainly for stacks.
#![allow(unsafe_code)]

use std::io;
#[cfg(any(target_os = "linux", target_os = "android"))]
use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};
use std::sync::OnceLock;

/// `MADV_GUARD_INSTALL` (Linux 6.13): every access faults, without splitting the mapping. The libc crate does not define it
/// on every target.
#[cfg(target_os = "linux")]
const MADV_GUARD_INSTALL: libc::c_int = 102;

/// Returns the size of a page in bytes.
pub(crate) fn page_size() -> usize {
    static SIZE: OnceLock<usize> = OnceLock::new();
    *SIZE.get_or_init(|| {
        // SAFETY: sysconf has no preconditions.
        let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        usize::try_from(size).expect("the OS knows its page size")
    })
}

/// Returns the bounds of the stack of this OS thread. The call for that of another OS thread takes a lock of libc's, which the child of
/// a fork would find held.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn stack_of_this_thread() -> Option<(usize, usize)> {
    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    // SAFETY: it has no preconditions.
    let this = unsafe { libc::pthread_self() };
    // SAFETY: this thread runs, and `attributes` is valid for the write.
    if unsafe { libc::pthread_getattr_np(this, attributes.as_mut_ptr()) } != 0 {
        return None;
    }
    let (mut lowest, mut size) = (ptr::null_mut(), 0);
    // SAFETY: the call before has written the attributes, and the places are valid for the writes.
    let result =
        unsafe { libc::pthread_attr_getstack(attributes.as_ptr(), &raw mut lowest, &raw mut size) };
    // SAFETY: they were written, and are used no more.
    unsafe { libc::pthread_attr_destroy(attributes.as_mut_ptr()) };
    (result == 0).then(|| (lowest.addr(), lowest.addr() + size))
}

/// This system has no such call.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn stack_of_this_thread() -> Option<(usize, usize)> {
    None
}

/// Maps `len` bytes of address space, which take no memory until they are accessed. Slabs are never unmapped; they live as
/// long as the process.
pub(super) fn map(len: usize) -> io::Result<NonNull<u8>> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const FLAGS: libc::c_int =
        libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_STACK;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const FLAGS: libc::c_int = libc::MAP_PRIVATE | libc::MAP_ANON;

    // SAFETY: a new anonymous mapping at an address of the OS's choice aliases nothing.
    let address = unsafe {
        libc::mmap(
            ptr::null_mut(),
            len,
            libc::PROT_READ | libc::PROT_WRITE,
            FLAGS,
            -1,
            0,
        )
    };
    if address == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    #[cfg(any(target_os = "linux", target_os = "android"))]
    // SAFETY: the range was just mapped. A kernel without huge pages refuses, which does no harm.
    unsafe {
        libc::madvise(address, len, libc::MADV_NOHUGEPAGE);
    }
    Ok(NonNull::new(address.cast()).expect("a mapping is never at address zero"))
}

/// Unmaps `len` bytes that [`map`] or [`map_aligned`] has mapped.
///
/// # Safety
///
/// No address inside the mapping may be used any more.
pub(crate) unsafe fn unmap(address: NonNull<u8>, len: usize) {
    // SAFETY: guaranteed by the caller. If the OS refuses, the mapping stays in place, which is safe.
    unsafe { libc::munmap(address.as_ptr().cast(), len) };
}

/// Maps `len` bytes at an address that is a multiple of `len`, a power of two, as [`map`] does.
pub(crate) fn map_aligned(len: usize) -> io::Result<NonNull<u8>> {
    let start = map(2 * len)?;
    let skipped = start.addr().get().next_multiple_of(len) - start.addr().get();
    // SAFETY: the address is inside the mapping, since less than `len` of its `2 * len` bytes are skipped.
    let aligned = unsafe { start.add(skipped) };
    // SAFETY: the mapping has at least `len` bytes from there.
    let rest = unsafe { aligned.add(len) };
    for (unused, bytes) in [(start, skipped), (rest, len - skipped)] {
        // SAFETY: this part was just mapped, and lies before or after the part that is returned.
        unsafe { libc::munmap(unused.as_ptr().cast(), bytes) };
    }
    Ok(aligned)
}

/// Returns true if a guard page takes no mapping, and so cannot fail because there are too many.
#[cfg(target_os = "linux")]
pub(super) fn guards_are_cheap() -> bool {
    static CHEAP: OnceLock<bool> = OnceLock::new();
    *CHEAP.get_or_init(|| {
        let Ok(page) = map(page_size()) else {
            return false;
        };
        // SAFETY: the page was just mapped, and there is no other pointer to it.
        let guarded =
            unsafe { libc::madvise(page.as_ptr().cast(), page_size(), MADV_GUARD_INSTALL) } == 0;
        // SAFETY: as above. The address is not used again.
        unsafe { libc::munmap(page.as_ptr().cast(), page_size()) };
        guarded
    })
}

/// Returns true if a guard page takes no mapping, and so cannot fail because there are too many.
#[cfg(not(target_os = "linux"))]
pub(super) fn guards_are_cheap() -> bool {
    false
}

/// Makes every access to the page at `address` fault.
///
/// # Safety
///
/// `address` must be the start of a page of a mapping made by [`map`], and that page must not be in use.
pub(super) unsafe fn guard(address: NonNull<u8>) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    if guards_are_cheap() {
        // SAFETY: guaranteed by the caller.
        let done =
            unsafe { libc::madvise(address.as_ptr().cast(), page_size(), MADV_GUARD_INSTALL) };
        return if done == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        };
    }
    // SAFETY: guaranteed by the caller.
    let done = unsafe { libc::mprotect(address.as_ptr().cast(), page_size(), libc::PROT_NONE) };
    if done == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Gives the memory of `len` bytes from `address` back to the OS; their contents become undefined.
///
/// # Safety
///
/// The range must lie in a mapping made by [`map`], and its contents must not be needed.
pub(crate) unsafe fn forget(address: NonNull<u8>, len: usize) {
    // SAFETY: guaranteed by the caller. If the OS refuses, the memory stays in place, which is safe.
    unsafe {
        libc::madvise(address.as_ptr().cast(), len, libc::MADV_DONTNEED);
    }
}
