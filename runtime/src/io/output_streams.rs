//! Standard output and standard error.
#![forbid(unsafe_code)]

use std::fmt;
use std::io::{self, IoSlice, Write};
use std::marker::PhantomData;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::process::Stdio;

use super::reentrant_lock::{ReentrantLock, ReentrantLockGuard};
use crate::seam::offload;
use crate::seam::stdio::{self as seam, Output};

static STDOUT: ReentrantLock = ReentrantLock::new();
static STDERR: ReentrantLock = ReentrantLock::new();

/// Locks an output stream for a macro that prints. If the current thread may not wait for another one, returns none while
/// another thread holds the lock.
pub(super) fn lock_to_print(stream: Output) -> Option<ReentrantLockGuard> {
    let lock = match stream {
        Output::Stdout => &STDOUT,
        Output::Stderr => &STDERR,
    };
    if seam::may_wait() {
        Some(lock.lock())
    } else {
        lock.try_lock()
    }
}

/// Makes a call that may write `length` bytes, in place or on a helper thread.
fn call<R: Send>(
    stream: Output,
    length: usize,
    f: impl FnOnce() -> io::Result<R> + Send,
) -> io::Result<R> {
    offload::run(|call| seam::output(stream, length, call), f)
}

/// Defines an output stream: the function that returns a handle, the handle, and the guard of its lock.
macro_rules! output_stream {
    (
        $function:ident, $Handle:ident, $Guard:ident, $lock:ident, $what:literal,
        differences: $differences:literal
    ) => {
        #[doc = concat!("Returns a handle to standard ", $what, ".")]
        ///
        /// # Differences from std
        ///
        /// The lock is owned by a thread, native or green. Once patched, a green thread that writes more than the stream
        /// accepts waits on a helper thread, and others run.
        ///
        /// # Examples
        ///
        /// ```
        /// use std::io::Write;
        /// use greenpatch::io;
        ///
        #[doc = concat!("let mut ", stringify!($function), " = io::", stringify!($function), "().lock();")]
        #[doc = concat!("writeln!(", stringify!($function), ", \"no other thread writes\")?;")]
        #[doc = concat!("writeln!(", stringify!($function), ", \"between these lines\")?;")]
        /// # Ok::<(), std::io::Error>(())
        /// ```
        #[must_use]
        pub fn $function() -> $Handle {
            $Handle {
                std: io::$function(),
            }
        }

        #[doc = concat!("A handle to standard ", $what, "; see [`", stringify!($function), "`].")]
        ///
        /// # Differences from std
        ///
        #[doc = $differences]
        pub struct $Handle {
            std: io::$Handle,
        }

        impl $Handle {
            /// Locks the stream: no other thread writes until the guard is dropped.
            ///
            /// # Differences from std
            ///
            /// A green thread that waits for the lock lets others run.
            #[must_use]
            pub fn lock(&self) -> $Guard<'static> {
                $Guard {
                    _guard: $lock.lock(),
                    stream: PhantomData,
                }
            }
        }

        impl UnwindSafe for $Handle {}
        impl RefUnwindSafe for $Handle {}

        impl fmt::Debug for $Handle {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($Handle)).finish_non_exhaustive()
            }
        }

        #[doc = concat!("A locked handle to standard ", $what, "; see [`", stringify!($Handle), "::lock`].")]
        ///
        /// # Differences from std
        ///
        #[doc = concat!("It is not the type `std::io::", stringify!($Guard), "`, and does not exclude code that writes through std's own")]
        /// handle, which may write between two pieces of one `write!`. Like std's it is not `Send`:
        ///
        /// ```compile_fail,E0277
        /// fn send<T: Send>(_: T) {}
        #[doc = concat!("send(greenpatch::io::", stringify!($function), "().lock());")]
        /// ```
        pub struct $Guard<'a> {
            _guard: ReentrantLockGuard,
            stream: PhantomData<&'a $Handle>,
        }

        impl Write for $Guard<'_> {
            fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
                call(Output::$Handle, buf.len(), || io::$function().write(buf))
            }

            fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
                let length = bufs.iter().map(|buf| buf.len()).sum();
                call(Output::$Handle, length, || io::$function().write_vectored(bufs))
            }

            fn write_all(&mut self, buf: &[u8]) -> io::Result<()> {
                call(Output::$Handle, buf.len(), || io::$function().write_all(buf))
            }

            fn flush(&mut self) -> io::Result<()> {
                call(Output::$Handle, 0, || io::$function().flush())
            }
        }

        output_stream!(@write $Handle);
        output_stream!(@write &$Handle);

        impl UnwindSafe for $Guard<'_> {}
        impl RefUnwindSafe for $Guard<'_> {}

        impl fmt::Debug for $Guard<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($Guard)).finish_non_exhaustive()
            }
        }

        impl AsFd for $Handle {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.std.as_fd()
            }
        }

        impl AsRawFd for $Handle {
            fn as_raw_fd(&self) -> RawFd {
                self.std.as_raw_fd()
            }
        }

        impl From<$Handle> for Stdio {
            /// Has a child process write to this stream.
            fn from(ours: $Handle) -> Stdio {
                ours.std.into()
            }
        }
    };
    (@write $Handle:ty) => {
        impl Write for $Handle {
            fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
                self.lock().write(buf)
            }

            fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
                self.lock().write_vectored(bufs)
            }

            fn write_all(&mut self, buf: &[u8]) -> io::Result<()> {
                self.lock().write_all(buf)
            }

            fn write_fmt(&mut self, arguments: fmt::Arguments<'_>) -> io::Result<()> {
                self.lock().write_fmt(arguments)
            }

            fn flush(&mut self) -> io::Result<()> {
                self.lock().flush()
            }
        }
    };
}

output_stream!(
    stdout, Stdout, StdoutLock, STDOUT, "output",
    differences: "It is not the type `std::io::Stdout`, with which it shares the buffer."
);
output_stream!(
    stderr, Stderr, StderrLock, STDERR, "error",
    differences: "It is not the type `std::io::Stderr`."
);
