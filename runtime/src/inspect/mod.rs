//! What green threads do: [`dump()`] lists them, with what each waits for, [`stats()`] counts what hubs do, and a
//! trace ([`Patcher::trace`](crate::Patcher::trace)) has what runs on each hub and when.
//!
//! A [`Dump`] is a value with public fields. Its `Display` is the text for people, [`Dump::to_json`] is for programs.
//! Green threads are known by the numbers that `ThreadId` prints.
//
// Layer: inspect, above `hub` and `seam`.
// Called by: `green`, `lib`.
// Calls: `boundary`, `frame`, `hub`, `patch`, `seam`, `thread_state`, `wait`.
// Never: is called by a hub but through a message or a stored function pointer.

mod backtrace;
mod captured;
mod cycles;
mod deadlock;
mod dump;
mod duration;
mod gather;
mod holders;
mod json;
mod json_writer;
mod listen;
mod monitor;
mod os;
mod os_threads;
mod running;
mod signal;
mod standard_error;
mod stats;
mod stats_text;
mod text;
mod timeline;
mod trace_file;
mod turn;
mod waits;

pub use crate::frame::Frame;
pub use dump::{
    Dump, Holder, HubReport, OsThreadReport, RunningThread, StackUse, ThreadReport, ThreadState,
    WaitKind, WaitReport,
};
pub use gather::{DumpOptions, dump};
pub use stats::{Counters, Histogram, HubStats, Stats, stats};

pub(crate) use cycles::start as check_for_cycles;
pub(crate) use deadlock::watch as watch_for_deadlocks;
pub(crate) use listen::start as start_listening;
pub(crate) use monitor::start as start_monitor;
pub(crate) use signal::dump_on as dump_on_signal;
pub(crate) use stats::measure_times;
pub(crate) use timeline::note;
pub(crate) use trace_file::start as start_trace;
