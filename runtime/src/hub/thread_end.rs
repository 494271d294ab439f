//! Learning that the end of a hub's OS thread has begun.
//!
//! The OS thread's own thread-local values are destroyed when `main` returns, and when something calls `exit`
//! on that thread: the newest first. A destructor may wait, and then others would run, which may be inside a
//! value that is destroyed already. So the hub keeps a destructor of its own, the mark, in the list of them,
//! above every value that a suspended task can have a reference to. When the mark is reached the hub
//! switches no more.
//!
//! ```text
//!   newest ─▶ values that only the running task has used since it last resumed
//!             mark          ◀── the hub switches until here
//!             values that other tasks may be inside of
//!             mark, from before
//!             …
//! ```
//!
//! glibc has the list, and tells nothing of it but by what changes when a destructor is registered. So its
//! head is looked for once, by registering two. Where it is not found, or the system has another way, the
//! mark is where it was when the hub was entered.
//!
//! Invariants:
//! 1. `newest` points to `mark`, or to the word in glibc's thread data that is the head of the list; either is
//!    readable as long as the OS thread lives, and read on that thread alone.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ptr;
use std::sync::OnceLock;

/// The mark of one hub.
#[derive(Debug)]
pub(super) struct Mark {
    /// Where the address of the newest destructor is.
    newest: Cell<*const usize>,
    /// The newest destructor when the mark was made.
    mark: Cell<usize>,
}

/// Called when a mark is reached, before anything is destroyed that others may use.
static WHEN_REACHED: OnceLock<fn()> = OnceLock::new();

/// Sets what is called on a hub's OS thread when its end has begun, once for each mark.
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

    /// Sets the first mark. On the hub's OS thread, which enters it.
    pub(super) fn set_first(&'static self) {
        let head = glibc::find_head().unwrap_or_else(|| {
            glibc::register();
            self.mark.as_ptr()
        });
        self.newest.set(head);
        // SAFETY: by invariant 1.
        self.mark.set(unsafe { head.read() });
    }

    /// Takes over from the mark of another hub of the same OS thread.
    pub(super) fn follow(&'static self, other: &Mark) {
        let is_found = !ptr::eq(other.newest.get(), other.mark.as_ptr());
        self.newest.set(if is_found {
            other.newest.get()
        } else {
            self.mark.as_ptr()
        });
        self.mark.set(other.mark.get());
    }

    /// Renews the mark unless it is above all values that the running task has used: the task is about to be left.
    #[inline]
    pub(super) fn keep_newest(&self) {
        if !self.is_newest() {
            self.renew();
        }
    }

    /// Whether no destructor is newer than the mark.
    #[inline]
    fn is_newest(&self) -> bool {
        let newest = self.newest.get();
        // SAFETY: by invariant 1; a task runs, so the hub was entered.
        unsafe { newest.read() == self.mark.get() }
    }

    #[cold]
    fn renew(&self) {
        glibc::register();
        // SAFETY: by invariant 1.
        self.mark.set(unsafe { self.newest.get().read() });
    }
}

/// What runs when the mark is reached.
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

    /// What the destructors are registered with: something that lies in this object.
    static VALUE: u8 = 0;

    /// Registers a mark as the newest destructor of the OS thread that runs.
    pub(super) fn register() {
        let value = (&raw const VALUE).cast_mut().cast();
        // SAFETY: the destructor takes any pointer, and uses it for nothing; the last argument is an address in
        // the object that has the destructor. Without memory for it glibc ends the process.
        unsafe { __cxa_thread_atexit_impl(reached, value, value) };
    }

    /// One entry of the list, as glibc has had it since there is one.
    #[repr(C)]
    struct Entry {
        destructor: usize,
        value: *const u8,
        object: usize,
        next: usize,
    }

    /// Finds the head of the OS thread's list, and registers marks for that.
    pub(super) fn find_head() -> Option<*const usize> {
        let (start, words) = thread_data()?;
        // SAFETY: `thread_data` says that they are there, and they are of the OS thread that runs.
        let read = |index: usize| unsafe { start.wrapping_add(index).read_volatile() };
        let snapshot = || (0..words).map(read).collect::<Vec<usize>>();
        register();
        let first = snapshot();
        register();
        let second = snapshot();
        register();
        (0..words).find_map(|index| {
            let (first, second, third) = (first[index], second[index], read(index));
            let is_entry = |word: usize| word > 1 << 16 && word.is_multiple_of(align_of::<Entry>());
            if first == second || second == third || !is_entry(second) || !is_entry(third) {
                return None;
            }
            // SAFETY: a registration changes the list and glibc's allocator, which keeps what it counts and where
            // it allocates in memory of its own. So a word of glibc's thread data that each of two registrations has
            // changed, to something aligned like an address both times, is the head of the list, and leads to an entry.
            let entry = unsafe { &*ptr::with_exposed_provenance::<Entry>(third) };
            let is_head = entry.next == second && ptr::eq(entry.value, &raw const VALUE);
            is_head.then(|| start.wrapping_add(index))
        })
    }

    /// Where glibc's data of the OS thread that runs begins, and how many words it has.
    fn thread_data() -> Option<(*const usize, usize)> {
        let mut found = None;
        // SAFETY: the callback takes what this function hands it, and `found` outlives the call.
        unsafe { libc::dl_iterate_phdr(Some(is_glibc), (&raw mut found).cast()) };
        found
    }

    /// Whether an object is the one that has `__cxa_thread_atexit_impl`; notes its thread data if so.
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
            // SAFETY: it is what `thread_data` has handed on.
            unsafe { *found.cast::<Option<(*const usize, usize)>>() = Some((data, words)) };
        }
        1
    }
}

/// Elsewhere no such list is known.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod glibc {
    use super::reached;

    struct Mark;

    impl Drop for Mark {
        fn drop(&mut self) {
            reached(std::ptr::null_mut());
        }
    }

    /// Registers a mark, once for an OS thread.
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
