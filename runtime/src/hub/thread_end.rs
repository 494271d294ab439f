//! Detection of the end of a hub's OS thread.
//!
//! The thread-local values of an OS thread are destroyed, newest first, when `main` returns and when code on that thread
//! calls `exit`. A destructor may wait. Other tasks would then run, and they may use a value that is already destroyed.
//! So the hub registers a destructor in the same list, called the mark, above every value that a suspended task can have
//! a reference to. Once the mark is reached, the hub no longer switches.
//!
//! ```text
//!   newest ─▶ values that only the running task has used since it last resumed
//!             mark          ◀── the hub switches until here
//!             values that other tasks may be using
//!             earlier mark
//!             …
//! ```
//!
//! The list belongs to glibc, which gives no access to it; only a registration changes it visibly. So the hub finds the
//! head of the list once, by observing registrations. If the head is not found, or the system has no such list, the mark
//! stays where it was when the hub was entered.
//!
//! Invariants:
//! 1. `newest` points to `mark`, or to the word in glibc's thread data that is the head of the list. Either is readable
//!    as long as the OS thread lives, and is read on that thread alone.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ptr;
use std::sync::OnceLock;

/// The mark of one hub.
#[derive(Debug)]
pub(super) struct Mark {
    /// The location of the address of the newest destructor.
    newest: Cell<*const usize>,
    /// The newest destructor at the time the mark was made.
    mark: Cell<usize>,
}

/// Called when a mark is reached, before any value is destroyed that other tasks may use.
static WHEN_REACHED: OnceLock<fn()> = OnceLock::new();

/// Sets the function that is called on a hub's OS thread when its end has begun, once for each mark.
pub(crate) fn when_a_thread_ends(f: fn()) {
    let _ = WHEN_REACHED.set(f);
}

impl Mark {
    pub(super) const fn new() -> Mark {
        Mark {
            newest: Cell::new(ptr::null()),
            mark: Cell::new(0),
        }
    }

    /// Sets the first mark. Called on the OS thread that enters the hub.
    pub(super) fn set_first(&'static self) {
        let head = glibc::find_head().unwrap_or_else(|| {
            glibc::register();
            self.mark.as_ptr()
        });
        self.newest.set(head);
        // SAFETY: by invariant 1.
        self.mark.set(unsafe { head.read() });
    }

    /// Takes over the mark of another hub of the same OS thread.
    pub(super) fn follow(&'static self, other: &Mark) {
        let is_found = !ptr::eq(other.newest.get(), other.mark.as_ptr());
        self.newest.set(if is_found {
            other.newest.get()
        } else {
            self.mark.as_ptr()
        });
        self.mark.set(other.mark.get());
    }

    /// Renews the mark unless it is above all values that the running task has used. Called before a task is suspended.
    #[inline]
    pub(super) fn keep_newest(&self) {
        if !self.is_newest() {
            self.renew();
        }
    }

    /// Returns true if no destructor is newer than the mark.
    #[inline]
    fn is_newest(&self) -> bool {
        let newest = self.newest.get();
        // SAFETY: by invariant 1. A task runs, so the hub was entered.
        unsafe { newest.read() == self.mark.get() }
    }

    #[cold]
    fn renew(&self) {
        glibc::register();
        // SAFETY: by invariant 1.
        self.mark.set(unsafe { self.newest.get().read() });
    }
}

/// The destructor that is the mark.
extern "C" fn reached(_: *mut libc::c_void) {
    if let Some(f) = WHEN_REACHED.get() {
        f();
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod glibc {
    use std::ptr;

    use super::reached;

    unsafe extern "C" {
        fn __cxa_thread_atexit_impl(
            destructor: extern "C" fn(*mut libc::c_void),
            value: *mut libc::c_void,
            object: *mut libc::c_void,
        ) -> libc::c_int;
    }

    /// The value that the destructors are registered with. It lies in this object.
    static VALUE: u8 = 0;

    /// Registers a mark as the newest destructor of the current OS thread.
    pub(super) fn register() {
        let value = (&raw const VALUE).cast_mut().cast();
        // SAFETY: the destructor takes any pointer and does not use it. The last argument is an address in the object
        // that contains the destructor. If there is no memory for the entry, glibc ends the process.
        unsafe { __cxa_thread_atexit_impl(reached, value, value) };
    }

    /// One entry of the list. Its layout has not changed since glibc has had the list.
    #[repr(C)]
    struct DestructorEntry {
        destructor: usize,
        value: *const u8,
        object: usize,
        next: usize,
    }

    /// Finds the head of the OS thread's list. Registers marks to do so.
    pub(super) fn find_head() -> Option<*const usize> {
        let (start, words) = thread_data()?;
        // SAFETY: `thread_data` has found these words, and they belong to the current OS thread.
        let read = |index: usize| unsafe { start.wrapping_add(index).read_volatile() };
        let snapshot = || (0..words).map(read).collect::<Vec<usize>>();
        register();
        let first = snapshot();
        register();
        let second = snapshot();
        register();
        (0..words).find_map(|index| {
            let (first, second, third) = (first[index], second[index], read(index));
            let is_entry =
                |word: usize| word > 1 << 16 && word.is_multiple_of(align_of::<DestructorEntry>());
            if first == second || second == third || !is_entry(second) || !is_entry(third) {
                return None;
            }
            // SAFETY: a registration changes only the list and glibc's allocator, which keeps its counters and the
            // addresses it allocates at in separate memory. So a word of glibc's thread data that changed with each of
            // two registrations, both times to a value aligned like an address, is the head of the list and points to
            // an entry.
            let entry = unsafe { &*ptr::with_exposed_provenance::<DestructorEntry>(third) };
            let is_head = entry.next == second && ptr::eq(entry.value, &raw const VALUE);
            is_head.then(|| start.wrapping_add(index))
        })
    }

    /// Returns the start of glibc's data of the current OS thread, and its length in words.
    fn thread_data() -> Option<(*const usize, usize)> {
        let mut found = None;
        // SAFETY: the callback expects the pointer that is passed here, and `found` outlives the call.
        unsafe { libc::dl_iterate_phdr(Some(is_glibc), (&raw mut found).cast()) };
        found
    }

    /// Stores the thread data of an object in `found` and returns 1, if the object contains `__cxa_thread_atexit_impl`.
    unsafe extern "C" fn is_glibc(
        info: *mut libc::dl_phdr_info,
        _: usize,
        found: *mut libc::c_void,
    ) -> libc::c_int {
        // SAFETY: by the contract of `dl_iterate_phdr`.
        let info = unsafe { &*info };
        // SAFETY: as above.
        let headers = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum.into()) };
        let function = __cxa_thread_atexit_impl as *const () as u64;
        let has_function = headers.iter().any(|header| {
            let start = info.dlpi_addr + header.p_vaddr;
            header.p_type == libc::PT_LOAD && (start..start + header.p_memsz).contains(&function)
        });
        if !has_function {
            return 0;
        }
        let data = info.dlpi_tls_data.cast::<usize>().cast_const();
        if let Some(header) = headers.iter().find(|header| header.p_type == libc::PT_TLS)
            && !data.is_null()
            && data.is_aligned()
        {
            let words = header.p_memsz as usize / size_of::<usize>();
            // SAFETY: `found` is the pointer that `thread_data` has passed.
            unsafe { *found.cast::<Option<(*const usize, usize)>>() = Some((data, words)) };
        }
        1
    }
}

/// On other systems no such list is known.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod glibc {
    use super::reached;

    struct Mark;

    impl Drop for Mark {
        fn drop(&mut self) {
            reached(std::ptr::null_mut());
        }
    }

    /// Registers a mark, once per OS thread.
    pub(super) fn register() {
        thread_local!(static MARK: Mark = const { Mark });
        let _ = MARK.try_with(|_| ());
    }

    pub(super) fn find_head() -> Option<*const usize> {
        None
    }
}

#[cfg(all(test, target_os = "linux", target_env = "gnu"))]
mod tests {
    use super::*;

    #[test]
    fn a_newer_destructor_is_seen_until_the_mark_is_renewed() {
        struct Dropped;
        impl Drop for Dropped {
            fn drop(&mut self) {}
        }
        thread_local!(static VALUE: Dropped = const { Dropped });

        let mark: &'static Mark = Box::leak(Box::new(Mark::new()));
        mark.set_first();
        assert!(glibc::find_head().is_some(), "glibc's list is found");
        mark.renew();
        assert!(mark.is_newest());
        VALUE.with(|_| ());
        assert!(!mark.is_newest());
        mark.renew();
        assert!(mark.is_newest());
        VALUE.with(|_| ());
        assert!(mark.is_newest());
    }
}
