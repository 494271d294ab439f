use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;

use super::*;

fn coroutine(cache: &mut StackCache, body: impl FnOnce(&Suspender) + 'static) -> Coroutine {
    let promise = Reservation::new(64 << 10).expect("there is address space for one stack");
    Coroutine::new(
        cache.take(&promise).expect("there is memory for one stack"),
        body,
    )
}

fn suspend(suspender: &Suspender) {
    // SAFETY: the bodies below hand on the suspender that they were given, on their own stack.
    unsafe { suspender.suspend() }
}

#[test]
fn leaves_in_the_middle_and_goes_on_there() {
    let log = Rc::new(RefCell::new(Vec::new()));
    let mut cache = StackCache::default();
    let mut one = coroutine(&mut cache, {
        let log = log.clone();
        move |suspender| {
            log.borrow_mut().push(1);
            suspend(suspender);
            log.borrow_mut().push(3);
        }
    });
    assert_eq!(one.resume(), Step::Suspended);
    log.borrow_mut().push(2);
    assert_eq!(one.resume(), Step::Finished);
    assert_eq!(*log.borrow(), [1, 2, 3]);
}

#[test]
fn a_stack_is_used_again() {
    let mut cache = StackCache::default();
    let mut first = coroutine(&mut cache, |_| ());
    assert_eq!(first.resume(), Step::Finished);
    let stack = first.into_stack();
    let number = format!("{stack:?}");
    cache.put(stack);
    let promise = Reservation::new(64 << 10).unwrap();
    assert_eq!(format!("{:?}", cache.take(&promise).unwrap()), number);
}

#[test]
fn more_stacks_than_a_slab_holds() {
    let mut cache = StackCache::default();
    let mut suspended: Vec<Coroutine> = (0..3000).map(|_| coroutine(&mut cache, suspend)).collect();
    for one in &mut suspended {
        assert_eq!(one.resume(), Step::Suspended);
    }
    for mut one in suspended {
        assert_eq!(one.resume(), Step::Finished);
        cache.put(one.into_stack());
    }
}

#[test]
fn a_suspended_one_is_leaked_not_unwound() {
    struct Loud;
    impl Drop for Loud {
        fn drop(&mut self) {
            panic!("a suspended stack was unwound");
        }
    }
    let mut cache = StackCache::default();
    let mut one = coroutine(&mut cache, |suspender| {
        let _loud = Loud;
        suspend(suspender);
        std::process::abort();
    });
    assert_eq!(one.resume(), Step::Suspended);
    drop(one);
}

#[test]
fn panics_unwind_within_the_coroutine() {
    let mut cache = StackCache::default();
    let mut one = coroutine(&mut cache, |suspender| {
        let caught = panic::catch_unwind(AssertUnwindSafe(|| {
            suspend(suspender);
            panic::resume_unwind(Box::new(7_u8));
        }));
        assert_eq!(*caught.unwrap_err().downcast::<u8>().unwrap(), 7);
    });
    assert_eq!(one.resume(), Step::Suspended);
    assert_eq!(one.resume(), Step::Finished);
}

#[test]
fn too_large_a_stack_is_refused() {
    let error = Reservation::new(usize::MAX).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
}
