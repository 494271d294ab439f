//! Slabs: large mappings that are cut into stacks of one size, and the stacks that are not in use.
//!
//! Sizes are powers of two; one [`Class`] holds all stacks of one size. Each has its guard page besides,
//! so that one follows the other at an odd number of pages: at a power of two their addresses, and those
//! of their page table entries, would differ in high bits only, and compete for a few places in the
//! processor's caches. Address space is set aside when a green thread is spawned ([`reserve`]), so that running out
//! of it is an error of the spawn, and a stack is taken when the green thread first runs ([`take`]).
//!
//! Invariants:
//! 1. A piece is in exactly one place: still uncut in `fresh`, in `used`, or owned by a caller of
//!    [`take`]. Slabs are never unmapped, so a piece's memory stays valid.
//! 2. What [`take`] gives away has its lowest page guarded.
#![allow(unsafe_code)]

use std::io;
use std::ops::Range;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::pages;

/// The smallest stack: room for a panic message, without a backtrace.
const SMALLEST_LOG2: usize = 14;
/// The largest stack, 64 GiB.
const LARGEST_LOG2: usize = 36;
/// How much address space a slab takes, unless a single stack needs more.
const SLAB_BYTES: usize = 128 << 20;

static CLASSES: [Class; LARGEST_LOG2 - SMALLEST_LOG2 + 1] =
    [const { Class::new() }; LARGEST_LOG2 - SMALLEST_LOG2 + 1];

/// All stacks of one size.
struct Class {
    /// How many stacks are promised to green threads that were spawned and have not ended.
    reserved: AtomicUsize,
    /// How many stacks the slabs of this class hold. It only grows, under the lock of `idle`.
    capacity: AtomicUsize,
    /// The stacks that no hub holds.
    idle: Mutex<Idle>,
}

struct Idle {
    /// Stacks that have run before; their memory was given back, their guards are in place.
    used: Vec<Piece>,
    /// Slabs that are not wholly cut into stacks yet: where the rest starts, and how many are left.
    fresh: Vec<(Address, usize)>,
    /// How many stacks were ever cut, as far as the number goes.
    cut: u32,
}

/// Size of a stack, a power of two and its guard page, known by its class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    class: u8,
}

impl Size {
    /// The smallest size.
    pub(crate) const SMALLEST: Size = Size { class: 0 };

    /// The size of the stacks that hold `bytes` bytes.
    ///
    /// # Errors
    ///
    /// When no stack is that large; the error is the one that starting an OS thread gives then.
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

    /// How many bytes a stack of this size takes, with its guard page.
    #[inline]
    pub(super) fn bytes(self) -> usize {
        (1 << (SMALLEST_LOG2 + usize::from(self.class))) + pages::page_size()
    }

    /// How many stacks of this size a slab holds.
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
    /// Lowest address: the guard page.
    pub(super) limit: Address,
    /// A running number within the class.
    pub(super) number: u32,
}

/// Where a piece or a slab starts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Address(pub(super) NonNull<u8>);

// SAFETY: an address by itself gives access to nothing; by invariant 1 the memory behind it has one
// owner, and no memory here belongs to a particular OS thread.
unsafe impl Send for Address {}

/// Sets the address space of `count` stacks aside.
///
/// # Errors
///
/// When the process has no address space left for them.
pub(super) fn reserve(size: Size, count: usize) -> io::Result<()> {
    let class = size.class();
    let promised = class.reserved.fetch_add(count, Ordering::Relaxed) + count;
    if promised <= class.capacity.load(Ordering::Relaxed) {
        return Ok(());
    }
    let grown = class.grow(promised, size).map_err(as_of_a_thread);
    if grown.is_err() {
        unreserve(size, count);
    }
    grown
}

/// The error that starting an OS thread reports for want of address space or of mappings.
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
        // The caches of other hubs hold stacks that the reservations count on.
        class.add_slab(&mut idle, size)?;
    }
    let (start, left) = idle.fresh.last_mut().expect("a slab was just added");
    let limit = *start;
    if pages::guards_are_cheap() {
        // SAFETY: `limit` is the lowest page of a piece that has not been handed out (invariant 1).
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

/// Puts a stack back whose memory was given back to the OS.
pub(super) fn put(size: Size, piece: Piece) {
    size.class().idle().used.push(piece);
}

/// A slab, as the handler of a fault finds it. Never freed.
struct Known {
    addresses: Range<usize>,
    /// From one guard page to the next.
    stride: usize,
    next: *const Known,
}

/// All slabs, the newest first.
static KNOWN: AtomicPtr<Known> = AtomicPtr::new(ptr::null_mut());

impl Known {
    fn add(addresses: Range<usize>, stride: usize) {
        let known = Box::leak(Box::new(Known {
            addresses,
            stride,
            next: ptr::null(),
        }));
        // Release, here and in what it returns: the partner of the acquire in `is_guard`.
        let added = KNOWN.try_update(Ordering::AcqRel, Ordering::Relaxed, |first| {
            known.next = first;
            Some(&raw mut *known)
        });
        debug_assert!(added.is_ok(), "it is tried until it is done");
    }
}

/// Whether `address` is in the guard page of a stack. May be called in a signal handler.
pub(super) fn is_guard(address: usize) -> bool {
    // Acquire: what was written to a slab's entry before it was added is seen, and those behind it likewise.
    let mut next = KNOWN.load(Ordering::Acquire).cast_const();
    // SAFETY: an entry that was added is never freed, and does not change any more.
    while let Some(known) = unsafe { next.as_ref() } {
        if known.addresses.contains(&address) {
            return (address - known.addresses.start) % known.stride < pages::page_size();
        }
        next = known.next;
    }
    false
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
        // Nothing that runs under this lock leaves the lists half changed when it panics.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cold]
    fn grow(&self, promised: usize, size: Size) -> io::Result<()> {
        let mut idle = self.idle();
        while self.capacity.load(Ordering::Relaxed) < promised {
            self.add_slab(&mut idle, size)?;
        }
        Ok(())
    }

    /// Adds a slab: the usual one, or the largest of its halves, quarters, … that the process has room for.
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
            // Here a guard can fail, and it must fail at the spawn, not when the thread first runs.
            for index in 0..stacks {
                // SAFETY: the slab holds `stacks` pieces of this size.
                let limit = unsafe { slab.add(index * size.bytes()) };
                // SAFETY: `limit` is the lowest page of a piece that has not been handed out.
                if let Err(error) = unsafe { pages::guard(limit) } {
                    // The guards that were made have taken the mappings that the process lacks now.
                    // SAFETY: no piece of it has been handed out.
                    unsafe { pages::unmap(slab, len) };
                    return Err(error);
                }
            }
        }
        let start = slab.addr().get();
        Known::add(start..start + len, size.bytes());
        idle.fresh.push((Address(slab), stacks));
        self.capacity.fetch_add(stacks, Ordering::Relaxed);
        Ok(())
    }
}
