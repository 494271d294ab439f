//! Models of a slot, run by loom, which tries all schedules and all values that the memory model allows
//! a load to see.
//!
//! `RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS=2 cargo test --release -p greenpatch --lib models`
#![allow(unsafe_code)]

use ::std::ptr;
use ::std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::sync::Mutex;
use loom::sync::atomic::{AtomicPtr, Ordering};
use loom::thread;

use super::{Word, Words};

impl Word for AtomicPtr<()> {
    fn load(&self, ordering: Ordering) -> *mut () {
        self.load(ordering)
    }

    fn store(&self, pointer: *mut (), ordering: Ordering) {
        self.store(pointer, ordering);
    }
}

/// A slot, what its replacements read, and the part of the table that says what it is to hold.
struct Slot {
    words: Words<AtomicPtr<()>>,
    /// Written before a replacement is stored, and read by it. loom fails the model if the two meet.
    prepared: UnsafeCell<u32>,
    /// How many scopes override it.
    scopes: Mutex<u32>,
}

// SAFETY: loom checks what is in the cell.
unsafe impl Sync for Slot {}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Function {
    Original,
    Replacement,
    Trampoline,
}

use Function::{Original, Replacement, Trampoline};

impl Function {
    /// Addresses of nothing: they are compared, and never followed.
    fn word(self) -> *mut () {
        match self {
            Original => ptr::null_mut(),
            Replacement => ptr::without_provenance_mut(8),
            Trampoline => ptr::without_provenance_mut(16),
        }
    }

    fn of(word: *mut ()) -> Function {
        [Original, Replacement, Trampoline]
            .into_iter()
            .find(|function| function.word() == word)
            .expect("nothing else was stored")
    }
}

impl Slot {
    fn new() -> Arc<Slot> {
        Arc::new(Slot {
            words: Words {
                current: AtomicPtr::new(Original.word()),
                global: AtomicPtr::new(Original.word()),
            },
            prepared: UnsafeCell::new(0),
            scopes: Mutex::new(0),
        })
    }

    /// What the table does when it replaces an item.
    fn replace(&self) {
        // SAFETY: loom fails the model if another thread reads it in the meantime.
        self.prepared.with_mut(|value| unsafe { *value = 1 });
        let scopes = self.scopes.lock().unwrap();
        self.words.set_global(Replacement.word());
        self.place(*scopes);
    }

    fn put_back(&self) {
        let scopes = self.scopes.lock().unwrap();
        self.words.set_global(Original.word());
        self.place(*scopes);
    }

    fn begin_scope(&self) {
        let mut scopes = self.scopes.lock().unwrap();
        *scopes += 1;
        self.place(*scopes);
    }

    fn end_scope(&self) {
        let mut scopes = self.scopes.lock().unwrap();
        *scopes -= 1;
        self.place(*scopes);
    }

    fn place(&self, scopes: u32) {
        self.words.place((scopes > 0).then_some(Trampoline.word()));
    }

    /// A call by a thread that is in no scope: which function it ran in the end.
    fn call(&self) -> Function {
        let found = match Function::of(self.words.current()) {
            Trampoline => Function::of(self.words.global()),
            found => found,
        };
        assert_ne!(found, Trampoline);
        if found == Replacement {
            // SAFETY: loom fails the model if another thread writes it in the meantime.
            assert_eq!(self.prepared.with(|value| unsafe { *value }), 1);
        }
        found
    }
}

fn model(f: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(2);
    builder.check(f);
}

fn beside(slot: &Arc<Slot>, act: impl FnOnce(&Slot) + Send + 'static) -> thread::JoinHandle<()> {
    let slot = Arc::clone(slot);
    thread::spawn(move || act(&slot))
}

#[test]
fn a_call_sees_the_old_or_the_new_and_all_that_the_new_needs() {
    model(|| {
        let slot = Slot::new();
        let patching = beside(&slot, Slot::replace);
        let first = slot.call();
        let second = slot.call();
        assert!(
            (first, second) != (Replacement, Original),
            "the old one came back"
        );
        patching.join().unwrap();
        assert_eq!(slot.call(), Replacement);
    });
}

#[test]
fn putting_back_beside_callers() {
    model(|| {
        let slot = Slot::new();
        slot.replace();
        let restoring = beside(&slot, Slot::put_back);
        let calling = beside(&slot, |slot| {
            slot.call();
        });
        slot.call();
        restoring.join().unwrap();
        calling.join().unwrap();
        assert_eq!(slot.call(), Original);
    });
}

#[test]
fn a_scope_beside_a_patch() {
    model(|| {
        let slot = Slot::new();
        let patching = beside(&slot, Slot::replace);
        slot.begin_scope();
        // Each thread in the scope is asked where it is, whatever the others do meanwhile.
        assert_eq!(Function::of(slot.words.current()), Trampoline);
        slot.call();
        slot.end_scope();
        slot.call();
        patching.join().unwrap();
        assert_eq!(slot.call(), Replacement);
    });
}

#[test]
fn a_caller_beside_a_scope_and_a_patch() {
    model(|| {
        let slot = Slot::new();
        let patching = beside(&slot, Slot::replace);
        let calling = beside(&slot, |slot| {
            slot.call();
        });
        slot.begin_scope();
        slot.end_scope();
        patching.join().unwrap();
        calling.join().unwrap();
        assert_eq!(slot.call(), Replacement);
    });
}

#[test]
fn two_scopes_leave_nothing_behind() {
    model(|| {
        let slot = Slot::new();
        let scope = |slot: &Slot| {
            slot.begin_scope();
            assert_eq!(Function::of(slot.words.current()), Trampoline);
            slot.end_scope();
        };
        let other = beside(&slot, scope);
        scope(&slot);
        other.join().unwrap();
        assert_eq!(Function::of(slot.words.current()), Original);
    });
}
