//! The hub on which the current OS thread may switch, and its replacement in the child of a fork.
#![allow(unsafe_code)]

use std::thread;

use super::core::Hub;
use super::task::State;
use super::{current, panic_hook};
use crate::coroutine::SavedContext;

/// Returns the hub of this OS thread, unless switching is forbidden or a panic hook runs. A caller that gets `None`
/// blocks natively.
#[inline]
pub(crate) fn switching() -> Option<&'static Hub> {
    if thread::panicking() {
        return outside_a_hook();
    }
    current::unless_forbidden().or_else(after_a_fork)
}

/// Returns the hub of this OS thread for a function of libc that is called from outside of greenpatch. None where
/// [`switching`] has none, in the child of a fork that has no hub yet, and in a signal handler that runs on a stack of
/// its own.
#[cfg(greenpatch_libc)]
pub(crate) fn switching_for_libc() -> Option<&'static Hub> {
    let hub = match thread::panicking() {
        true => outside_a_hook(),
        false => current::unless_forbidden(),
    };
    hub.filter(|hub| hub.is_on_its_stack())
}

/// Returns the hub of this OS thread, unless switching is forbidden. For callers of methods that check whether a panic
/// hook runs themselves.
#[inline]
pub(crate) fn switching_or_in_a_hook() -> Option<&'static Hub> {
    current::unless_forbidden().or_else(after_a_fork)
}

#[cold]
fn outside_a_hook() -> Option<&'static Hub> {
    current::unless_forbidden().filter(|_| !panic_hook::is_running())
}

/// Creates a new hub for this OS thread if its hub belongs to the parent process. Returns `None` if no new hub is needed
/// or there are no resources for one; the thread then blocks natively.
#[cold]
fn after_a_fork() -> Option<&'static Hub> {
    let old = current::to_be_replaced()?;
    let new = Hub::new().ok()?;
    new.succeed(old);
    current::replace(new);
    Some(new)
}

impl Hub {
    /// Returns true if the root runs.
    #[cfg(greenpatch_libc)]
    pub(crate) fn runs_root(&self) -> bool {
        let core = self.core();
        core.running.get() == core.root.get()
    }

    /// Returns true if this is called on the stack of the running task.
    #[cfg(greenpatch_libc)]
    fn is_on_its_stack(&self) -> bool {
        let stack = &self.running().stack;
        let Some(its) = stack.take() else {
            return !is_on_the_signal_stack();
        };
        let here = (&raw const its).addr();
        let is_on = (its.limit().addr().get()..its.top().addr().get()).contains(&here);
        stack.set(Some(its));
        is_on
    }

    /// Makes the running task of another hub of this OS thread the root of this one.
    fn succeed(&'static self, old: &'static Hub) {
        self.remote.set_this_thread();
        self.core().mark.follow(&old.core().mark);
        self.core().own_stack.set(old.core().own_stack.get());
        #[cfg(greenpatch_libc)]
        self.core().errno.find();
        self.root().context.adopt(SavedContext::of_this_thread());
        self.root().user_data.set(old.user_data());
        self.root().state.set(State::Running);
        self.core().budget.add_first_turn();
    }
}

/// Returns true if this is called on the OS thread's alternate stack for signal handlers.
#[cfg(greenpatch_libc)]
fn is_on_the_signal_stack() -> bool {
    let mut stack = std::mem::MaybeUninit::<libc::stack_t>::zeroed();
    // SAFETY: a null pointer changes nothing, and the other one is valid for the write.
    unsafe { libc::sigaltstack(std::ptr::null(), stack.as_mut_ptr()) };
    // SAFETY: zeros are a value, too.
    let stack = unsafe { stack.assume_init() };
    stack.ss_flags & libc::SS_ONSTACK != 0
}
