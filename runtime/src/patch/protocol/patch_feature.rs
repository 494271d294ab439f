//! The calls that patch one built-in feature each, and the methods of [`Patcher`] that choose it.
#![forbid(unsafe_code)]

use super::apply;
use super::patcher::Patcher;
use super::plan::Plan;
use crate::patch::error::PatchError;
use crate::patch::events::report::Patched;
use crate::patch::events::settings::Settings;
use crate::patch::events::thread_options::ThreadOptions;
use crate::patch::feature::Feature;

/// Patches `std::thread`, `std::sync` and `thread_local!` as one feature, together with `thread::sleep`.
/// [`ThreadOptions`] can leave parts of it native.
///
/// # Safety of native thread-locals
///
/// Green threads of one OS thread share the thread-locals of code that is not annotated. The behavior is undefined
/// if the initializer of such a value blocks through annotated code and another green
/// thread initializes the value meanwhile: `std::thread_local!` drops the first of two values even if it is in use. No
/// function of greenpatch can be `unsafe` for this reason, because it depends on code that does not know of the patch. Do not pass
/// such code a callback that blocks. [`thread_local!`](crate::thread_local) of this crate has no such restriction.
///
/// # Errors
///
/// As [`patch_all`](crate::patch_all), and if the system has no resources for green threads.
///
/// # Panics
///
/// As [`patch_all`](crate::patch_all).
pub fn patch_thread() -> Result<Patched, PatchError> {
    ThreadOptions::new().apply()
}

impl ThreadOptions {
    /// Patches with these options; see [`patch_thread`].
    ///
    /// # Errors
    ///
    /// As [`patch_thread`].
    ///
    /// # Panics
    ///
    /// As [`patch_all`](crate::patch_all).
    pub fn apply(self) -> Result<Patched, PatchError> {
        let mut settings = Settings::nothing();
        settings.set_thread(Some(self));
        settings.set(Feature::Time, self.has_time());
        apply::one(settings, || Plan::thread(self))
    }
}

/// Defines the function that patches a feature, and the method of [`Patcher`] that turns it on or off. A row has the
/// documentation and the name of each, and the feature. A built-in feature without a row does not compile.
macro_rules! features {
    ($(
        $(#[$function_doc:meta])* fn $function:ident;
        $(#[$method_doc:meta])* Patcher::$method:ident => $feature:ident;
    )*) => {
        $(
            $(#[$function_doc])*
            ///
            /// # Errors
            ///
            /// As [`patch_all`](crate::patch_all).
            ///
            /// # Panics
            ///
            /// As [`patch_all`](crate::patch_all).
            pub fn $function() -> Result<Patched, PatchError> {
                one(Feature::$feature)
            }
        )*

        impl Patcher {
            $(
                $(#[$method_doc])*
                pub fn $method(self, on: bool) -> Self {
                    self.choose(Feature::$feature, on)
                }
            )*
        }

        const _: fn(Feature) = |feature| match feature {
            $(Feature::$feature)|* => {}
            // It has options, and the source modules of users are patched by their names.
            Feature::Thread | Feature::User(_) => {}
        };
    };
}

features! {
    /// Patches `thread::sleep`.
    fn patch_time;
    /// Sets whether `thread::sleep` is patched.
    Patcher::time => Time;

    /// Patches the standard streams: a thread that waits for input on `stdin`, or for the lock of a
    /// stream, lets other green threads run.
    fn patch_stdio;
    /// Sets whether `stdin`, `stdout`, `stderr` and the print macros are patched; see [`patch_stdio`].
    Patcher::stdio => Stdio;

    /// Patches sockets: `std::net` and `std::os::unix::net`.
    fn patch_net;
    /// Sets whether sockets are patched; see [`patch_net`].
    Patcher::net => Net;

    /// Patches name resolution, which then runs on helper threads.
    fn patch_dns;
    /// Sets whether name resolution is patched; see [`patch_dns`].
    Patcher::dns => Dns;

    /// Patches `std::process` and `std::io::pipe`: a thread that waits for a child process, or on a pipe, lets
    /// other green threads run. A file that is a named pipe, a terminal or a device counts as a pipe.
    fn patch_process;
    /// Sets whether child processes and pipes are patched; see [`patch_process`].
    Patcher::process => Process;

    /// Patches `std::fs`. Its operations then run on helper threads.
    ///
    /// [`patch_all`](crate::patch_all) leaves it out unless [`Patcher::fs`] turns it on. A local file is mostly in
    /// memory: reading it in place takes a tenth of the time that it takes to wake another thread. This is for disks and
    /// network file systems that are slow enough to delay other green threads.
    fn patch_fs;
    /// Sets whether files are patched, which is off by default; see [`patch_fs`].
    Patcher::fs => Fs;

    /// Patches functions of libc, which then let other green threads run while they wait: futexes, and the locks of
    /// pthreads.
    ///
    /// It needs the crate's feature `libc`, which makes greenpatch define these functions for the whole process. Without
    /// it, and where the target is not Linux with glibc, there is nothing to patch. `docs/LIBC.md` lists the functions.
    fn patch_libc;
    /// Sets whether functions of libc are patched; see [`patch_libc`].
    Patcher::libc => Libc;
}

fn one(feature: Feature) -> Result<Patched, PatchError> {
    let mut settings = Settings::nothing();
    settings.set(feature, true);
    apply::one(settings, || Plan::feature(feature))
}
