//! A scheduler of threads that take turns, as green threads on a hub do.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Wake, Waker};
use std::thread;
use std::time::Instant;

use crate::sync::RawMutex;
use crate::wait::park::{self, Park};

/// A scheduler on which one thread runs at a time, until it blocks or yields.
#[derive(Default)]
pub(super) struct Turns {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    running: Option<usize>,
    ready: VecDeque<usize>,
    parked: Vec<usize>,
    tokens: Vec<usize>,
}

impl Turns {
    /// Runs the bodies, one at a time.
    pub(super) fn run(bodies: Vec<Box<dyn FnOnce(&Turn) + Send>>) {
        let turns = Arc::new(Turns::default());
        let children: Vec<_> = bodies
            .into_iter()
            .enumerate()
            .map(|(number, body)| {
                let turn = Turn {
                    turns: turns.clone(),
                    number,
                };
                turns.state.lock().unwrap().ready.push_back(number);
                thread::spawn(move || {
                    turn.wait_for_turn();
                    body(&turn);
                    turn.turns.schedule_next(|_| ());
                })
            })
            .collect();
        turns.schedule_next(|_| ());
        for child in children {
            child.join().unwrap();
        }
    }

    /// Updates the state with `before`, and schedules the next thread.
    fn schedule_next(&self, before: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap();
        before(&mut state);
        self.switch(&mut state);
    }

    fn switch(&self, state: &mut State) {
        state.running = state.ready.pop_front();
        self.changed.notify_all();
    }
}

/// A thread of the scheduler.
pub(super) struct Turn {
    turns: Arc<Turns>,
    number: usize,
}

impl Turn {
    fn wait_for_turn(&self) {
        let state = self.turns.state.lock().unwrap();
        let changed = &self.turns.changed;
        drop(
            changed
                .wait_while(state, |state| state.running != Some(self.number))
                .unwrap(),
        );
    }

    pub(super) fn yield_now(&self) {
        self.turns
            .schedule_next(|state| state.ready.push_back(self.number));
        self.wait_for_turn();
    }

    pub(super) fn lock(&self, mutex: &RawMutex) {
        assert!(mutex.lock_contended(|wait| park::wait(self, &wait)));
    }
}

impl Park for Turn {
    fn waker(&self) -> Waker {
        Waker::from(Arc::new(TurnWaker {
            turns: self.turns.clone(),
            number: self.number,
        }))
    }

    fn park(&self, deadline: Option<Instant>) {
        assert!(deadline.is_none());
        let mut state = self.turns.state.lock().unwrap();
        if let Some(at) = state.tokens.iter().position(|&n| n == self.number) {
            state.tokens.remove(at);
            return;
        }
        // Under the same lock: otherwise a token set in between would go unnoticed while the thread waits.
        state.parked.push(self.number);
        self.turns.switch(&mut state);
        drop(state);
        self.wait_for_turn();
    }
}

struct TurnWaker {
    turns: Arc<Turns>,
    number: usize,
}

impl Wake for TurnWaker {
    fn wake(self: Arc<Self>) {
        let mut state = self.turns.state.lock().unwrap();
        if let Some(at) = state.parked.iter().position(|&n| n == self.number) {
            state.parked.remove(at);
            state.ready.push_back(self.number);
        } else {
            state.tokens.push(self.number);
        }
        if state.running.is_none() {
            state.running = state.ready.pop_front();
            self.turns.changed.notify_all();
        }
    }
}
