//! Backtraces of flows that run on, from a copy of their stack.
//!
//! A signal interrupts the flow. The handler copies the registers and the stack, and does nothing else: capturing a backtrace
//! there may deadlock. Another OS thread captures it from the copy, in the way in which that of a suspended flow is
//! captured (`backtrace`): a function's unwind information says that its caller is the interrupted flow, with its stack
//! where the copy is.
//!
//! ```text
//!   the flow's stack              the copy
//!   │ frames, up to where │       │ frames              │
//!   │ the stack begins    │       │                     │
//!   ├─────────────────────┤ ◀─ sp ├─────────────────────┤ ◀── CFA
//!   │ the handler         │       │ rip + 1             │
//!                                 │ the other registers │
//! ```
//!
//! - Addresses of the stack, in words and registers, are changed to those of the copy: frame pointers among them. What else
//!   looks like such an address does not matter, since the unwinder alone reads the copy.
//! - The unwinder takes the address that it finds for that after a call, and looks up the one before it.
//! - All registers can be restored, since the code was interrupted between any two instructions.
//!
//! Before that, a walk that reads nothing but the copy (`frames`) finds the return address at which the unwinder has to end,
//! since unwind information may be wrong at the instruction at which a signal has come.
#![allow(unsafe_code)]

use std::arch::{asm, naked_asm};
use std::backtrace::Backtrace;
use std::ffi::c_void;
use std::marker::PhantomData;
use std::mem;
use std::ops::Range;
use std::ptr::NonNull;
use std::slice;

use super::super::pages;
use super::backtrace;
use super::frames::{self, Copied, End, Registers};

/// The size of the memory for a copy: as much as the main thread's stack has by default.
const ROOM: usize = 8 << 20;

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
    /// # Safety
    ///
    /// `context` must be the third argument of a signal's handler, which runs as long as this is used.
    pub(crate) unsafe fn new(context: *mut c_void) -> Self {
        Interrupted {
            context: NonNull::new(context.cast()).expect("a handler has a context"),
            handler: PhantomData,
        }
    }

    fn register(&self, number: libc::c_int) -> usize {
        // SAFETY: by the contract of `new`.
        let registers = unsafe { &(*self.context.as_ptr()).uc_mcontext.gregs };
        registers[number as usize] as usize
    }
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
        let copied = interrupted.register(libc::REG_RSP)..stack.end;
        if !stack.contains(&copied.start) || copied.start % size_of::<usize>() != 0 {
            return Err(NotCopied::OnAnotherStack);
        }
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
        // SAFETY: the caller guarantees that the words can be read, and the room is large enough for them. Other threads may
        // write to values that the flow has lent them meanwhile: what is copied of these is not used. That is why the copy is
        // not made by Rust code.
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

    /// Captures the backtrace of the flow that was copied. Its first frames are those of this function. The addresses are
    /// resolved when it is formatted.
    ///
    /// # Safety
    ///
    /// [`copy`](Self::copy) must have copied a flow, completely.
    pub(crate) unsafe fn backtrace(self) -> Option<Backtrace> {
        let mut head: NonNull<Head> = self.0.cast();
        // SAFETY: the copy has written the words of the stack behind the head.
        let place: NonNull<usize> = unsafe { head.add(1) }.cast();
        // SAFETY: the copy has written the head, and the room is this one's alone.
        let Head { copied, registers } = unsafe { head.as_mut() };
        let words = copied.len() / size_of::<usize>();
        // SAFETY: as above, and the copy has written so many words.
        let stack = unsafe { slice::from_raw_parts_mut(place.as_ptr(), words) };
        let moved = place.addr().get().wrapping_sub(copied.start);
        for word in stack.iter_mut().chain(&mut *registers) {
            // An address at the very end may be that of a frame without a caller.
            if (copied.start..=copied.end).contains(word) {
                *word = word.wrapping_add(moved);
            }
        }
        let [.., resumes_at] = registers;
        *resumes_at = resumes_at.wrapping_add(1);
        match frames::end_of(*registers, &Copied(stack)) {
            End::ByItself => {}
            End::At(None) => return None,
            End::At(Some(word)) => stack[word] = 0,
        }
        // Not that of the array alone: the stack is behind it.
        let registers = self
            .0
            .as_ptr()
            .wrapping_add(mem::offset_of!(Head, registers));
        let mut captured = None;
        // SAFETY: the registers and the stack are as `called_by` expects them, and `captured` outlives the call.
        unsafe { called_by(registers.cast(), &raw mut captured) };
        captured
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // SAFETY: the memory was mapped with this size, and the caller of `copy` has finished.
        unsafe { pages::unmap(self.0, ROOM) };
    }
}

/// Calls [`capture`](backtrace::capture) in a frame whose caller is the flow with these registers.
///
/// # Safety
///
/// `registers` must be those of a [`Head`] that is followed by the stack, along which the unwinder can go. `captured` must be valid for a write.
#[unsafe(naked)]
unsafe extern "C" fn called_by(registers: *mut usize, captured: *mut Option<Backtrace>) {
    naked_asm!(
        ".cfi_startproc",
        "push rbp",
        ".cfi_def_cfa_offset 16",
        ".cfi_offset rbp, -16",
        ".cfi_remember_state",
        "mov rbp, rdi",
        // From here on the caller is the interrupted flow. `rbp` keeps its value in the call.
        ".cfi_def_cfa rbp, 136",
        ".cfi_offset rax, -136",
        ".cfi_offset rdx, -128",
        ".cfi_offset rcx, -120",
        ".cfi_offset rbx, -112",
        ".cfi_offset rsi, -104",
        ".cfi_offset rdi, -96",
        ".cfi_offset rbp, -88",
        ".cfi_offset r8, -72",
        ".cfi_offset r9, -64",
        ".cfi_offset r10, -56",
        ".cfi_offset r11, -48",
        ".cfi_offset r12, -40",
        ".cfi_offset r13, -32",
        ".cfi_offset r14, -24",
        ".cfi_offset r15, -16",
        "mov rdi, rsi",
        "call {capture}",
        // And here it is the true caller again, to which this returns.
        ".cfi_restore_state",
        ".cfi_def_cfa rsp, 16",
        "pop rbp",
        ".cfi_def_cfa_offset 8",
        ".cfi_restore rbp",
        "ret",
        ".cfi_endproc",
        capture = sym backtrace::capture,
    )
}
