//! The storage of a hub's tasks: slots of one size in chunks that stay mapped forever.
//!
//! ```text
//!   chunk, aligned to its size
//!   ┌────────┬──────┬──────┬─────┬──────┐
//!   │ header │ task │ task │  …  │ task │   the header, found from a task's address, names the hub
//!   └────────┴──────┴──────┴─────┴──────┘
//! ```
//!
//! So the state behind a stale address can be read, and a waker is an address and not a counted reference. When a chunk
//! has no task, all its pages except the first are given back to the OS. They then read as zeros, and zeros are `Free`.
//!
//! Invariants:
//! 1. A slot is used by one task, or is `Free`: linked in its chunk's list, or beyond `fresh`.
//! 2. The hub in the header is written before any address of the chunk is given away, and never changes. All other
//!    fields are accessed on the hub's OS thread alone.
//! 3. `with_room` and the `below` links form a list of the chunks that have a free slot, each once. Slots are taken
//!    from the first chunk, so that chunk is the first to become full.
#![allow(unsafe_code)]

use std::alloc::{Layout, handle_alloc_error};
use std::cell::Cell;
use std::ptr::NonNull;
use std::{io, mem};

use super::remote::Remote;
use super::task::{Address, State, Task};
use crate::coroutine::pages;

/// The size of a chunk in bytes, a power of two.
const CHUNK: usize = 256 << 10;
/// The number of slots of a chunk, including those that the header occupies.
const SLOTS: u32 = (CHUNK / size_of::<Task>()) as u32;
const FIRST: u32 = size_of::<Chunk>().div_ceil(size_of::<Task>()) as u32;
/// The number of empty chunks that keep their memory.
const EMPTY_KEPT: u32 = 4;

/// The slots of one hub.
#[derive(Debug)]
pub(super) struct TaskTable {
    /// The chunk that most recently got a free slot, the head of a list linked by `below`.
    with_room: Cell<Option<NonNull<Chunk>>>,
    /// The number of empty chunks that have kept their memory.
    empty: Cell<u32>,
    /// The chunk that was added last; each links to the one before.
    newest: Cell<Option<NonNull<Chunk>>>,
}

/// The header of a chunk.
pub(super) struct Chunk {
    owner: &'static Remote,
    /// The slot that most recently became free. Free slots are linked by `user_data`.
    free: Cell<Option<NonNull<Task>>>,
    /// The number of slots that are used.
    used: Cell<u32>,
    /// The first slot that was not used since the chunk was mapped or its memory was given back.
    fresh: Cell<u32>,
    /// The chunk that got a free slot before this one.
    below: Cell<Option<NonNull<Chunk>>>,
    /// The chunk that was added before this one.
    older: Option<NonNull<Chunk>>,
}

/// The memory of one chunk that is not in use yet.
#[derive(Debug)]
pub(super) struct ChunkMemory(NonNull<u8>);

// SAFETY: this value is the only owner of the memory, which belongs to no particular OS thread.
unsafe impl Send for ChunkMemory {}

impl ChunkMemory {
    /// Maps the memory.
    ///
    /// # Errors
    ///
    /// If the process has no address space left.
    pub(super) fn map() -> io::Result<ChunkMemory> {
        pages::map_aligned(CHUNK).map(ChunkMemory)
    }
}

impl Drop for ChunkMemory {
    fn drop(&mut self) {
        // SAFETY: the memory was mapped with this length, and no address inside was given away: a value that is used is
        // not dropped (`TaskTable::add`).
        unsafe { pages::unmap(self.0, CHUNK) };
    }
}

impl TaskTable {
    pub(super) const fn new() -> Self {
        TaskTable {
            with_room: Cell::new(None),
            empty: Cell::new(0),
            newest: Cell::new(None),
        }
    }

    /// Stores the task that `make` returns in a slot. Called on the hub's OS thread, or before any other thread has access to
    /// the hub. `make` does not panic.
    // It is called last, so that the task is made in its slot and not copied there.
    #[inline]
    pub(super) fn insert(
        &self,
        owner: &'static Remote,
        make: impl FnOnce() -> Task,
    ) -> NonNull<Task> {
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
        let slot = match header.free.get() {
            Some(slot) => {
                // SAFETY: by invariant 1 the slot is free, and it was initialized when it became free.
                header
                    .free
                    .set(unsafe { slot.as_ref() }.user_data.get().map(NonNull::cast));
                slot
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
        unsafe { slot.write(make()) };
        slot
    }

    /// Removes a task from its slot.
    ///
    /// # Safety
    ///
    /// Called on the hub's OS thread. `slot` must contain a task of this hub, and its body and stack must have been taken
    /// out. From now on the address may be used only as one that may be stale.
    #[inline]
    pub(super) unsafe fn remove(&self, slot: NonNull<Task>) {
        // SAFETY: slots lie in chunks.
        let chunk = unsafe { chunk_of(slot) };
        // SAFETY: chunks stay mapped.
        let header = unsafe { chunk.as_ref() };
        // SAFETY: the caller guarantees that the task is still alive.
        let task = unsafe { slot.as_ref() };
        task.state.set(State::Free);
        task.user_data
            .set(header.free.replace(Some(slot)).map(NonNull::cast));
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
        // SAFETY: the second page is inside the chunk.
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

    /// Adds a chunk in `memory`, which stays mapped from now on.
    pub(super) fn add(&self, owner: &'static Remote, memory: ChunkMemory) -> NonNull<Chunk> {
        let chunk: NonNull<Chunk> = memory.0.cast();
        mem::forget(memory);
        // SAFETY: the chunk was just mapped, and the header is at its start.
        unsafe {
            chunk.write(Chunk {
                owner,
                free: Cell::new(None),
                used: Cell::new(0),
                fresh: Cell::new(FIRST),
                below: Cell::new(self.with_room.get()),
                older: self.newest.get(),
            });
        }
        self.with_room.set(Some(chunk));
        self.newest.set(Some(chunk));
        chunk
    }

    /// Calls `f` with each task, on the hub's OS thread. `f` neither adds nor removes a task.
    pub(super) fn for_each(&self, mut f: impl FnMut(NonNull<Task>)) {
        let mut next = self.newest.get();
        while let Some(chunk) = next {
            // SAFETY: chunks stay mapped.
            let header = unsafe { chunk.as_ref() };
            for index in FIRST..header.fresh.get() {
                // SAFETY: below `fresh` lie slots of the chunk.
                let place = unsafe { chunk.cast::<Task>().add(index as usize) };
                // By invariant 1 the others hold a task.
                if Address(place).state().get() != State::Free {
                    f(place);
                }
            }
            next = header.older;
        }
    }
}

/// Returns the hub that a task belongs to. May be called on any OS thread.
///
/// # Safety
///
/// `slot` must be the address of a slot, which may be free.
#[inline]
pub(super) unsafe fn owner_of(slot: NonNull<Task>) -> &'static Remote {
    // SAFETY: guaranteed by the caller.
    let chunk = unsafe { chunk_of(slot) };
    // SAFETY: by invariant 2; only this field is read.
    unsafe { (*chunk.as_ptr()).owner }
}

/// Returns the chunk that a slot lies in.
///
/// # Safety
///
/// `slot` must be the address of a slot, as returned by `insert`.
#[inline]
unsafe fn chunk_of(slot: NonNull<Task>) -> NonNull<Chunk> {
    let header = slot.as_ptr().map_addr(|address| address & !(CHUNK - 1));
    // SAFETY: a chunk is aligned to its size, and not at address zero.
    unsafe { NonNull::new_unchecked(header.cast()) }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::coroutine::{Reservation, Size};
    use crate::hub::body::Body;
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
            // More tasks than fit into the chunks that keep their memory.
            let count = (EMPTY_KEPT as usize + 3) * SLOTS as usize;
            let slots: Vec<_> = (0..count).map(|_| table.insert(owner, task)).collect();
            assert_eq!(slots.iter().collect::<HashSet<_>>().len(), count);
            for slot in &slots {
                // SAFETY: this is the address of a slot.
                assert!(std::ptr::eq(unsafe { owner_of(*slot) }, owner));
                assert_eq!(Address(*slot).state().get(), State::New);
            }
            seen.extend(slots.iter().copied());
            assert!(seen.len() < count + SLOTS as usize, "round {round}");
            for (index, slot) in slots.iter().enumerate() {
                if index % 3 != 1 {
                    // SAFETY: the task is alive, and no longer used.
                    unsafe { table.remove(*slot) };
                }
            }
            for slot in slots.iter().skip(1).step_by(3) {
                // SAFETY: the task is alive, and no longer used.
                unsafe { table.remove(*slot) };
            }
            assert!(
                slots
                    .iter()
                    .all(|slot| Address(*slot).state().get() == State::Free)
            );
            assert!(table.empty.get() <= EMPTY_KEPT);
        }
    }
}
