//! The values that a dump consists of.
#![forbid(unsafe_code)]

use std::net::SocketAddr;
use std::panic::Location;
use std::time::Duration;

use crate::frame::Frame;

/// What all hubs and green threads of the process did when it was made. See [`dump`](fn@crate::dump).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Dump {
    /// The hubs, in the order in which they were made.
    pub hubs: Vec<HubReport>,
    /// The cycles among the threads that wait for each other: each thread waits for the next, and the last for the first.
    /// They are identified by their numbers. None of them can run again.
    pub cycles: Vec<Vec<u64>>,
    /// The OS threads that are not hubs and wait without a deadline in greenpatch, for a lock, a message, or the end of a thread. On Linux.
    pub os_threads: Vec<OsThreadReport>,
    /// The number of OS threads that are not hubs, which may wake green threads. None if the system does not tell.
    pub other_os_threads: Option<usize>,
}

/// One hub and its green threads.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HubReport {
    /// The number that the OS knows the hub's OS thread by.
    pub os_thread: u64,
    /// The name that the OS knows it by.
    pub name: Option<String>,
    /// Whether the hub did not answer in time, because one of its threads runs or blocks the OS thread. Its green threads
    /// are not listed then.
    pub is_held: bool,
    /// The system call that the OS thread of a held hub is in, by its number, if it is in one and the system tells.
    pub system_call: Option<u64>,
    /// The thread that holds a held hub, if that is known.
    pub running: Option<RunningThread>,
    /// The green threads, and the root if code runs there.
    pub threads: Vec<ThreadReport>,
}

/// An OS thread that is no hub, and waits without a deadline in greenpatch.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OsThreadReport {
    /// The number that the OS knows it by.
    pub os_thread: u64,
    /// Its name, as the OS knows it.
    pub name: Option<String>,
    /// The number of the thread.
    pub id: u64,
    /// What it waits for. How long it has waited is not known.
    pub wait: WaitReport,
    /// An address on its stack.
    pub(super) place: usize,
    /// A number that is the same as long as it waits.
    pub(super) epoch: usize,
}

/// The thread that runs on a hub which does not answer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RunningThread {
    /// The number of the green thread. None for the code on the OS thread's own stack.
    pub id: Option<u64>,
    /// The name that it was given.
    pub name: Option<String>,
    /// Where it was spawned.
    pub spawned_at: Option<&'static Location<'static>>,
    /// The functions that it was in when it was interrupted, innermost first, if they were asked for. See
    /// [`DumpOptions::backtraces`](super::DumpOptions::backtraces).
    pub backtrace: Option<Vec<Frame>>,
    /// Why they are not known, although they were asked for.
    pub no_backtrace: Option<&'static str>,
}

/// One green thread, or the code on an OS thread's own stack.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ThreadReport {
    /// The number of the thread.
    pub id: u64,
    /// The name that it was given.
    pub name: Option<String>,
    /// Whether it is the code on the OS thread's own stack, such as `main`.
    pub is_root: bool,
    /// Where it was spawned.
    pub spawned_at: Option<&'static Location<'static>>,
    /// The number of the thread that has spawned it.
    pub parent: Option<u64>,
    /// What it does.
    pub state: ThreadState,
    /// What it waits for, if it is parked and that is known.
    pub wait: Option<WaitReport>,
    /// Its stack, once it has started.
    pub stack: Option<StackUse>,
    /// The functions that it is in, innermost first, if they were asked for and it has started. See
    /// [`DumpOptions::backtraces`](super::DumpOptions::backtraces).
    pub backtrace: Option<Vec<Frame>>,
    /// Why they are not known, although they were asked for and it has started.
    pub no_backtrace: Option<&'static str>,
    /// The addresses of its stack.
    pub(super) bounds: Option<(usize, usize)>,
}

/// What a green thread does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ThreadState {
    /// It has not started.
    New,
    /// It is in the run queue.
    Ready,
    /// It runs.
    Running,
    /// It is parked.
    Waiting,
}

/// A wait of a thread.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WaitReport {
    /// What it waits for.
    pub kind: WaitKind,
    /// The address of the object. It is only good for comparing it with others.
    pub address: Option<usize>,
    /// Where the thread has called the function that blocks.
    pub location: Option<&'static Location<'static>>,
    /// For how long it has waited, at least. It has waited for some milliseconds more at most, or, if its hub was busy or the wait
    /// is long, for a few percent more.
    pub waited: Duration,
    /// How long it waits at most from now on.
    pub remaining: Option<Duration>,
    /// The thread that can end the wait, if that is known: the one that is joined, or that holds the lock.
    pub holder: Option<Holder>,
    /// A page of the stack of that thread, as the lock has it.
    pub(super) page: Option<u32>,
}

/// What a thread waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitKind {
    /// A mutex.
    Mutex,
    /// A read-write lock, to read.
    Read,
    /// A read-write lock, to write.
    Write,
    /// The initialization of a `Once`, a `OnceLock` or a `LazyLock`.
    Once,
    /// A condition variable.
    Condvar,
    /// A barrier.
    Barrier,
    /// Room in a channel.
    ChannelSend,
    /// A message from a channel.
    ChannelReceive,
    /// The end of a thread.
    Join,
    /// The end of the threads of a scope.
    Scope,
    /// The token of `thread::park`.
    Park,
    /// A future, in `block_on`.
    BlockOn,
    /// The end of `thread::sleep`.
    Sleep,
    /// A descriptor.
    Descriptor {
        /// Its number.
        fd: i32,
        /// Whether it waits to write.
        writes: bool,
        /// The address of the peer of a socket.
        peer: Option<SocketAddr>,
    },
    /// A word of memory, or a lock of pthreads, in code that calls libc.
    Futex,
    /// A call that an OS thread of this name makes.
    Call(&'static str),
}

/// The thread that can end a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Holder {
    /// The thread with this number.
    Thread(u64),
    /// An OS thread that is no hub.
    OsThread,
}

/// The use of a stack, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StackUse {
    /// Its size, without the guard page.
    pub size: usize,
    /// How much of it is in use, if that is known: the thread is suspended, and greenpatch's own switch is in use.
    pub used: Option<usize>,
    /// How much of it has memory, in whole pages, if that was asked for and the system tells: the thread, or another one that had
    /// the same stack before, has used so much. See [`DumpOptions::stack_peaks`](super::DumpOptions::stack_peaks).
    pub peak: Option<usize>,
}

impl ThreadReport {
    /// Creates a report without anything else.
    pub(super) fn new(id: u64, state: ThreadState) -> ThreadReport {
        ThreadReport {
            id,
            name: None,
            is_root: false,
            spawned_at: None,
            parent: None,
            state,
            wait: None,
            stack: None,
            backtrace: None,
            no_backtrace: None,
            bounds: None,
        }
    }
}

impl HubReport {
    /// Creates the report of a hub that has not answered so far.
    pub(super) fn new(os_thread: u64) -> HubReport {
        HubReport {
            os_thread,
            name: None,
            is_held: true,
            system_call: None,
            running: None,
            threads: Vec::new(),
        }
    }
}

impl Dump {
    /// Creates a dump in which nothing else is known.
    pub(super) fn new(hubs: Vec<HubReport>) -> Dump {
        Dump {
            hubs,
            cycles: Vec::new(),
            os_threads: Vec::new(),
            other_os_threads: None,
        }
    }

    /// Creates a dump of threads of one hub.
    #[cfg(test)]
    pub(super) fn of(threads: impl IntoIterator<Item = ThreadReport>) -> Dump {
        let mut hub = HubReport::new(1);
        hub.is_held = false;
        hub.threads.extend(threads);
        Dump::new(vec![hub])
    }

    /// Returns the threads of all hubs.
    pub fn threads(&self) -> impl Iterator<Item = &ThreadReport> {
        self.hubs.iter().flat_map(|hub| &hub.threads)
    }
}
