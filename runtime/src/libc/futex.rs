//! `syscall`, for the sake of futexes; what else waits by a number is in `numbers`.
//!
//! A private futex is a word of this process. Green threads wait for it in [`sleepers`], native threads in the kernel. A
//! wake goes to both. If there are green threads, every other wake begins with the kernel, so that neither kind starves.
//!
//! A shared futex may be a word of several processes, which the kernel alone can match. A green thread has a helper wait
//! for it. As in the kernel, a wait and a wake do not meet if only one of them says that the word is private.
//!
//! What has no green form goes to the kernel as it is: the operations with priority inheritance, and the system calls for one
//! futex that Linux 6.7 has added.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_long};
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering, compiler_fence};

use super::deadline::Deadline;
use super::exports::exports;
use super::{errno, gate, numbers};
use crate::seam;
use crate::seam::offload::Call;
use crate::wait::park::{Outcome, Wait};
use crate::wait::sleepers::{self, ANY, Sleeper};
use crate::wait::system_call::system_call;

exports![syscall];

/// The bits of an operation that are no command.
const FLAGS: c_int = libc::FUTEX_PRIVATE_FLAG | libc::FUTEX_CLOCK_REALTIME;

/// The arguments of a call of a futex.
#[derive(Clone, Copy)]
struct Futex {
    word: usize,
    operation: c_int,
    value: u32,
    /// The address of a time, or a number.
    timeout: usize,
    word2: usize,
    value3: u32,
}

/// Makes a system call.
///
/// It is variadic in C. On x86-64 and aarch64 a function with fixed arguments finds these in the same places, and arguments
/// that the caller has left out are places which may be read.
///
/// # Safety
///
/// That of the system call.
// SAFETY: it has the signature of libc's, as said above.
#[unsafe(no_mangle)]
unsafe extern "C" fn syscall(
    number: c_long,
    a: usize,
    b: usize,
    c: usize,
    d: usize,
    e: usize,
    f: usize,
) -> c_long {
    // A wake comes after a change of the word: see `first_hub`.
    compiler_fence(Ordering::SeqCst);
    // The rest is out of line, so that this needs no frame.
    if gate::are_there_hubs() {
        // SAFETY: by the caller's contract.
        return unsafe { among_hubs(number, a, b, c, d, e, f) };
    }
    // SAFETY: by the caller's contract.
    errno::of_system_call(unsafe { system_call(number, [a, b, c, d, e, f]) })
}

/// [`syscall`] in a process that has hubs.
///
/// # Safety
///
/// That of the system call.
#[inline(never)]
unsafe extern "C" fn among_hubs(
    number: c_long,
    a: usize,
    b: usize,
    c: usize,
    d: usize,
    e: usize,
    f: usize,
) -> c_long {
    if number == libc::SYS_futex {
        if concerns_green_threads(a, b as c_int, e) {
            // SAFETY: by the caller's contract.
            return unsafe { futex(a, b as c_int, c as u32, d, e, f as u32) };
        }
    } else if gate::may_be_open() {
        // SAFETY: by the caller's contract.
        return unsafe { by_number(number, a, b, c, d, e, f) };
    }
    // SAFETY: by the caller's contract.
    errno::of_system_call(unsafe { system_call(number, [a, b, c, d, e, f]) })
}

/// [`syscall`] for what waits and is no futex.
///
/// # Safety
///
/// That of the system call.
#[inline(never)]
unsafe extern "C" fn by_number(
    number: c_long,
    a: usize,
    b: usize,
    c: usize,
    d: usize,
    e: usize,
    f: usize,
) -> c_long {
    let arguments = [a, b, c, d, e, f];
    if gate::is_open() {
        // SAFETY: by the caller's contract.
        if let Some(result) = unsafe { numbers::call(number, arguments) } {
            return result;
        }
    }
    // SAFETY: by the caller's contract.
    errno::of_system_call(unsafe { system_call(number, arguments) })
}

/// Returns true if the operation may wait on a green thread, or wake one.
#[inline(always)]
fn concerns_green_threads(word: usize, operation: c_int, word2: usize) -> bool {
    /// The commands that wake, as bits.
    const WAKES: u32 = 1 << libc::FUTEX_WAKE
        | 1 << libc::FUTEX_WAKE_BITSET
        | 1 << libc::FUTEX_REQUEUE
        | 1 << libc::FUTEX_CMP_REQUEUE
        | 1 << libc::FUTEX_WAKE_OP;

    let command = operation & !FLAGS;
    if command == libc::FUTEX_WAIT || command == libc::FUTEX_WAIT_BITSET {
        return gate::may_be_open();
    }
    let wakes = WAKES
        .checked_shr(command as u32)
        .is_some_and(|bits| bits & 1 != 0);
    wakes
        && operation & libc::FUTEX_PRIVATE_FLAG != 0
        && (sleepers::are_there_any(word)
            || command == libc::FUTEX_WAKE_OP && sleepers::are_there_any(word2))
}

/// # Safety
///
/// That of the system call.
#[cold]
#[inline(never)]
unsafe extern "C" fn futex(
    word: usize,
    operation: c_int,
    value: u32,
    timeout: usize,
    word2: usize,
    value3: u32,
) -> c_long {
    let futex = Futex {
        word,
        operation,
        value,
        timeout,
        word2,
        value3,
    };
    // SAFETY: by the caller's contract.
    unsafe { futex.call() }
}

impl Futex {
    /// # Safety
    ///
    /// That of the system call.
    unsafe fn call(&self) -> c_long {
        match self.operation & !FLAGS {
            libc::FUTEX_WAKE | libc::FUTEX_WAKE_BITSET => self.wake(),
            // SAFETY: by the caller's contract.
            libc::FUTEX_REQUEUE | libc::FUTEX_CMP_REQUEUE => unsafe { self.requeue() },
            // SAFETY: by the caller's contract.
            libc::FUTEX_WAKE_OP => unsafe { self.wake_op() },
            // SAFETY: by the caller's contract.
            _ => unsafe { self.wait() }.unwrap_or_else(|| self.pass_on()),
        }
    }

    /// Makes the system call as it is.
    fn pass_on(&self) -> c_long {
        errno::of_system_call(self.ask_kernel())
    }

    fn ask_kernel(&self) -> isize {
        let arguments = [
            self.word,
            self.operation as usize,
            self.value as usize,
            self.timeout,
            self.word2,
            self.value3 as usize,
        ];
        // SAFETY: `call` has promised it; the other operations that are made of this one wake, which asks nothing of an
        // address.
        unsafe { system_call(libc::SYS_futex, arguments) }
    }

    fn is_private(&self) -> bool {
        self.operation & libc::FUTEX_PRIVATE_FLAG != 0
    }

    /// Waits on a green thread. None if this may not.
    ///
    /// # Safety
    ///
    /// The word can be read, and the time, if there is one.
    unsafe fn wait(&self) -> Option<c_long> {
        if !gate::is_open() {
            return None;
        }
        let has_mask = self.operation & !FLAGS == libc::FUTEX_WAIT_BITSET;
        let mask = if has_mask { self.value3 } else { ANY };
        if !self.word.is_multiple_of(4) || self.word == 0 || mask == 0 {
            // The kernel has errors for these.
            return None;
        }
        let mut deadline = None;
        if self.timeout != 0 {
            // SAFETY: by the caller's contract.
            let time =
                unsafe { ptr::with_exposed_provenance::<libc::timespec>(self.timeout).read() };
            let clock = match self.operation & libc::FUTEX_CLOCK_REALTIME {
                0 => libc::CLOCK_MONOTONIC,
                _ => libc::CLOCK_REALTIME,
            };
            let given = match has_mask {
                true if time.tv_sec < 0 => None,
                true => Deadline::at(clock, time),
                false => Deadline::after(time),
            };
            let Some(given) = given else {
                return Some(errno::fail(libc::EINVAL).into());
            };
            deadline = Some(given);
        }
        if !self.is_private() {
            return self.wait_elsewhere();
        }
        let word = ptr::with_exposed_provenance::<AtomicU32>(self.word);
        let must_wait = || {
            // SAFETY: by the caller's contract. Relaxed: the fences of `sleepers` order it.
            unsafe { &*word }.load(Ordering::Relaxed) == self.value
        };
        let sleeper = Sleeper::new(self.word, mask, &must_wait);
        loop {
            let until = deadline.and_then(|deadline| deadline.instant());
            match seam::libc::futex(&Wait::new(&sleeper, until))? {
                // The wait is not interruptible: C code cannot be unwound.
                Outcome::Woken | Outcome::Interrupted => return Some(0),
                Outcome::Ready => {
                    // A loop around this may wait for another green thread to change the word once more.
                    seam::busy::busy();
                    return Some(errno::fail(libc::EAGAIN).into());
                }
                // The clock may have been set back meanwhile.
                Outcome::TimedOut if deadline.is_some_and(|deadline| !deadline.has_passed()) => {}
                Outcome::TimedOut => return Some(errno::fail(libc::ETIMEDOUT).into()),
            }
        }
    }

    /// Has a helper wait for a shared futex. None if there is none.
    fn wait_elsewhere(&self) -> Option<c_long> {
        let mut result = 0;
        let mut call = || result = self.ask_kernel();
        seam::libc::futex_elsewhere(Call::new(&mut call)).then(|| errno::of_system_call(result))
    }

    /// Wakes green and native threads.
    fn wake(&self) -> c_long {
        static TURN: AtomicU32 = AtomicU32::new(0);

        let mask = match self.operation & !FLAGS {
            libc::FUTEX_WAKE_BITSET => self.value3,
            _ => ANY,
        };
        if mask == 0 {
            return self.pass_on();
        }
        // As the kernel counts: one at least.
        let most = self.value.clamp(1, i32::MAX as u32);
        let is_kernel_first = TURN.fetch_add(1, Ordering::Relaxed).is_multiple_of(2);
        let mut woken = 0;
        if is_kernel_first {
            woken = match u32::try_from(self.ask_kernel()) {
                Ok(woken) => woken,
                // It does so for an address that is none.
                Err(_) => return self.pass_on(),
            };
        }
        if woken < most {
            woken += sleepers::wake(self.word, mask, most - woken);
        }
        if !is_kernel_first && woken < most {
            let rest = Futex {
                value: most - woken,
                ..*self
            };
            woken += u32::try_from(rest.ask_kernel()).unwrap_or(0);
        }
        woken.into()
    }

    /// Wakes some threads, and lets others wait for another word.
    ///
    /// # Safety
    ///
    /// The word can be read.
    unsafe fn requeue(&self) -> c_long {
        let (wakes, moves) = (self.value, self.timeout as u32);
        if i32::try_from(wakes).is_err() || i32::try_from(moves).is_err() {
            return errno::fail(libc::EINVAL).into();
        }
        let compares = self.operation & !FLAGS == libc::FUTEX_CMP_REQUEUE;
        let word = ptr::with_exposed_provenance::<AtomicU32>(self.word);
        let is_allowed = || {
            // SAFETY: by the caller's contract.
            !compares || unsafe { &*word }.load(Ordering::Relaxed) == self.value3
        };
        let Some((woken, moved)) =
            sleepers::requeue(self.word, self.word2, wakes, moves, &is_allowed)
        else {
            return errno::fail(libc::EAGAIN).into();
        };
        // The comparison has been made. The kernel moves the rest without one: it could fail by a change that came after.
        let rest = Futex {
            operation: libc::FUTEX_REQUEUE | libc::FUTEX_PRIVATE_FLAG,
            value: wakes - woken,
            timeout: (moves - moved) as usize,
            ..*self
        };
        let rest = rest.ask_kernel().max(0);
        rest as c_long + c_long::from(woken) + c_long::from(moved)
    }

    /// Changes the second word, wakes threads that wait for the first one, and, depending on what the second one was, those
    /// that wait for the second one.
    ///
    /// # Safety
    ///
    /// The second word can be read and written.
    unsafe fn wake_op(&self) -> c_long {
        let sign_extended = |bits: u32| ((bits << 20) as i32) >> 20;
        let (operand, compared) = (sign_extended(self.value3 >> 12), sign_extended(self.value3));
        let operand = match self.value3 >> 28 & 8 {
            0 => operand,
            _ => 1_i32.wrapping_shl(operand as u32),
        };
        let operand = operand as u32;
        let word = ptr::with_exposed_provenance::<AtomicU32>(self.word2);
        // SAFETY: by the caller's contract.
        let word = unsafe { &*word };
        let before = match self.value3 >> 28 & 7 {
            0 => word.swap(operand, Ordering::SeqCst),
            1 => word.fetch_add(operand, Ordering::SeqCst),
            2 => word.fetch_or(operand, Ordering::SeqCst),
            3 => word.fetch_and(!operand, Ordering::SeqCst),
            4 => word.fetch_xor(operand, Ordering::SeqCst),
            _ => return errno::fail(libc::ENOSYS).into(),
        } as i32;
        let holds = match self.value3 >> 24 & 15 {
            0 => before == compared,
            1 => before != compared,
            2 => before < compared,
            3 => before <= compared,
            4 => before > compared,
            5 => before >= compared,
            _ => return errno::fail(libc::ENOSYS).into(),
        };
        let wake = |word, most| {
            let futex = Futex {
                word,
                operation: libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG,
                value: most,
                ..*self
            };
            futex.wake()
        };
        let mut woken = wake(self.word, self.value);
        if holds {
            woken += wake(self.word2, self.timeout as u32);
        }
        woken
    }
}
