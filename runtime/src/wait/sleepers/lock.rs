//! The lock of a bucket: it waits by a futex of its own, past libc, or is loom's in a model.
//!
//! Source: Drepper, "Futexes Are Tricky", the third mutex.
#![allow(unsafe_code)]

#[cfg(not(loom))]
mod imp {
    use ::std::hint::spin_loop;
    use ::std::sync::atomic::{AtomicU32, Ordering};

    use crate::wait::atomic::UnsafeCell;
    use crate::wait::system_call::system_call;

    const FREE: u32 = 0;
    const HELD: u32 = 1;
    /// Held, and a thread may wait.
    const AWAITED: u32 = 2;

    /// Polls before a thread blocks. The lock is held for a few instructions.
    const POLLS: u32 = 100;

    pub(crate) struct Lock<T> {
        state: AtomicU32,
        value: UnsafeCell<T>,
    }

    // SAFETY: the value is accessed by the thread that holds the lock.
    unsafe impl<T: Send> Sync for Lock<T> {}

    impl<T> Lock<T> {
        pub(crate) const fn new(value: T) -> Lock<T> {
            Lock {
                state: AtomicU32::new(FREE),
                value: UnsafeCell::new(value),
            }
        }

        /// Calls `f` with the value. `f` must not panic.
        pub(crate) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
            self.lock();
            // SAFETY: the lock is held until `f` has returned.
            let result = self.value.with_mut(|value| f(unsafe { &mut *value }));
            // Release: pairs with the acquire in `lock`.
            if self.state.swap(FREE, Ordering::Release) == AWAITED {
                self.futex(libc::FUTEX_WAKE, 1);
            }
            result
        }

        fn lock(&self) {
            for _ in 0..POLLS {
                let free =
                    self.state
                        .compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed);
                if free.is_ok() {
                    return;
                }
                spin_loop();
            }
            while self.state.swap(AWAITED, Ordering::Acquire) != FREE {
                self.futex(libc::FUTEX_WAIT, AWAITED);
            }
        }

        /// Sets the value, whether or not the lock is held.
        pub(crate) fn reset(&self, value: T) {
            // SAFETY: no other thread exists in this process.
            self.value.with_mut(|place| unsafe { place.write(value) });
            self.state.store(FREE, Ordering::Relaxed);
        }

        fn futex(&self, operation: libc::c_int, value: u32) {
            let operation = operation | libc::FUTEX_PRIVATE_FLAG;
            let word = self.state.as_ptr().addr();
            // SAFETY: the lock is a static.
            unsafe {
                system_call(
                    libc::SYS_futex,
                    [word, operation as usize, value as usize, 0, 0, 0],
                )
            };
        }
    }
}

#[cfg(loom)]
mod imp {
    use crate::wait::atomic::{Mutex, lock};

    /// loom's lock.
    pub(crate) struct Lock<T>(Mutex<T>);

    impl<T> Lock<T> {
        pub(crate) fn new(value: T) -> Lock<T> {
            Lock(Mutex::new(value))
        }

        pub(crate) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
            f(&mut lock(&self.0))
        }
    }
}

pub(super) use imp::Lock;
