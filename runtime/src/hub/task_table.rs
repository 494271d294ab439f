//! The storage of a hub's tasks: slots of one size in chunks that stay mapped forever.
//!
//! ```text
//!   chunk, aligned to its size
//!   ┌────────┬──────┬──────┬─────┬──────┐
//!   │ header │ task │ task │  …  │ task │   the header, found from a task's address, tells the hub
//!   └────────┴──────┴──────┴─────┴──────┘
//! ```
//!
//! So a stale address of a task can be used to look whether a task is there, and a waker is an address
//! and not a counted reference. When a chunk has no task in it, its pages are given back to the OS, but for
//! the first one; they read as zeros then, and zeros are `Free`.
//!
//! Invariants:
//! 1. A slot is used by one task, or is `Free`: linked in its chunk's list, or beyond `fresh`.
//! 2. The hub in the header is written before any address of the chunk is given away, and never changes. All
//!    else is touched on the hub's OS thread alone.
//! 3. `with_room`, and from there `below`, lead to the chunks that have a free slot, to each once. The first of
//!    them is the one that is used, so it is the first that becomes full.
#![allow(unsafe_code)]

use std::alloc::{Layout, handle_alloc_error};
use std::cell::Cell;
use std::ptr::NonNull;
use std::{io, mem};

use super::remote::Remote;
use super::task::{State, Task};
use crate::coroutine::pages;

/// Bytes of a chunk, a power of two.
const CHUNK: usize = 256 << 10;
/// The number of slots of a chunk, including those that the header occupies.
const SLOTS: u32 = (CHUNK / size_of::<Task>()) as u32;
const FIRST: u32 = size_of::<Chunk>().div_ceil(size_of::<Task>()) as u32;
/// The number of empty chunks that keep their memory.
const EMPTY_KEPT: u32 = 4;

/// The slots of one hub.
#[derive(Debug)]
pub(super) struct TaskTable {
    /// The chunk that got room last; each says which did before.
    with_room: Cell<Option<NonNull<Chunk>>>,
    /// Empty chunks that have their memory.
    empty: Cell<u32>,
}

/// The header of a chunk.
pub(super) struct Chunk {
    owner: &'static Remote,
    /// The slot that became free last; each free one links to the one before, in `user_data`.
    free: Cell<Option<NonNull<Task>>>,
    /// The number of slots that are used.
    used: Cell<u32>,
    /// The first slot that was never used, or not since the memory was given back.
    fresh: Cell<u32>,
    /// The chunk that got room before this one.
    below: Cell<Option<NonNull<Chunk>>>,
}

/// Memory for one chunk, not used yet.
#[derive(Debug)]
pub(super) struct ChunkMemory(NonNull<u8>);

// SAFETY: the memory is this value's alone, and belongs to no particular OS thread.
unsafe impl Send for ChunkMemory {}

impl ChunkMemory {
    /// Maps it.
    ///
    /// # Errors
    ///
    /// When the process has no address space left for it.
    pub(super) fn map() -> io::Result<ChunkMemory> {
        pages::map_aligned(CHUNK).map(ChunkMemory)
    }
}

impl Drop for ChunkMemory {
    fn drop(&mut self) {
        // SAFETY: it was mapped with this length, and nothing was given an address inside: what is used is
        // forgotten (`TaskTable::add`).
        unsafe { pages::unmap(self.0, CHUNK) };
    }
}

impl TaskTable {
    pub(super) const fn new() -> Self {
        TaskTable {
            with_room: Cell::new(None),
            empty: Cell::new(0),
        }
    }

    /// Stores a task in a slot. On the hub's OS thread, or before any other thread knows of the hub.
    #[inline]
    pub(super) fn insert(&self, owner: &'static Remote, task: Task) -> NonNull<Task> {
        let chunk = match self.with_room.get() {
            Some(chunk) => chunk,
            None => self.grow(owner),
        };
        // SAFETY: chunks stay mapped.
        let header = unsafe { chunk.as_ref() };
        let used = header.used.get();
        if used == 0 && header.fresh.get() > FIRST {
            self.empty.update(|empty| empty - 1);
        }
        header.used.set(used + 1);
        let place = match header.free.get() {
            Some(place) => {
                // SAFETY: by invariant 1 it is free, and was written when it became so.
                header
                    .free
                    .set(unsafe { place.as_ref() }.user_data.get().map(NonNull::cast));
                place
            }
            None => {
                let index = header.fresh.replace(header.fresh.get() + 1);
                debug_assert!(index < SLOTS, "a chunk with room has a free slot");
                // SAFETY: by invariant 3 the chunk has room, so the index is one of its slots.
                unsafe { chunk.cast::<Task>().add(index as usize) }
            }
        };
        if used + 1 == SLOTS - FIRST {
            self.with_room.set(header.below.take());
        }
        // SAFETY: by invariant 1 the slot is free.
        unsafe { place.write(task) };
        place
    }

    /// Removes a task from its slot.
    ///
    /// # Safety
    ///
    /// It is a task of this hub whose body and stack have been taken out, and from now on it is only used as an
    /// address that may be stale. On the hub's OS thread.
    #[inline]
    pub(super) unsafe fn remove(&self, place: NonNull<Task>) {
        // SAFETY: slots lie in chunks.
        let chunk = unsafe { chunk_of(place) };
        // SAFETY: chunks stay mapped.
        let header = unsafe { chunk.as_ref() };
        // SAFETY: by the caller's promise it is alive still.
        let task = unsafe { place.as_ref() };
        task.state.set(State::Free);
        task.user_data
            .set(header.free.replace(Some(place)).map(NonNull::cast));
        let used = header.used.get() - 1;
        header.used.set(used);
        if used + 1 == SLOTS - FIRST {
            header.below.set(self.with_room.replace(Some(chunk)));
        }
        if used == 0 {
            self.emptied(chunk);
        }
    }

    #[cold]
    fn emptied(&self, chunk: NonNull<Chunk>) {
        if self.empty.get() < EMPTY_KEPT {
            self.empty.update(|empty| empty + 1);
            return;
        }
        // SAFETY: chunks stay mapped.
        let header = unsafe { chunk.as_ref() };
        header.free.set(None);
        header.fresh.set(FIRST);
        let first = pages::page_size();
        // SAFETY: it is inside the chunk.
        let rest = unsafe { chunk.cast::<u8>().add(first) };
        // SAFETY: the range is all but the first page of a mapped chunk. Of a free slot only the state is
        // read, which is `Free` in the first page and in pages of zeros.
        unsafe { pages::forget(rest, CHUNK - first) };
    }

    #[cold]
    fn grow(&self, owner: &'static Remote) -> NonNull<Chunk> {
        match ChunkMemory::map() {
            Ok(memory) => self.add(owner, memory),
            Err(_) => handle_alloc_error(Layout::new::<[u8; CHUNK]>()),
        }
    }

    /// Makes a chunk of the room, which stays mapped from now on.
    pub(super) fn add(&self, owner: &'static Remote, memory: ChunkMemory) -> NonNull<Chunk> {
        let chunk: NonNull<Chunk> = memory.0.cast();
        mem::forget(memory);
        // SAFETY: the chunk was just mapped, for its header first.
        unsafe {
            chunk.write(Chunk {
                owner,
                free: Cell::new(None),
                used: Cell::new(0),
                fresh: Cell::new(FIRST),
                below: Cell::new(self.with_room.get()),
            });
        }
        self.with_room.set(Some(chunk));
        chunk
    }
}

/// The hub that a task belongs to, on any OS thread.
///
/// # Safety
///
/// `place` is the address of a slot, which may be free.
#[inline]
pub(super) unsafe fn owner_of(place: NonNull<Task>) -> &'static Remote {
    // SAFETY: by the caller's promise.
    let chunk = unsafe { chunk_of(place) };
    // SAFETY: by invariant 2; only this field is read.
    unsafe { (*chunk.as_ptr()).owner }
}

/// # Safety
///
/// `place` is the address of a slot, as `insert` returned it.
#[inline]
unsafe fn chunk_of(place: NonNull<Task>) -> NonNull<Chunk> {
    let header = place.as_ptr().map_addr(|address| address & !(CHUNK - 1));
    // SAFETY: a chunk is aligned to its size, and not at address zero.
    unsafe { NonNull::new_unchecked(header.cast()) }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::coroutine::{Reservation, Size};
    use crate::hub::body::Body;
    use crate::hub::task::Address;
    use crate::reactor::Poller;

    fn task() -> Task {
        let size = Size::holding(64 << 10).unwrap();
        Task::new(Reservation::from_size(size), Body::new(|| ()))
    }

    #[test]
    fn slots_are_used_again_and_stale_addresses_read_as_free() {
        let owner: &'static Remote = Box::leak(Box::new(Remote::new(Poller::new().unwrap().1)));
        let table = TaskTable::new();
        let mut seen = HashSet::new();
        for round in 0..3 {
            // Enough for more chunks than keep their memory.
            let count = (EMPTY_KEPT as usize + 3) * SLOTS as usize;
            let places: Vec<_> = (0..count).map(|_| table.insert(owner, task())).collect();
            assert_eq!(places.iter().collect::<HashSet<_>>().len(), count);
            for place in &places {
                // SAFETY: it is the address of a slot.
                assert!(std::ptr::eq(unsafe { owner_of(*place) }, owner));
                assert_eq!(Address(*place).state().get(), State::New);
            }
            seen.extend(places.iter().copied());
            assert!(seen.len() < count + SLOTS as usize, "round {round}");
            for (index, place) in places.iter().enumerate() {
                if index % 3 != 1 {
                    // SAFETY: it is alive, and used no more.
                    unsafe { table.remove(*place) };
                }
            }
            for place in places.iter().skip(1).step_by(3) {
                // SAFETY: it is alive, and used no more.
                unsafe { table.remove(*place) };
            }
            assert!(
                places
                    .iter()
                    .all(|place| Address(*place).state().get() == State::Free)
            );
            assert!(table.empty.get() <= EMPTY_KEPT);
        }
    }
}
