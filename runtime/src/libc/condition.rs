//! `pthread_cond_t`.
//!
//! A green thread queues in `sleepers` before it unlocks the mutex, so a signal after that finds it. A signal goes to one
//! green thread and to one native thread, if there are both: POSIX asks for one at least.
//!
//! A signal that is to wake a green thread comes after this has unlocked the mutex, and so after its process has said that there
//! are hubs.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Waker;

use super::deadline::Deadline;
use super::exports::exports;
use super::real::real;
use super::{gate, mutex};
use crate::boundary;
use crate::seam;
use crate::wait::native::Native;
use crate::wait::park::{self, Outcome, Wait, WaitEntry};
use crate::wait::reason::Reason;
use crate::wait::sleepers::{self, ANY, Sleeper};

exports![
    pthread_cond_wait,
    pthread_cond_timedwait,
    pthread_cond_clockwait,
    pthread_cond_signal,
    pthread_cond_broadcast,
];

type Condition = libc::pthread_cond_t;
type Mutex = libc::pthread_mutex_t;

real! { CONDITIONS:
    fn pthread_cond_wait(condition: *mut Condition, mutex: *mut Mutex) -> c_int;
    fn pthread_cond_timedwait(
        condition: *mut Condition,
        mutex: *mut Mutex,
        time: *const libc::timespec,
    ) -> c_int;
    fn pthread_cond_clockwait(
        condition: *mut Condition,
        mutex: *mut Mutex,
        clock: libc::clockid_t,
        time: *const libc::timespec,
    ) -> c_int;
    fn pthread_cond_signal(condition: *mut Condition) -> c_int;
    fn pthread_cond_broadcast(condition: *mut Condition) -> c_int;
}

/// Waits for a signal.
///
/// # Safety
///
/// That of the function of C, as for all below.
// SAFETY: it has the signature of libc's, as all below.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn pthread_cond_wait(
    condition: *mut Condition,
    mutex: *mut Mutex,
) -> c_int {
    if is_ours(mutex) {
        // SAFETY: by the caller's contract.
        if let Some(result) = unsafe { wait(condition, mutex, None) } {
            return result;
        }
    }
    // SAFETY: by the caller's contract.
    unsafe { Real::pthread_cond_wait(condition, mutex) }
}

/// Waits for a signal, or until a time on the clock that the condition variable was made with.
///
/// # Safety
///
/// That of the function of C.
// SAFETY: as above.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn pthread_cond_timedwait(
    condition: *mut Condition,
    mutex: *mut Mutex,
    time: *const libc::timespec,
) -> c_int {
    if is_ours(mutex) {
        // SAFETY: by the caller's contract.
        let clock = unsafe { clock_of(condition) };
        // SAFETY: by the caller's contract.
        if let Some(result) = unsafe { wait(condition, mutex, Some((clock, time))) } {
            return result;
        }
    }
    // SAFETY: by the caller's contract.
    unsafe { Real::pthread_cond_timedwait(condition, mutex, time) }
}

/// Waits for a signal, or until a time on a clock.
///
/// # Safety
///
/// That of the function of C.
// SAFETY: as above.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn pthread_cond_clockwait(
    condition: *mut Condition,
    mutex: *mut Mutex,
    clock: libc::clockid_t,
    time: *const libc::timespec,
) -> c_int {
    if is_ours(mutex) {
        // SAFETY: by the caller's contract.
        if let Some(result) = unsafe { wait(condition, mutex, Some((clock, time))) } {
            return result;
        }
    }
    // SAFETY: by the caller's contract.
    unsafe { Real::pthread_cond_clockwait(condition, mutex, clock, time) }
}

/// Wakes a thread that waits.
///
/// # Safety
///
/// That of the function of C.
// SAFETY: as above.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn pthread_cond_signal(condition: *mut Condition) -> c_int {
    if gate::are_there_hubs() {
        sleepers::wake(condition.addr(), ANY, 1);
    }
    // SAFETY: by the caller's contract.
    unsafe { Real::pthread_cond_signal(condition) }
}

/// Wakes all threads that wait.
///
/// # Safety
///
/// That of the function of C.
// SAFETY: as above.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn pthread_cond_broadcast(condition: *mut Condition) -> c_int {
    if gate::are_there_hubs() {
        sleepers::wake(condition.addr(), ANY, u32::MAX);
    }
    // SAFETY: by the caller's contract.
    unsafe { Real::pthread_cond_broadcast(condition) }
}

/// Returns true if a wait is to be made here: of a green thread, or of a native one if green threads wait for the mutex,
/// which libc would unlock without waking them.
#[inline(always)]
fn is_ours(mutex: *mut Mutex) -> bool {
    gate::are_there_hubs() && (gate::is_open() || sleepers::are_there_any(mutex.addr()))
}

/// A place in the queue of a condition variable, which is taken before the mutex is unlocked.
struct Place<'a> {
    sleeper: Sleeper<'a>,
    mutex: *mut Mutex,
    unlocked: Cell<c_int>,
}

impl WaitEntry for Place<'_> {
    fn register(&self, waker: Waker, patience: u32) -> bool {
        self.sleeper.register(waker, patience);
        // The unlock may wake another green thread, which is not put off.
        let _outside = boundary::leave();
        // SAFETY: `wait` has been promised that the calling thread has locked it.
        let unlocked = unsafe { mutex::unlock(self.mutex) };
        self.unlocked.set(unlocked);
        // If it could not be unlocked, and no signal has come, there is no wait.
        unlocked == 0 || !self.sleeper.unregister()
    }

    fn is_waiting(&self) -> bool {
        self.sleeper.is_waiting()
    }

    fn unregister(&self) -> bool {
        self.sleeper.unregister()
    }

    fn reason(&self) -> Reason {
        self.sleeper.reason()
    }
}

/// Waits here. None if libc is to do it.
///
/// # Safety
///
/// That of the function of C.
#[inline(never)]
unsafe fn wait(
    condition: *mut Condition,
    mutex: *mut Mutex,
    deadline: Option<(libc::clockid_t, *const libc::timespec)>,
) -> Option<c_int> {
    let deadline = match deadline {
        None => None,
        Some((clock, time)) => {
            // SAFETY: by the caller's contract.
            let deadline = Deadline::at(clock, unsafe { time.read() });
            let Some(deadline) = deadline else {
                return Some(libc::EINVAL);
            };
            Some(deadline)
        }
    };
    let always = || true;
    let place = Place {
        sleeper: Sleeper::new(condition.addr(), ANY, &always),
        mutex,
        unlocked: Cell::new(0),
    };
    let until = deadline.and_then(|deadline| deadline.instant());
    let request = Wait::new(&place, until);
    let outcome = match gate::is_open() {
        true => seam::libc::condition(&request)?,
        false => park::wait(&Native::current(), &request),
    };
    if place.unlocked.get() != 0 {
        return Some(place.unlocked.get());
    }
    // SAFETY: by the caller's contract.
    let locked = unsafe { mutex::lock(mutex) };
    Some(match (locked, outcome) {
        // The clock may have been set back: then it is a spurious wakeup.
        (0, Outcome::TimedOut) if deadline.is_some_and(|deadline| deadline.has_passed()) => {
            libc::ETIMEDOUT
        }
        (locked, _) => locked,
    })
}

/// Returns the clock of a condition variable.
///
/// # Safety
///
/// The condition variable is initialized.
unsafe fn clock_of(condition: *mut Condition) -> libc::clockid_t {
    /// The place of the bit in a condition variable that tells the clock, by bits, and one more; zero if it is not known.
    static BIT: AtomicUsize = AtomicUsize::new(0);

    let mut bit = BIT.load(Ordering::Relaxed);
    if bit == 0 {
        bit = find_bit_of_the_clock();
        BIT.store(bit, Ordering::Relaxed);
    }
    let bit = bit - 1;
    // SAFETY: by the caller's contract; the place is inside.
    let byte = unsafe { condition.byte_add(bit / 8) }.cast::<u8>();
    // SAFETY: as above. Other bits of the byte may change.
    let byte = unsafe { ptr::read_volatile(byte) };
    match byte >> (bit % 8) & 1 {
        0 => libc::CLOCK_REALTIME,
        _ => libc::CLOCK_MONOTONIC,
    }
}

/// Compares two new condition variables that differ in their clocks. Returns one more than the number of the bit by which
/// they differ.
#[cold]
fn find_bit_of_the_clock() -> usize {
    let bytes = [libc::CLOCK_REALTIME, libc::CLOCK_MONOTONIC].map(|clock| {
        let mut attributes = MaybeUninit::<libc::pthread_condattr_t>::uninit();
        // The bytes that libc does not write are zeros.
        let mut condition = MaybeUninit::<Condition>::zeroed();
        // SAFETY: the place is valid for the write.
        unsafe { libc::pthread_condattr_init(attributes.as_mut_ptr()) };
        // SAFETY: the attributes are initialized.
        unsafe { libc::pthread_condattr_setclock(attributes.as_mut_ptr(), clock) };
        // SAFETY: as above, and the place is valid for the write.
        unsafe { libc::pthread_cond_init(condition.as_mut_ptr(), attributes.as_ptr()) };
        // SAFETY: it is as large, and was zeroed before it was written to.
        unsafe {
            condition
                .as_ptr()
                .cast::<[u8; size_of::<Condition>()]>()
                .read()
        }
    });
    let mut pairs = bytes[0].iter().zip(&bytes[1]);
    let byte = pairs
        .position(|(one, other)| one != other)
        .expect("condition variables with different clocks differ");
    let difference = bytes[0][byte] ^ bytes[1][byte];
    8 * byte + difference.trailing_zeros() as usize + 1
}
