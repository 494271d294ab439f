//! Where a flow is that runs on, from a copy of its stack.
//!
//! A signal interrupts the flow. The handler copies the registers and the stack, and does nothing else: it may have interrupted
//! the allocator, or the unwinder. Another OS thread then walks along the frames in the copy (`frames`).
//!
//! ```text
//!   the flow's stack                  the copy
//!   │ frames, up to where │           │ frames    │
//!   │ the stack begins    │           │           │
//!   ├─────────────────────┤ ◀── rsp   │           │
//!   │ 128 bytes that a    │           │           │
//!   │ function may use    │           ├───────────┤
//!   ├─────────────────────┤           │ registers │
//!   │ the handler         │
//! ```
#![allow(unsafe_code)]

use std::arch::asm;
use std::ffi::c_void;
use std::marker::PhantomData;
use std::ops::Range;
use std::ptr::NonNull;
use std::slice;

use super::super::pages;
use super::frames::{self, Copied, Registers};

/// The size of the memory for a copy: as much as the main thread's stack has by default.
const ROOM: usize = 8 << 20;

/// How much a function may use below its stack pointer (System V ABI, x86-64, 3.2.2).
const RED_ZONE: usize = 128;

/// The registers in the order of their DWARF numbers.
const REGISTERS: [libc::c_int; 17] = [
    libc::REG_RAX,
    libc::REG_RDX,
    libc::REG_RCX,
    libc::REG_RBX,
    libc::REG_RSI,
    libc::REG_RDI,
    libc::REG_RBP,
    libc::REG_RSP,
    libc::REG_R8,
    libc::REG_R9,
    libc::REG_R10,
    libc::REG_R11,
    libc::REG_R12,
    libc::REG_R13,
    libc::REG_R14,
    libc::REG_R15,
    libc::REG_RIP,
];

/// The words before the copied stack.
#[repr(C)]
struct Head {
    /// The addresses of the stack that was copied.
    copied: Range<usize>,
    registers: Registers,
}

/// Where a signal has interrupted a flow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interrupted<'a> {
    context: NonNull<libc::ucontext_t>,
    handler: PhantomData<&'a ()>,
}

impl Interrupted<'_> {
    /// Creates it from what a handler is given. None if that is nothing.
    ///
    /// # Safety
    ///
    /// `context` must be the third argument of a signal's handler, which runs as long as this is used, or null.
    pub(crate) unsafe fn new(context: *mut c_void) -> Option<Self> {
        let context = NonNull::new(context.cast())?;
        let handler = PhantomData;
        Some(Interrupted { context, handler })
    }

    fn register(&self, number: libc::c_int) -> usize {
        // SAFETY: by the contract of `new`.
        let registers = unsafe { &(*self.context.as_ptr()).uc_mcontext.gregs };
        registers[number as usize] as usize
    }
}

/// Returns the addresses of this OS thread's own stack, as far as it can be copied. Zeros if they are not known.
pub(crate) fn own_stack(is_main: bool) -> (usize, usize) {
    if !is_main {
        return pages::stack_of_this_thread().unwrap_or_default();
    }
    // The name of the program lies above all frames. What else tells the bounds reads the list of mappings, which takes as long as
    // making the hub.
    // SAFETY: it has no preconditions.
    let top = unsafe { libc::getauxval(libc::AT_EXECFN) } as usize;
    let top = top / size_of::<usize>() * size_of::<usize>();
    (top.saturating_sub(ROOM), top)
}

/// Why a stack was not copied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NotCopied {
    /// The flow runs on another stack, such as one for signals, or switches.
    OnAnotherStack,
    /// It is too large.
    TooLarge,
}

/// Memory for a copy.
#[derive(Debug)]
pub(crate) struct Room(NonNull<u8>);

// SAFETY: it is the only owner of its mapping.
unsafe impl Send for Room {}

impl Room {
    /// Maps the memory. None if the system has none.
    pub(crate) fn new() -> Option<Room> {
        pages::map(ROOM).ok().map(Room)
    }

    /// Returns its address, for the handler.
    pub(crate) fn address(&self) -> NonNull<u8> {
        self.0
    }

    /// Copies an interrupted flow, which runs on the stack with these addresses. It is async-signal-safe.
    ///
    /// # Safety
    ///
    /// `room` must be the address of a room that exists and is not accessed otherwise. If the stack pointer is among the addresses,
    /// the memory from there to the end must be readable.
    pub(crate) unsafe fn copy(
        room: NonNull<u8>,
        interrupted: Interrupted<'_>,
        stack: Range<usize>,
    ) -> Result<(), NotCopied> {
        let stack_pointer = interrupted.register(libc::REG_RSP);
        if !stack.contains(&stack_pointer) || !stack_pointer.is_multiple_of(size_of::<usize>()) {
            return Err(NotCopied::OnAnotherStack);
        }
        let copied = stack_pointer.saturating_sub(RED_ZONE).max(stack.start)..stack.end;
        if copied.len() > ROOM - size_of::<Head>() {
            return Err(NotCopied::TooLarge);
        }
        let head = Head {
            registers: REGISTERS.map(|number| interrupted.register(number)),
            copied: copied.clone(),
        };
        let head_place: NonNull<Head> = room.cast();
        // SAFETY: the room is a mapping, so it is aligned, and it is larger than a head.
        unsafe { head_place.write(head) };
        // SAFETY: as above.
        let place = unsafe { head_place.add(1) };
        // SAFETY: the caller guarantees that the words can be read, the handler runs below the red zone or on another stack, and the
        // room is large enough. Other threads may write to values that the flow has lent them meanwhile: what is copied of these is
        // not used. That is why the copy is not made by Rust code.
        unsafe {
            asm!(
                "rep movsq",
                inout("rcx") copied.len() / size_of::<usize>() => _,
                inout("rsi") copied.start => _,
                inout("rdi") place.as_ptr() => _,
                options(nostack, preserves_flags),
            );
        }
        Ok(())
    }

    /// Returns the addresses of the instructions at which the flow and its callers were, innermost first.
    ///
    /// # Safety
    ///
    /// [`copy`](Self::copy) must have copied a flow, completely.
    pub(crate) unsafe fn instructions(self) -> Vec<usize> {
        let head: NonNull<Head> = self.0.cast();
        // SAFETY: the copy has written the words of the stack behind the head.
        let place: NonNull<usize> = unsafe { head.add(1) }.cast();
        // SAFETY: the copy has written the head, and the room is this one's alone.
        let Head { copied, registers } = unsafe { head.as_ref() };
        let count = copied.len() / size_of::<usize>();
        // SAFETY: as above, and the copy has written so many words.
        let words = unsafe { slice::from_raw_parts(place.as_ptr(), count) };
        let start = copied.start;
        frames::instructions(*registers, &Copied { start, words })
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // SAFETY: the memory was mapped with this size, and the caller of `copy` has finished.
        unsafe { pages::unmap(self.0, ROOM) };
    }
}
