//! What a hub shows of its tasks to reports, and how a report on another OS thread asks for it.
#![allow(unsafe_code)]

use std::backtrace::Backtrace;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, Ordering, fence};
use std::time::{Duration, Instant};

use super::core::Hub;
use super::current;
use super::idleness;
use super::observer::Known;
use super::remote::Message;
use super::task::{State, Task};
use super::timers::NOT_IN_HEAP;
use crate::coroutine::{self, Interrupted, NotCopied, Room, SavedContext, pages};

/// All hubs, the newest first. They live as long as the process. The list has no lock, which the child of a fork could find held by an
/// OS thread that it does not have.
static HUBS: AtomicPtr<Entry> = AtomicPtr::new(ptr::null_mut());

/// A hub in the list.
struct Entry {
    hub: &'static Hub,
    next: *mut Entry,
}

/// One task as its hub sees it.
pub(crate) struct Seen<'a> {
    pub(crate) activity: Activity,
    /// Whether it is the root.
    pub(crate) is_root: bool,
    pub(crate) known: Known,
    /// When it resumes if it is not woken before.
    pub(crate) deadline: Option<Instant>,
    /// Its stack, from the guard page to the top, and how much of it is in use, if that is known.
    pub(crate) stack: Option<(usize, usize, Option<usize>)>,
    pub(crate) flow: Flow<'a>,
}

/// Where the code of a task has got to.
pub(crate) enum Flow<'a> {
    /// It has not begun.
    NotStarted,
    /// It has called the function that asks, or the loop that runs on its stack has.
    Here,
    /// It has switched to another task.
    Suspended(Suspended<'a>),
}

/// A task that is suspended.
///
/// Invariant:
/// 1. The task has begun, and does not resume as long as this exists.
pub(crate) struct Suspended<'a>(&'a SavedContext);

impl Suspended<'_> {
    /// Captures the task's backtrace, if the switch can tell it. The first frames are greenpatch's.
    pub(crate) fn backtrace(&self) -> Option<Backtrace> {
        // SAFETY: by invariant 1.
        unsafe { coroutine::backtrace(self.0) }
    }
}

/// What a task does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Activity {
    New,
    Ready,
    Running,
    Waiting,
}

/// Adds a new hub.
pub(super) fn add(hub: &'static Hub) {
    let next = HUBS.load(Ordering::Relaxed);
    let entry = Box::leak(Box::new(Entry { hub, next }));
    // Release: pairs with the acquire in `all`.
    while let Err(now) =
        HUBS.compare_exchange_weak(entry.next, entry, Ordering::Release, Ordering::Relaxed)
    {
        entry.next = now;
    }
}

/// Returns the hubs of this process that an OS thread has entered.
pub(crate) fn hubs() -> Vec<&'static Hub> {
    let is_alive = |hub: &&Hub| hub.remote.is_of_this_process() && hub.remote.number() != 0;
    all().into_iter().filter(is_alive).collect()
}

/// Calls `f` with each hub of this process, also with those that no OS thread has entered yet.
pub(super) fn for_each_hub(f: impl FnMut(&'static Hub)) {
    let mut hubs = all();
    hubs.retain(|hub| hub.remote.is_of_this_process());
    hubs.into_iter().for_each(f);
}

/// Sets the function that hubs call, on their OS threads, while they are quiet.
pub(crate) fn when_quiet(f: fn()) {
    if idleness::set_when_quiet(f) {
        // A worker may sleep until something comes, which would be for ever.
        for_each_hub(|hub| hub.call(Box::new(|| ())));
    }
}

/// Returns what the layer above knows a task by. On the hub's OS thread.
pub(super) fn known(task: &Task) -> Known {
    if task.state.get() != State::New {
        return Known::Started(task.user_data.get());
    }
    let mut body = task.body.take();
    let tag = body.as_mut().and_then(|body| body.tag());
    task.body.set(body);
    Known::NotStarted(tag)
}

/// Returns all hubs, in the order in which they were made.
fn all() -> Vec<&'static Hub> {
    let mut all = Vec::new();
    // Acquire: pairs with the release in `add`.
    let mut next = HUBS.load(Ordering::Acquire);
    // SAFETY: a pointer in the list is null or to an entry, which lives as long as the process and does not change.
    while let Some(entry) = unsafe { next.as_ref() } {
        all.push(entry.hub);
        next = entry.next;
    }
    all.reverse();
    all
}

impl Hub {
    /// Returns the number that the OS knows the hub's OS thread by.
    pub(crate) fn os_thread_number(&self) -> u64 {
        self.remote.number()
    }

    /// Returns true if the hub is that of this OS thread.
    pub(crate) fn is_here(&self) -> bool {
        current::is(self)
    }

    /// Returns true if the hub sleeps and nothing has been sent to it.
    pub(crate) fn is_asleep(&self) -> bool {
        self.remote.inbox.is_asleep()
    }

    /// Has the hub's OS thread call `closure`, which neither blocks nor panics, when it next looks around.
    pub(crate) fn call(&self, closure: Box<dyn FnOnce() + Send>) {
        self.remote.send(Message::Call(closure));
    }

    /// Called after a sleep without a timer in which nothing came.
    #[cold]
    pub(super) fn was_idle(&'static self) {
        let core = self.core();
        let watches = core.driver.is_waited_for();
        if let Some(look) = core.idleness.add_pause(&self.remote.quiet, watches) {
            look();
        }
    }

    /// Returns the hub's word if it is quiet now: its OS thread sleeps, or looks at the process. From any OS thread.
    pub(crate) fn quiet(&self) -> Option<u64> {
        // In this order: see `wait::blocked`. The word changes before the hub takes anything from its inbox, so what has come there
        // during an epoch stays visible in it. A hub that is awake in its epoch does nothing but look.
        let is_at_rest = !self.remote.inbox.is_pending();
        fence(Ordering::SeqCst);
        let word = self.remote.quiet.word();
        (word % 2 == 1 && is_at_rest).then_some(word)
    }

    /// Returns a number for the present moment, which a wait notes when it begins. On the hub's OS thread.
    #[inline]
    pub(crate) fn moment(&self) -> u64 {
        self.core().budget.planned()
    }

    /// Returns how long ago a moment was, at least. On the hub's OS thread.
    pub(crate) fn since(&self, moment: u64) -> Duration {
        self.core().moments.since(moment)
    }

    /// Takes in what other OS threads have sent. On the hub's OS thread.
    pub(crate) fn look_into_inbox(&'static self) {
        self.empty_inbox();
    }

    /// Returns the bounds of the stack that runs, without its guard page. None if that is the root's. On the hub's OS thread.
    pub(crate) fn running_stack(&self) -> Option<(usize, usize)> {
        // Not taken out of the cell and put back: the handler of a signal may have interrupted what changes it.
        // SAFETY: the reference ends before this returns, and nothing changes the cell meanwhile.
        let stack = unsafe { &*self.running().stack.as_ptr() };
        stack.as_ref().map(|stack| {
            let [limit, top] = [stack.limit(), stack.top()].map(|end| end.addr().get());
            (limit + pages::page_size(), top)
        })
    }

    /// Copies the stack and the registers of the running task, which a signal has interrupted, to the address of a room. On the
    /// hub's OS thread; it is async-signal-safe.
    ///
    /// # Safety
    ///
    /// `room` must be the address of a room that exists and is not accessed otherwise.
    pub(crate) unsafe fn copy_stack(
        &self,
        interrupted: Interrupted<'_>,
        room: NonNull<u8>,
    ) -> Result<(), NotCopied> {
        let stack = self.running_stack().map(|(lowest, top)| lowest..top);
        let (own_lowest, own_top) = self.core().own_stack.get();
        // SAFETY: the caller guarantees what the room needs. The stack is mapped from its first page on, which is not in its
        // bounds, to its top; that of an OS thread is from what it uses of it on.
        unsafe { Room::copy(room, interrupted, stack.unwrap_or(own_lowest..own_top)) }
    }

    /// Calls `f`, which does not switch, with each task, on the hub's OS thread, and with each green thread that it has not
    /// begun. The root is left out where it runs no code of a user's.
    pub(crate) fn for_each_task(&'static self, mut f: impl FnMut(Seen<'_>)) {
        let core = self.core();
        let root = core.root.get();
        core.tasks.for_each(|place| {
            let is_root = place == root;
            if is_root && core.driver.interrupts_all() {
                return;
            }
            // SAFETY: the table hands out tasks that are alive, and none ends meanwhile.
            let task = unsafe { place.as_ref() };
            let state = task.state.get();
            let known = known(task);
            let stack = task.stack.take();
            let bounds = stack.as_ref().map(|stack| {
                let [limit, top] = [stack.limit(), stack.top()].map(|end| end.addr().get());
                let left_at = task
                    .context
                    .left_at()
                    .filter(|_| place != core.running.get());
                let used = left_at.and_then(|left_at| top.checked_sub(left_at));
                (limit, top, used)
            });
            task.stack.set(stack);
            let index = task.timer.get();
            let deadline = match index {
                NOT_IN_HEAP => None,
                index => core.timers.borrow().deadline(index),
            };
            f(Seen {
                activity: match state {
                    State::Free | State::New => Activity::New,
                    State::Ready => Activity::Ready,
                    State::Running | State::Notified => Activity::Running,
                    State::Waiting => Activity::Waiting,
                },
                is_root,
                known,
                deadline,
                stack: bounds,
                flow: match state {
                    State::Free | State::New => Flow::NotStarted,
                    _ if place == core.running.get() => Flow::Here,
                    // By invariant 3 of `core`; and `f` does not switch.
                    _ => Flow::Suspended(Suspended(&task.context)),
                },
            });
        });
        self.remote.unstarted.for_each(|(_, body)| {
            f(Seen {
                activity: Activity::New,
                is_root: false,
                known: Known::NotStarted(body.tag()),
                deadline: None,
                stack: None,
                flow: Flow::NotStarted,
            });
        });
    }
}
