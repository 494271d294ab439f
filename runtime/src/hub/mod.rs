//! The scheduler of one OS thread: its run queue, its timers, its descriptors, and what other threads send it.
//!
//! Layer: hub, above `coroutine` and `reactor`.
//! Called by: `green`, `inspect`.
//! Calls: `boundary`, `wait`, `coroutine`, `reactor`, `refused`, `panic_strategy`.
//! Never: knows the patch table, a seam, or a std-shaped type.
//!
//! Each file owns one part of a hub's state and takes the other parts that it needs as arguments. [`core`] puts the
//! parts together; the files below it in this list do not know [`Hub`]:
//!
//! ```text
//!   placement   switching   last_thread     the choice of a hub, and the end of the process
//!   wait_ready                              waiting for descriptors
//!   park        waker       startup         blocking, waking, creating a hub
//!   observation                             turns that are observed
//!   inspection  tally                       what reports see of a hub
//!   interrupt                               cancellation and time-outs of a task
//!   schedule    search      spawn           the choice of the next task, work of other workers, and new tasks
//!   team                                    the workers of the process
//!   current     fork                        the hub of this OS thread
//!   core                                    the state, with its invariants
//!   driver      task_table  remote          descriptors, memory of tasks, access from other OS threads
//!   run_queue   unwinding   inbox  alive  revalidation  unstarted  patience  lock_patience
//!   errno                                   what libc keeps for an OS thread
//!   task        body        timers  budget  panic_hook  thread_end
//!   idleness    quiet                       whether anything can still happen
//!   counts      delays      observer  moments   what a hub has done so far, and does
//! ```

mod alive;
mod body;
mod budget;
mod core;
mod cores;
mod counts;
mod current;
mod delays;
mod driver;
#[cfg(greenpatch_libc)]
mod errno;
mod fork;
mod idleness;
mod inbox;
mod inspection;
mod interrupt;
mod last_thread;
mod lock_patience;
mod moments;
mod observation;
mod observer;
mod panic_hook;
mod park;
mod patience;
mod placement;
mod quiet;
mod remote;
mod revalidation;
mod run_queue;
mod schedule;
mod search;
mod spawn;
mod startup;
mod switching;
mod tally;
mod task;
mod task_table;
mod team;
mod thread_end;
mod timers;
mod unstarted;
mod unwinding;
mod wait_ready;
mod waker;

pub(crate) use self::core::Hub;
pub(crate) use alive::alive;
pub(crate) use body::{Body, Run};
pub(crate) use counts::{Tally, is_timed, set_timed};
pub(crate) use current::{current, forbid_switching, is_stopped, stop};
pub(crate) use delays::BUCKETS;
pub(crate) use driver::Waited;
pub(crate) use inspection::{Activity, Flow, Seen, hubs, when_quiet};
pub(crate) use interrupt::os_thread_of;
pub(crate) use last_thread::{retire, when_the_last_ends};
pub(crate) use observation::observe_hubs;
pub(crate) use observer::{Cause, Ended, Known, Observer, Reason};
pub(crate) use panic_hook::{Trace, learn_caller};
pub(crate) use placement::{
    has_workers, hub_to_spawn_on, start_workers, this_hub_to_spawn_on, worker_to_spawn_on,
};
pub(crate) use revalidation::EPOCH;
pub(crate) use spawn::Destination;
#[cfg(greenpatch_libc)]
pub(crate) use switching::switching_for_libc;
pub(crate) use switching::{switching, switching_or_in_a_hook};
pub(crate) use thread_end::when_a_thread_ends;

pub(crate) use crate::coroutine::{
    Interrupted, NotCopied, Room, stack_of_this_thread, while_no_fork,
};
pub(crate) use crate::reactor::{Direction, Key, forks};

#[cfg(test)]
mod tests;
