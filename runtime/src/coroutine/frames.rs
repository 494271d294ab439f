//! A walk along the frames of a copied stack that reads nothing but the copy.
//!
//! Unwind information is wrong at some instructions: within greenpatch's switch, within the code by which the unwinder itself goes to a handler,
//! and in assembly of some libraries. The unwinder of the process would read whatever address comes out. So this
//! walk goes first, by the same rules (DWARF 5, 6.4; System V ABI, x86-64, 3.6 and 3.7), and finds the return address at which
//! the unwinder has to end.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::slice;

use gimli::{
    BaseAddresses, CfaRule, EhFrame, EhFrameHdr, EvaluationResult, Location, NativeEndian, Pointer,
    RegisterRule, UnwindContext, UnwindExpression, UnwindSection, Value, X86_64,
};

/// The greatest number of frames that are followed.
const MOST_FRAMES: usize = 10_000;
/// The number of the stack pointer.
const RSP: usize = X86_64::RSP.0 as usize;
/// The number of the column with the return address.
const RETURN: usize = X86_64::RA.0 as usize;

/// The registers of a frame by their DWARF numbers. The return address is the last.
pub(super) type Registers = [usize; RETURN + 1];

/// The copied words, at their addresses.
pub(super) struct Copied<'a>(pub(super) &'a [usize]);

impl Copied<'_> {
    /// Returns the index of the word at an address.
    fn index(&self, address: usize) -> Option<usize> {
        let distance = address.checked_sub(self.0.as_ptr().addr())?;
        let index = distance / size_of::<usize>();
        let is_word = distance.is_multiple_of(size_of::<usize>());
        (is_word && index < self.0.len()).then_some(index)
    }

    fn read(&self, address: usize) -> Option<usize> {
        self.index(address).map(|index| self.0[index])
    }
}

/// Where the unwinder ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    /// Where the unwind information says that there is no caller.
    ByItself,
    /// At the return address in the copied word of this index, or at the first one of all: there is no unwind information for the
    /// code there, or it leads out of the copy.
    At(Option<usize>),
}

/// Walks from the frame with these registers, whose return address is one after the instruction at which it was interrupted.
pub(super) fn end_of(mut registers: Registers, copied: &Copied<'_>) -> End {
    let mut context = UnwindContext::new();
    let mut place = None;
    let mut is_exact = false;
    for _ in 0..MOST_FRAMES {
        match caller(&mut registers, is_exact, copied, &mut context) {
            Some(Caller::Of { place: at, exact }) => (place, is_exact) = (Some(at), exact),
            Some(Caller::None) => return End::ByItself,
            None => break,
        }
    }
    End::At(place)
}

/// What calls a frame.
enum Caller {
    /// Nothing.
    None,
    /// The frame with the return address in the copied word of this index. It is `exact` if it was interrupted there, and has called nothing.
    Of { place: usize, exact: bool },
}

/// Replaces the registers by those of the caller. None if that is not known.
fn caller(
    registers: &mut Registers,
    is_exact: bool,
    copied: &Copied<'_>,
    context: &mut UnwindContext<usize>,
) -> Option<Caller> {
    let address = registers[RETURN];
    if address == 0 {
        return Some(Caller::None);
    }
    let code = address - usize::from(!is_exact);
    let module = Module::of(code)?;
    let bases = BaseAddresses::default()
        .set_eh_frame_hdr(module.index.as_ptr().addr() as u64)
        .set_eh_frame(module.frames.as_ptr().addr() as u64);
    let index = EhFrameHdr::new(module.index, NativeEndian);
    let index = index.parse(&bases, size_of::<usize>() as u8).ok()?;
    let frames = EhFrame::new(module.frames, NativeEndian);
    let code = code as u64;
    let entry = index
        .table()?
        .fde_for_address(&frames, &bases, code, EhFrame::cie_from_offset)
        .ok()?;
    let row = entry
        .unwind_info_for_address(&frames, &bases, context, code)
        .ok()?;
    let evaluate = |expression: &UnwindExpression<usize>, frame: Option<usize>| {
        let expression = expression.get(&frames).ok()?;
        let mut evaluation = expression.evaluation(entry.cie().encoding());
        evaluation.set_max_iterations(1000);
        if let Some(frame) = frame {
            evaluation.set_initial_value(frame as u64);
        }
        let mut result = evaluation.evaluate().ok()?;
        loop {
            result = match result {
                EvaluationResult::Complete => break,
                EvaluationResult::RequiresRegister { register, .. } => {
                    let value = *registers.get(usize::from(register.0))?;
                    evaluation.resume_with_register(Value::Generic(value as u64))
                }
                EvaluationResult::RequiresMemory { address, size, .. }
                    if usize::from(size) == size_of::<usize>() =>
                {
                    let value = copied.read(address as usize)?;
                    evaluation.resume_with_memory(Value::Generic(value as u64))
                }
                _ => return None,
            }
            .ok()?;
        }
        match evaluation.as_result().first()?.location {
            Location::Address { address } => Some(address as usize),
            _ => None,
        }
    };
    let frame = match row.cfa() {
        CfaRule::RegisterAndOffset { register, offset } => {
            let base = *registers.get(usize::from(register.0))?;
            base.wrapping_add_signed(*offset as isize)
        }
        CfaRule::Expression(expression) => evaluate(expression, None)?,
    };
    let mut callers = *registers;
    callers[RSP] = frame;
    let mut place = None;
    for (register, rule) in row.registers() {
        let number = usize::from(register.0);
        let at = match rule {
            RegisterRule::Undefined if number == RETURN => return Some(Caller::None),
            RegisterRule::Undefined | RegisterRule::SameValue => continue,
            RegisterRule::Offset(offset) => frame.wrapping_add_signed(*offset as isize),
            RegisterRule::Expression(expression) => evaluate(expression, Some(frame))?,
            RegisterRule::ValOffset(offset) => {
                *callers.get_mut(number)? = frame.wrapping_add_signed(*offset as isize);
                continue;
            }
            RegisterRule::Register(other) => {
                *callers.get_mut(number)? = *registers.get(usize::from(other.0))?;
                continue;
            }
            RegisterRule::ValExpression(expression) => {
                *callers.get_mut(number)? = evaluate(expression, Some(frame))?;
                continue;
            }
            _ => return None,
        };
        *callers.get_mut(number)? = copied.read(at)?;
        if number == RETURN {
            place = copied.index(at);
        }
    }
    let exact = entry.is_signal_trampoline();
    // A caller's frame is further up, so the walk ends.
    let is_above = callers[RSP] > registers[RSP];
    *registers = callers;
    place
        .filter(|_| is_above)
        .map(|place| Caller::Of { place, exact })
}

/// The unwind information of the program or of a library.
struct Module {
    /// `.eh_frame_hdr`.
    index: &'static [u8],
    /// `.eh_frame`, and what follows it.
    frames: &'static [u8],
}

impl Module {
    /// Returns that of the code at an address.
    fn of(code: usize) -> Option<Module> {
        /// What is looked for, and found.
        struct Search {
            code: usize,
            found: Option<Module>,
        }

        unsafe extern "C" fn look(
            info: *mut libc::dl_phdr_info,
            _: libc::size_t,
            search: *mut c_void,
        ) -> c_int {
            // SAFETY: the caller of `dl_iterate_phdr` has passed it.
            let search = unsafe { &mut *search.cast::<Search>() };
            // SAFETY: the function passes what it knows of a module that is loaded.
            let info = unsafe { &*info };
            let headers = match info.dlpi_phnum {
                0 => &[],
                // SAFETY: these are the headers of the module.
                count => unsafe { slice::from_raw_parts(info.dlpi_phdr, usize::from(count)) },
            };
            // SAFETY: as above.
            let is_found = unsafe { search.look_into(info.dlpi_addr as usize, headers) };
            c_int::from(is_found)
        }

        impl Search {
            /// Returns whether the code is in the module with this base and these headers, which is the end of the search.
            ///
            /// # Safety
            ///
            /// They must be those of a module that is loaded, and stays so.
            unsafe fn look_into(&mut self, base: usize, headers: &[libc::Elf64_Phdr]) -> bool {
                let bounds = |header: &libc::Elf64_Phdr| {
                    let start = base.wrapping_add(header.p_vaddr as usize);
                    start..start.wrapping_add(header.p_memsz as usize)
                };
                let loaded = || {
                    headers
                        .iter()
                        .filter(|header| header.p_type == libc::PT_LOAD)
                };
                let is_code = |header: &libc::Elf64_Phdr| {
                    header.p_flags & libc::PF_X != 0 && bounds(header).contains(&self.code)
                };
                if !loaded().any(is_code) {
                    return false;
                }
                let index = headers
                    .iter()
                    .find(|header| header.p_type == libc::PT_GNU_EH_FRAME)
                    .map(bounds);
                let Some(index) = index else {
                    return true;
                };
                let segment = loaded()
                    .map(bounds)
                    .find(|segment| segment.contains(&index.start) && index.end <= segment.end);
                let Some(segment) = segment else {
                    return true;
                };
                // SAFETY: a loaded segment of the module, which its unwind information never changes.
                let [index, segment] = [index, segment].map(|part| unsafe {
                    slice::from_raw_parts(part.start as *const u8, part.len())
                });
                self.found = frames_of(index, segment).map(|frames| Module { index, frames });
                true
            }
        }

        let mut search = Search { code, found: None };
        // SAFETY: the function calls `look` with a pointer to `search`, and ends before this does.
        unsafe { libc::dl_iterate_phdr(Some(look), (&raw mut search).cast()) };
        search.found
    }
}

/// Returns `.eh_frame` and what follows it in the segment of its index.
fn frames_of(index: &'static [u8], segment: &'static [u8]) -> Option<&'static [u8]> {
    let bases = BaseAddresses::default().set_eh_frame_hdr(index.as_ptr().addr() as u64);
    let parsed = EhFrameHdr::new(index, NativeEndian).parse(&bases, size_of::<usize>() as u8);
    let Pointer::Direct(start) = parsed.ok()?.eh_frame_ptr() else {
        return None;
    };
    let start = (start as usize).checked_sub(segment.as_ptr().addr())?;
    segment.get(start..)
}
