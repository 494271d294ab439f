//! A walk along the frames of a copied stack, by the unwind information of the code (DWARF 5, 6.4; System V ABI, x86-64, 3.6 and 3.7).
//!
//! It reads nothing but the copy and the unwind information. That is wrong at some instructions: within greenpatch's switch, within the code by which
//! the unwinder itself goes to a handler, and in assembly of some libraries. The walk then ends early, where the
//! unwinder of the process would read whatever address comes out.
//!
//! Invariant:
//! 1. Unwind information is read while the list of modules is locked, so that none is unloaded meanwhile. Nothing is allocated there.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::ops::Range;
use std::slice;

use gimli::{
    BaseAddresses, CfaRule, EhFrame, EhFrameHdr, EndianSlice, NativeEndian, Operation,
    OperationIter, Pointer, RegisterRule, UnitOffset, UnwindContext, UnwindExpression,
    UnwindSection, X86_64,
};

use super::super::no_fork::while_no_fork;

/// The greatest number of frames that are followed.
const MOST_FRAMES: usize = 10_000;
/// The number of the stack pointer.
const RSP: usize = X86_64::RSP.0 as usize;
/// The number of the column with the return address.
const RETURN: usize = X86_64::RA.0 as usize;

/// The registers of a frame by their DWARF numbers. The last is the return address, and of the innermost frame the instruction pointer.
pub(super) type Registers = [usize; RETURN + 1];

/// The copied words.
pub(super) struct Copied<'a> {
    /// The address that the first of them had.
    pub(super) start: usize,
    pub(super) words: &'a [usize],
}

impl Copied<'_> {
    /// Returns the word that was at an address.
    fn read(&self, address: usize) -> Option<usize> {
        let distance = address.checked_sub(self.start)?;
        let is_word = distance.is_multiple_of(size_of::<usize>());
        let word = self.words.get(distance / size_of::<usize>())?;
        is_word.then_some(*word)
    }
}

/// Returns the addresses of the instruction of the frame with these registers, and of the calls that have led there, innermost first.
pub(super) fn instructions(registers: Registers, copied: &Copied<'_>) -> Vec<usize> {
    let mut walk = Walk {
        registers,
        // The innermost frame has called nothing: its address is that of the next instruction.
        is_exact: true,
        copied,
        context: UnwindContext::new(),
    };
    let mut instructions = Vec::new();
    while instructions.len() < MOST_FRAMES
        && let Some(code) = walk.code()
    {
        instructions.push(code);
        if with_module(code, |module| walk.go_to_caller(code, module)) != Some(true) {
            break;
        }
    }
    instructions
}

/// A frame on the way.
struct Walk<'a> {
    registers: Registers,
    /// Whether the code was interrupted in this frame, so that the address is that of an instruction, and not that after a call.
    is_exact: bool,
    copied: &'a Copied<'a>,
    context: UnwindContext<usize>,
}

impl Walk<'_> {
    /// Returns an address within the instruction that the frame is at. None if there is no frame.
    fn code(&self) -> Option<usize> {
        let address = self.registers[RETURN];
        address.checked_sub(usize::from(!self.is_exact || address == 0))
    }

    /// Goes to the frame's caller. Returns false if there is none, or it is not known.
    fn go_to_caller(&mut self, code: usize, module: &Module<'_>) -> bool {
        let caller = self.caller(code as u64, module);
        if let Some((registers, is_exact)) = caller {
            self.registers = registers;
            self.is_exact = is_exact;
        }
        caller.is_some()
    }

    /// Returns the registers of the caller, and whether it was interrupted where it is.
    fn caller(&mut self, code: u64, module: &Module<'_>) -> Option<(Registers, bool)> {
        let bases = BaseAddresses::default()
            .set_eh_frame_hdr(module.index.as_ptr().addr() as u64)
            .set_eh_frame(module.frames.as_ptr().addr() as u64);
        let index = EhFrameHdr::new(module.index, NativeEndian);
        let index = index.parse(&bases, size_of::<usize>() as u8).ok()?;
        let frames = EhFrame::new(module.frames, NativeEndian);
        let entry = index
            .table()?
            .fde_for_address(&frames, &bases, code, EhFrame::cie_from_offset)
            .ok()?;
        let row = entry
            .unwind_info_for_address(&frames, &bases, &mut self.context, code)
            .ok()?;
        let (registers, copied) = (&self.registers, self.copied);
        let evaluate = |expression: &UnwindExpression<usize>, initial| {
            let expression = expression.get(&frames).ok()?;
            let operations = expression.operations(entry.cie().encoding());
            value(operations, initial, registers, copied)
        };
        let of = |register: gimli::Register| registers.get(usize::from(register.0)).copied();
        let frame = match row.cfa() {
            CfaRule::RegisterAndOffset { register, offset } => {
                of(*register)?.wrapping_add_signed(*offset as isize)
            }
            CfaRule::Expression(expression) => evaluate(expression, None)?,
        };
        let mut callers = *registers;
        callers[RSP] = frame;
        callers[RETURN] = 0;
        for (register, rule) in row.registers() {
            let value = match rule {
                RegisterRule::Offset(offset) => {
                    copied.read(frame.wrapping_add_signed(*offset as isize))?
                }
                RegisterRule::Expression(expression) => {
                    copied.read(evaluate(expression, Some(frame))?)?
                }
                RegisterRule::ValOffset(offset) => frame.wrapping_add_signed(*offset as isize),
                RegisterRule::ValExpression(expression) => evaluate(expression, Some(frame))?,
                RegisterRule::Register(other) => of(*other)?,
                RegisterRule::Undefined | RegisterRule::SameValue => continue,
                _ => return None,
            };
            *callers.get_mut(usize::from(register.0))? = value;
        }
        // A caller's frame is further up, so the walk ends.
        let is_above = callers[RSP] > registers[RSP];
        is_above.then_some((callers, entry.is_signal_trampoline()))
    }
}

/// Returns the value of an expression, with `initial` on its stack. None if it reads what is not in the copy, or has an operation
/// that compilers do not need for a frame: that of a signal, one that is aligned, and the table that leads to other libraries.
fn value(
    mut operations: OperationIter<EndianSlice<'_, NativeEndian>>,
    initial: Option<usize>,
    registers: &Registers,
    copied: &Copied<'_>,
) -> Option<usize> {
    const NO_TYPE: UnitOffset = UnitOffset(0);

    let mut stack = Stack::default();
    if let Some(initial) = initial {
        stack.push(initial)?;
    }
    while let Some(operation) = operations.next().ok()? {
        let value = match operation {
            Operation::RegisterOffset {
                register,
                offset,
                base_type: NO_TYPE,
            } => {
                let base = *registers.get(usize::from(register.0))?;
                base.wrapping_add_signed(offset as isize)
            }
            Operation::Deref {
                base_type: NO_TYPE,
                size,
                space: false,
            } if usize::from(size) == size_of::<usize>() => copied.read(stack.pop()?)?,
            Operation::UnsignedConstant { value } => value as usize,
            Operation::SignedConstant { value } => value as usize,
            Operation::PlusConstant { value } => stack.pop()?.wrapping_add(value as usize),
            Operation::Plus | Operation::And | Operation::Ge | Operation::Shl => {
                let (second, first) = (stack.pop()?, stack.pop()?);
                match operation {
                    Operation::Plus => first.wrapping_add(second),
                    Operation::And => first & second,
                    Operation::Ge => usize::from(first.cast_signed() >= second.cast_signed()),
                    _ => first.checked_shl(u32::try_from(second).ok()?)?,
                }
            }
            _ => return None,
        };
        stack.push(value)?;
    }
    stack.pop()
}

/// The stack of an expression.
#[derive(Default)]
struct Stack {
    values: [usize; 16],
    length: usize,
}

impl Stack {
    fn push(&mut self, value: usize) -> Option<()> {
        *self.values.get_mut(self.length)? = value;
        self.length += 1;
        Some(())
    }

    fn pop(&mut self) -> Option<usize> {
        self.length = self.length.checked_sub(1)?;
        self.values.get(self.length).copied()
    }
}

/// The unwind information of the program or of a library.
struct Module<'a> {
    /// `.eh_frame_hdr`.
    index: &'a [u8],
    /// `.eh_frame`, and what follows it.
    frames: &'a [u8],
}

/// Calls `f` with the unwind information for the code at an address, while its module cannot be unloaded. Returns what `f` returns; none
/// if there is no such information.
fn with_module<R>(code: usize, f: impl FnOnce(&Module<'_>) -> R) -> Option<R> {
    let mut f = Some(f);
    let mut result = None;
    let mut found = |module: &Module<'_>| result = f.take().map(|f| f(module));
    let mut search = Search {
        code,
        found: &mut found,
    };
    while_no_fork(|| {
        // SAFETY: the function calls `look` with a pointer to `search`, and ends before this does.
        unsafe { libc::dl_iterate_phdr(Some(look), (&raw mut search).cast()) }
    });
    result
}

/// A search for the module of an address.
struct Search<'a> {
    code: usize,
    found: &'a mut dyn FnMut(&Module<'_>),
}

/// Looks whether the code that is searched for is in a module. Ends the search if so.
///
/// # Safety
///
/// `dl_iterate_phdr` must call it, with a pointer to a [`Search`].
unsafe extern "C" fn look(
    info: *mut libc::dl_phdr_info,
    _: libc::size_t,
    search: *mut c_void,
) -> c_int {
    // SAFETY: `with_module` has passed it.
    let search = unsafe { &mut *search.cast::<Search<'_>>() };
    // SAFETY: the function passes what it knows of a module that is loaded, until this returns.
    let info = unsafe { &*info };
    let headers = match info.dlpi_phnum {
        0 => &[],
        // SAFETY: these are the headers of the module.
        count => unsafe { slice::from_raw_parts(info.dlpi_phdr, usize::from(count)) },
    };
    let base = info.dlpi_addr as usize;
    let bounds = |header: &libc::Elf64_Phdr| {
        let start = base.wrapping_add(header.p_vaddr as usize);
        start..start.wrapping_add(header.p_memsz as usize)
    };
    let mut loaded = headers
        .iter()
        .filter(|header| header.p_type == libc::PT_LOAD);
    let is_code = |header: &libc::Elf64_Phdr| {
        header.p_flags & libc::PF_X != 0 && bounds(header).contains(&search.code)
    };
    if !loaded.clone().any(is_code) {
        return 0;
    }
    let mut headers = headers.iter();
    let index = headers.find(|header| header.p_type == libc::PT_GNU_EH_FRAME);
    if let Some(index) = index.map(bounds)
        && let Some(segment) = loaded
            .by_ref()
            .map(bounds)
            .find(|segment| segment.contains(&index.start) && index.end <= segment.end)
    {
        // SAFETY: both are in a loaded segment of the module, which is not unloaded before this returns. Unwind information does not
        // change.
        let [index, segment] = [index, segment].map(|part: Range<usize>| unsafe {
            slice::from_raw_parts(part.start as *const u8, part.len())
        });
        if let Some(frames) = frames_of(index, segment) {
            (search.found)(&Module { index, frames });
        }
    }
    1
}

/// Returns `.eh_frame` and what follows it in the segment of its index.
fn frames_of<'a>(index: &[u8], segment: &'a [u8]) -> Option<&'a [u8]> {
    let bases = BaseAddresses::default().set_eh_frame_hdr(index.as_ptr().addr() as u64);
    let parsed = EhFrameHdr::new(index, NativeEndian).parse(&bases, size_of::<usize>() as u8);
    let Pointer::Direct(start) = parsed.ok()?.eh_frame_ptr() else {
        return None;
    };
    let start = (start as usize).checked_sub(segment.as_ptr().addr())?;
    segment.get(start..)
}
