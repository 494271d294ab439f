//! The built-in source modules: the replacements of each module of std, their features and options, and what is set up
//! before they are put in place.
#![forbid(unsafe_code)]

use std::error::Error;
use std::sync::OnceLock;

use super::{
    busy, context, dns, exit, interrupt, known_as, local, net, offload, panic_hook, pipe, process,
    stdio, sync, thread, time, unwind,
};
#[cfg(greenpatch_libc)]
use super::{libc, libc_io};
use crate::coroutine::overflow;
use crate::hub::{self, Hub};
use crate::inspect;
use crate::patch::events::WillPatchModule;
use crate::patch::replacement::Replacement;
use crate::patch::source::Linked;
use crate::patch::{self, DoNotPatch, Feature, Scheduler, Settings, Site, Source, ThreadOption};
use crate::seam;
use crate::thread_state::os_thread;

static THREAD: Source = Source::builtin(
    "greenpatch::green::thread",
    "std::thread",
    Feature::Thread,
    &[
        replacement!(thread::start, start__PATCH, START),
        replacement!(thread::yield_now, yield_now__PATCH, YIELD_NOW),
        replacement!(thread::host, host__PATCH),
        replacement!(thread::park, park__PATCH, PARK),
        replacement!(thread::join, join__PATCH, JOIN),
        replacement!(thread::join_native, join_native__PATCH),
        replacement!(interrupt::cancel, cancel__PATCH).steady(),
        replacement!(interrupt::cancel_scope, cancel_scope__PATCH).steady(),
        replacement!(interrupt::is_possible, is_possible__PATCH),
        replacement!(busy::busy, busy__PATCH, BUSY),
        replacement!(busy::produced, produced__PATCH),
        replacement!(busy::polls, polls__PATCH),
        replacement!(context::green, green__PATCH).steady(),
        replacement!(local::is_shared, is_shared__PATCH).steady(),
        replacement!(exit::exit, exit__PATCH, EXIT).steady(),
        replacement!(unwind::panicking, panicking__PATCH, PANICKING).steady(),
        replacement!(unwind::panicked, panicked__PATCH, PANICKED).steady(),
        replacement!(unwind::caught, caught__PATCH, CAUGHT).steady(),
        replacement!(unwind::set_hook, set_hook__PATCH, SET_HOOK).steady(),
        replacement!(unwind::take_hook, take_hook__PATCH, TAKE_HOOK).steady(),
    ],
)
.will_patch(warn_off_the_main_thread)
.ready(enter_a_hub);

static SYNC: Source = Source::builtin(
    "greenpatch::green::sync",
    "std::sync",
    Feature::Thread,
    &[
        replacement!(sync::wait_lock, wait_lock__PATCH, WAIT_LOCK).under(ThreadOption::Threading),
        replacement!(sync::wait_signal, wait_signal__PATCH, WAIT_SIGNAL).under(ThreadOption::Event),
        // The lock of a file belongs to the locks, not to `patch_fs`: made in place, the call would block the very green
        // thread that is to release it.
        replacement!(offload::file_lock, file_lock__PATCH, FILE_LOCK)
            .under(ThreadOption::Threading),
    ],
);

static LOCAL: Source = Source::builtin(
    "greenpatch::green::local",
    "std::thread_local",
    Feature::Thread,
    &[replacement!(local::green, green__PATCH, LOCAL)
        .under(ThreadOption::ThreadLocal)
        .steady()],
);

static TIME: Source = Source::builtin(
    "greenpatch::green::time",
    "std::thread",
    Feature::Time,
    &[replacement!(time::sleep, sleep__PATCH, SLEEP)],
);

static NET: Source = Source::builtin(
    "greenpatch::green::net",
    "std::net",
    Feature::Net,
    &[
        replacement!(net::perform, perform__PATCH, TRANSFER),
        replacement!(offload::socket, socket__PATCH, CONNECT),
    ],
);

static STDIO: Source = Source::builtin(
    "greenpatch::green::stdio",
    "std::io",
    Feature::Stdio,
    &[
        replacement!(stdio::input, input__PATCH, INPUT),
        replacement!(stdio::output, output__PATCH, OUTPUT),
        replacement!(stdio::print, print__PATCH, PRINT),
        replacement!(stdio::may_wait, may_wait__PATCH).steady(),
    ],
);

static DNS: Source = Source::builtin(
    "greenpatch::green::dns",
    "std::net",
    Feature::Dns,
    &[
        replacement!(offload::name_lookup, name_lookup__PATCH, LOOK_UP),
        replacement!(dns::wait, wait__PATCH),
    ],
);

static PROCESS: Source = Source::builtin(
    "greenpatch::green::process",
    "std::process",
    Feature::Process,
    &[
        replacement!(pipe::perform, perform__PATCH, PIPE),
        replacement!(process::wait, wait__PATCH, CHILD_WAIT),
        replacement!(process::wait_either, wait_either__PATCH, CHILD_OUTPUT),
        replacement!(offload::child, child__PATCH),
        replacement!(offload::open, open__PATCH),
    ],
);

static FS: Source = Source::builtin(
    "greenpatch::green::fs",
    "std::fs",
    Feature::Fs,
    &[replacement!(offload::file, file__PATCH, FILE)],
);

#[cfg(greenpatch_libc)]
static LIBC: Source = Source::builtin(
    "greenpatch::libc",
    "libc",
    Feature::Libc,
    &[
        replacement!(libc::futex, futex__PATCH, FUTEX),
        replacement!(libc::futex_elsewhere, futex_elsewhere__PATCH),
        replacement!(libc::sched_yield, sched_yield__PATCH, SCHED_YIELD),
        replacement!(libc_io::poll, poll__PATCH, LIBC_POLL),
        replacement!(libc_io::transfer, transfer__PATCH, LIBC_TRANSFER),
        replacement!(libc_io::sleep, sleep__PATCH, LIBC_SLEEP),
        replacement!(libc_io::child, child__PATCH, LIBC_CHILD),
        replacement!(libc_io::name_lookup, name_lookup__PATCH, LIBC_NAME),
        replacement!(libc_io::file_lock, file_lock__PATCH, LIBC_FILE_LOCK),
        replacement!(libc::mutex, mutex__PATCH, PTHREAD_MUTEX),
        replacement!(libc::condition, condition__PATCH, PTHREAD_COND),
        replacement!(libc::rwlock, rwlock__PATCH, PTHREAD_RWLOCK),
        replacement!(libc::semaphore, semaphore__PATCH, SEMAPHORE),
        replacement!(libc::pthread_once, pthread_once__PATCH, PTHREAD_ONCE),
        replacement!(libc::pthread_join, pthread_join__PATCH, PTHREAD_JOIN),
        replacement!(
            libc::pthread_barrier,
            pthread_barrier__PATCH,
            PTHREAD_BARRIER
        ),
    ],
)
.ready(libc::link);

inventory::submit!(Linked(&THREAD));
inventory::submit!(Linked(&SYNC));
inventory::submit!(Linked(&LOCAL));
inventory::submit!(Linked(&TIME));
inventory::submit!(Linked(&NET));
inventory::submit!(Linked(&STDIO));
inventory::submit!(Linked(&DNS));
inventory::submit!(Linked(&PROCESS));
inventory::submit!(Linked(&FS));
#[cfg(greenpatch_libc)]
inventory::submit!(Linked(&LIBC));

/// A replacement of this crate for a seam of this crate, the function of the same path in `seam`; and the names that
/// users know it by, if it is theirs to leave out.
macro_rules! replacement {
    ($module:ident :: $item:ident, $slot:ident) => {
        replacement!($module::$item, $slot, INTERNAL)
    };
    ($module:ident :: $item:ident, $slot:ident, $known:ident) => {
        Replacement::new(
            seam::$module::$slot,
            $module::$item,
            Site {
                module: concat!("greenpatch::green::", stringify!($module)),
                name: stringify!($item),
                file: file!(),
                line: line!(),
            },
        )
        .known_as(known_as::$known)
    };
}
use replacement;

/// A hub lives as long as its OS thread, and what green threads use of that thread's own must not end
/// before they do; only the main thread is sure to last.
fn warn_off_the_main_thread(event: &mut WillPatchModule) -> Result<(), DoNotPatch> {
    if event.settings().workers().is_none() && !os_thread::is_main_thread() {
        event.warn(
            "patching off the main thread: green threads run on an OS thread of their own, not on the \
             one that patches; patch on the main thread to have them run there",
        );
    }
    Ok(())
}

/// Makes the patching thread a hub if it is the main thread, or starts the workers.
fn enter_a_hub(settings: &Settings) -> Result<(), Box<dyn Error + Send + Sync>> {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        hub::when_a_thread_ends(exit::thread_ends);
        hub::when_the_last_ends(exit::last_ends);
        patch::set_scheduler(Scheduler {
            current_scope: context::current_scope,
            replace_scope: context::replace_scope,
            green_threads: hub::alive,
            panic_caught: seam::unwind::caught,
            panic_resumed: seam::unwind::panicked,
            note: inspect::note,
            shielded: |call| crate::interruption::shield(call),
        });
    });
    panic_hook::learn();
    overflow::report_with(context::name);
    inspect::start_trace(settings.trace())?;
    inspect::start_listening(settings.listen())?;
    if let Some(count) = settings.workers() {
        if count == 0 {
            return Err("no green thread can run on zero workers; ask for one or more".into());
        }
        hub::start_workers(count)?;
    } else if !hub::has_workers() && hub::current().is_none() && os_thread::is_main_thread() {
        Hub::new()?.enter();
    }
    inspect::dump_on_signal(settings.dump_on_signal())?;
    inspect::start_monitor(settings.monitor())?;
    inspect::check_for_cycles(settings.cycles())?;
    inspect::measure_times(settings.stats())?;
    inspect::watch_for_deadlocks(settings.on_deadlock(), offload::idle_helpers)?;
    // Last, since an attempt that fails changes nothing.
    if let Some(bytes) = settings.stack_size() {
        thread::set_stack_size(bytes);
    }
    Ok(())
}
