//! Slabs: large mappings that are cut into stacks of one size, and the stacks that are not in use.
//!
//! Sizes are powers of two; one [`Class`] holds all stacks of one size. Each stack also has a guard page, so adjacent
//! stacks are an odd number of pages apart. At a power of two their addresses, and those of their page table entries,
//! would differ only in high bits and compete for a few sets of the processor's caches. Address space is reserved
//! when a green thread is spawned ([`reserve`]), so that a lack of it is an error of the spawn. A stack is taken when
//! the green thread first runs ([`take`]).
//!
//! Invariants:
//! 1. A piece is in exactly one place: still uncut in `fresh`, in `used`, or owned by a caller of [`take`]. Slabs are
//!    never unmapped while a piece is in use, so a piece's memory stays valid.
//! 2. A piece that [`take`] returns has its lowest page guarded.
#![allow(unsafe_code)]

use std::io;
use std::ops::Range;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::pages;

/// The smallest stack. It suffices for a panic message without a backtrace.
const SMALLEST_LOG2: usize = 14;
/// The largest stack, 64 GiB.
const LARGEST_LOG2: usize = 36;
/// The address space of a slab in bytes, unless a single stack needs more.
const SLAB_BYTES: usize = 128 << 20;

static CLASSES: [Class; LARGEST_LOG2 - SMALLEST_LOG2 + 1] =
    [const { Class::new() }; LARGEST_LOG2 - SMALLEST_LOG2 + 1];

/// All stacks of one size.
struct Class {
    /// The number of stacks reserved for green threads that were spawned and have not ended.
    reserved: AtomicUsize,
    /// The number of stacks in the slabs of this class. It only grows, under the lock of `idle`.
    capacity: AtomicUsize,
    /// The stacks that no hub holds.
    idle: Mutex<Idle>,
}

struct Idle {
    /// Stacks that have run before; their memory was given back, their guards are in place.
    used: Vec<Piece>,
    /// Slabs that are not completely cut into stacks yet: the start of the rest, and the number of stacks left.
    fresh: Vec<(Address, usize)>,
    /// The number of stacks ever cut. It wraps around.
    cut: u32,
}

/// The size of a stack: a power of two plus the guard page. Represented by its class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    class: u8,
}

impl Size {
    /// The smallest size.
    pub(crate) const SMALLEST: Size = Size { class: 0 };

    /// Returns the smallest size that holds `bytes` bytes.
    ///
    /// # Errors
    ///
    /// If no stack is that large. The error is the one that starting an OS thread returns in this case.
    #[inline]
    pub(crate) fn holding(bytes: usize) -> io::Result<Self> {
        let least = bytes.max(1 << SMALLEST_LOG2).max(4 * pages::page_size());
        match least.checked_next_power_of_two() {
            Some(bytes) if bytes <= 1 << LARGEST_LOG2 => Ok(Size {
                class: (bytes.trailing_zeros() as usize - SMALLEST_LOG2) as u8,
            }),
            _ => Err(too_large(bytes)),
        }
    }

    /// Returns the number of bytes of a stack of this size, including its guard page.
    #[inline]
    pub(super) fn bytes(self) -> usize {
        (1 << (SMALLEST_LOG2 + usize::from(self.class))) + pages::page_size()
    }

    /// Returns the number of stacks of this size in a slab.
    pub(super) fn in_a_slab(self) -> usize {
        (SLAB_BYTES / self.bytes()).max(1)
    }

    fn class(self) -> &'static Class {
        &CLASSES[usize::from(self.class)]
    }
}

#[cold]
fn too_large(bytes: usize) -> io::Error {
    let has_no_guard = bytes.checked_add(pages::page_size()).is_none();
    io::Error::from_raw_os_error(if has_no_guard {
        libc::EINVAL
    } else {
        libc::EAGAIN
    })
}

/// The memory of one stack.
#[derive(Debug)]
pub(super) struct Piece {
    /// The lowest address, the start of the guard page.
    pub(super) limit: Address,
    /// A sequential number within the class.
    pub(super) number: u32,
}

/// The start of a piece or a slab.
#[derive(Clone, Copy, Debug)]
pub(super) struct Address(pub(super) NonNull<u8>);

// SAFETY: an address alone gives no access. By invariant 1 the memory at it has one owner, and no memory here belongs
// to a particular OS thread.
unsafe impl Send for Address {}

/// Reserves the address space of `count` stacks.
///
/// # Errors
///
/// If the process has no address space left.
pub(super) fn reserve(size: Size, count: usize) -> io::Result<()> {
    let class = size.class();
    let reserved = class.reserved.fetch_add(count, Ordering::Relaxed) + count;
    if reserved <= class.capacity.load(Ordering::Relaxed) {
        return Ok(());
    }
    let grown = class.grow(reserved, size).map_err(as_of_a_thread);
    if grown.is_err() {
        unreserve(size, count);
    }
    grown
}

/// Converts a lack of address space or of mappings to the error that starting an OS thread returns for it.
pub(crate) fn as_of_a_thread(error: io::Error) -> io::Error {
    if error.raw_os_error() == Some(libc::ENOMEM) {
        io::Error::from_raw_os_error(libc::EAGAIN)
    } else {
        error
    }
}

/// Ends the reservation of `count` stacks.
pub(super) fn unreserve(size: Size, count: usize) {
    size.class().reserved.fetch_sub(count, Ordering::Relaxed);
}

/// Takes a guarded stack.
pub(super) fn take(size: Size) -> io::Result<Piece> {
    let class = size.class();
    let mut idle = class.idle();
    if let Some(piece) = idle.used.pop() {
        return Ok(piece);
    }
    if idle.fresh.is_empty() {
        // The stacks that the reservations count on are in the caches of other hubs.
        class.add_slab(&mut idle, size)?;
    }
    let (start, left) = idle.fresh.last_mut().expect("a slab was just added");
    let limit = *start;
    if pages::guards_are_cheap() {
        // SAFETY: `limit` is the lowest page of a piece that was not taken yet (invariant 1).
        unsafe { pages::guard(limit.0)? };
    }
    *left -= 1;
    if *left == 0 {
        idle.fresh.pop();
    } else {
        // SAFETY: another piece follows in the same slab, since `left` was more than one.
        *start = Address(unsafe { limit.0.add(size.bytes()) });
    }
    let number = idle.cut;
    idle.cut = idle.cut.wrapping_add(1);
    Ok(Piece { limit, number })
}

/// Puts back a stack after its memory was given back to the OS.
pub(super) fn put(size: Size, piece: Piece) {
    size.class().idle().used.push(piece);
}

/// An entry in the list of slabs that the signal handler searches. Never freed.
struct SlabEntry {
    addresses: Range<usize>,
    /// The distance between two guard pages.
    stride: usize,
    next: *const SlabEntry,
}

/// All slabs, newest first.
static SLABS: AtomicPtr<SlabEntry> = AtomicPtr::new(ptr::null_mut());

impl SlabEntry {
    fn add(addresses: Range<usize>, stride: usize) {
        let entry = Box::leak(Box::new(SlabEntry {
            addresses,
            stride,
            next: ptr::null(),
        }));
        // The release pairs with the acquire in `guarded_by`, and the acquire with the release of the previous head.
        let added = SLABS.try_update(Ordering::AcqRel, Ordering::Relaxed, |first| {
            entry.next = first;
            Some(&raw mut *entry)
        });
        debug_assert!(added.is_ok(), "the update is retried until it succeeds");
    }
}

/// Returns the size of the stack, without its guard page, if `address` is in the guard page of a stack. May be called
/// in a signal handler.
pub(super) fn guarded_by(address: usize) -> Option<usize> {
    // Acquire: the fields of the first entry and of all entries after it are visible.
    let mut next = SLABS.load(Ordering::Acquire).cast_const();
    // SAFETY: an entry in the list is never freed, and no longer changes.
    while let Some(slab) = unsafe { next.as_ref() } {
        if slab.addresses.contains(&address) {
            let page = pages::page_size();
            let is_guard = (address - slab.addresses.start) % slab.stride < page;
            return is_guard.then(|| slab.stride - page);
        }
        next = slab.next;
    }
    None
}

impl Class {
    const fn new() -> Self {
        Class {
            reserved: AtomicUsize::new(0),
            capacity: AtomicUsize::new(0),
            idle: Mutex::new(Idle {
                used: Vec::new(),
                fresh: Vec::new(),
                cut: 0,
            }),
        }
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        // Poisoning is ignored, because no panic under this lock leaves the lists inconsistent.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cold]
    fn grow(&self, reserved: usize, size: Size) -> io::Result<()> {
        let mut idle = self.idle();
        while self.capacity.load(Ordering::Relaxed) < reserved {
            self.add_slab(&mut idle, size)?;
        }
        Ok(())
    }

    /// Adds a slab of the usual size, or the largest of its half, quarter, … that the process has address space for.
    fn add_slab(&self, idle: &mut Idle, size: Size) -> io::Result<()> {
        let mut stacks = size.in_a_slab();
        loop {
            match self.add_slab_of(stacks, idle, size) {
                Err(_) if stacks > 1 => stacks /= 2,
                added => return added,
            }
        }
    }

    fn add_slab_of(&self, stacks: usize, idle: &mut Idle, size: Size) -> io::Result<()> {
        let len = stacks * size.bytes();
        let slab = pages::map(len)?;
        if !pages::guards_are_cheap() {
            // On this system a guard can fail, and it must fail at the spawn, not when the thread first runs.
            for index in 0..stacks {
                // SAFETY: the slab holds `stacks` pieces of this size.
                let limit = unsafe { slab.add(index * size.bytes()) };
                // SAFETY: `limit` is the lowest page of a piece that was not taken yet.
                if let Err(error) = unsafe { pages::guard(limit) } {
                    // The guards already made take the mappings that the process now lacks.
                    // SAFETY: no piece of the slab was taken.
                    unsafe { pages::unmap(slab, len) };
                    return Err(error);
                }
            }
        }
        let start = slab.addr().get();
        SlabEntry::add(start..start + len, size.bytes());
        idle.fresh.push((Address(slab), stacks));
        self.capacity.fetch_add(stacks, Ordering::Relaxed);
        Ok(())
    }
}
