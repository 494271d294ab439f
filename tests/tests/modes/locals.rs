//! `thread_local!`.

use std::cell::{Cell, RefCell};
use std::sync::{Arc, Mutex};

use greenpatch::thread;

use crate::Case;

pub(crate) const CASES: &[Case] = &[
    ("each thread its own value", each_thread_its_own_value),
    (
        "the initial value is made when first used",
        made_when_first_used,
    ),
    ("set does not make the initial value", set_does_not_make),
    ("destructors at the end of the thread", destructors),
    (
        "a destructor that uses other keys",
        a_destructor_that_uses_other_keys,
    ),
    ("this thread keeps its value", this_thread_keeps_its_value),
];

greenpatch::thread_local! {
    static CONST: Cell<u32> = const { Cell::new(1) };
    static LAZY: RefCell<Vec<u32>> = RefCell::new(vec![1]);
    static PANICS: Cell<u32> = panic!("made although it was set");
}

fn each_thread_its_own_value() {
    let threads: Vec<_> = (0..10)
        .map(|number| {
            thread::spawn(move || {
                assert_eq!(CONST.get(), 1);
                CONST.set(number);
                LAZY.with_borrow_mut(|lazy| lazy.push(number));
                thread::yield_now();
                assert_eq!(CONST.replace(0), number);
                assert_eq!(LAZY.take(), [1, number]);
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

fn made_when_first_used() {
    thread_local_in_a_function();
    thread::spawn(thread_local_in_a_function).join().unwrap();
}

fn thread_local_in_a_function() {
    greenpatch::thread_local!(static HERE: Cell<bool> = Cell::new(false));
    HERE.set(true);
    assert!(HERE.with(Cell::get));
    HERE.set(false);
}

fn set_does_not_make() {
    thread::spawn(|| {
        PANICS.set(4);
        assert_eq!(PANICS.get(), 4);
    })
    .join()
    .unwrap();
}

static DROPPED: Mutex<Vec<&str>> = Mutex::new(Vec::new());

struct Loud(&'static str);

impl Drop for Loud {
    fn drop(&mut self) {
        DROPPED.lock().unwrap().push(self.0);
        assert!(FIRST.try_with(|_| ()).is_err() || self.0 == "second");
    }
}

greenpatch::thread_local! {
    static FIRST: RefCell<Option<Loud>> = RefCell::new(Some(Loud("first")));
    static SECOND: RefCell<Option<Loud>> = const { RefCell::new(None) };
}

fn destructors() {
    DROPPED.lock().unwrap().clear();
    thread::spawn(|| {
        FIRST.with_borrow(|first| assert!(first.is_some()));
        SECOND.set(Some(Loud("second")));
        assert!(DROPPED.lock().unwrap().is_empty());
    })
    .join()
    .unwrap();
    // The newest first.
    assert_eq!(*DROPPED.lock().unwrap(), ["second", "first"]);
}

fn a_destructor_that_uses_other_keys() {
    struct Uses(Arc<Mutex<u32>>);
    impl Drop for Uses {
        fn drop(&mut self) {
            // Made here, while the thread ends, and dropped after this.
            LATE.with_borrow_mut(|late| *late = Some(Counts(self.0.clone())));
        }
    }
    struct Counts(Arc<Mutex<u32>>);
    impl Drop for Counts {
        fn drop(&mut self) {
            *self.0.lock().unwrap() += 1;
        }
    }
    greenpatch::thread_local! {
        static USES: RefCell<Option<Uses>> = const { RefCell::new(None) };
        static LATE: RefCell<Option<Counts>> = const { RefCell::new(None) };
    }
    let count = Arc::new(Mutex::new(0));
    let uses = Uses(count.clone());
    thread::spawn(move || USES.set(Some(uses))).join().unwrap();
    assert_eq!(*count.lock().unwrap(), 1);
}

fn this_thread_keeps_its_value() {
    let before = CONST.get();
    CONST.set(before + 1);
    thread::spawn(|| CONST.set(100)).join().unwrap();
    thread::yield_now();
    assert_eq!(CONST.get(), before + 1);
}
