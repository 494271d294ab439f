#![allow(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;

use super::*;

type Body = Box<dyn FnOnce(&Flow)>;

/// A flow with a body, which switches back to the flow on the OS thread's own stack.
struct Flow {
    context: SavedContext,
    back: &'static SavedContext,
    body: Cell<Option<Body>>,
    ended: Cell<bool>,
    stack: Stack,
}

thread_local! {
    static OWN: &'static SavedContext = Box::leak(Box::new(SavedContext::of_this_thread()));
    static STARTING: Cell<*const Flow> = const { Cell::new(std::ptr::null()) };
}

extern "C" fn entry() -> ! {
    begun();
    // SAFETY: `resume` has set it to the flow that it switched to, which is alive.
    let flow = unsafe { &*STARTING.get() };
    let body = flow.body.take().unwrap();
    body(flow);
    flow.ended.set(true);
    // SAFETY: `resume` waits in `back`.
    unsafe { leave_for(flow.back) }
}

impl Flow {
    fn new(stacks: &mut Stacks, body: impl FnOnce(&Flow) + 'static) -> Box<Flow> {
        let size = Size::holding(64 << 10).unwrap();
        let flow = Box::new(Flow {
            context: SavedContext::new(),
            back: OWN.with(|own| *own),
            body: Cell::new(Some(Box::new(body))),
            ended: Cell::new(false),
            stack: stacks.take(size).unwrap(),
        });
        // SAFETY: this flow owns the stack and keeps it.
        unsafe { prepare(&flow.stack, &flow.context, entry) };
        flow
    }

    /// Runs the flow until it suspends itself or ends. Returns true if it has ended.
    fn resume(&self) -> bool {
        STARTING.set(self);
        // SAFETY: the flow is suspended, or prepared.
        unsafe { switch(self.back, &self.context) };
        self.ended.get()
    }

    fn suspend(&self) {
        // SAFETY: `resume` waits in `back`.
        unsafe { switch(&self.context, self.back) };
    }
}

#[test]
fn a_flow_resumes_where_it_was_suspended() {
    let log = Rc::new(RefCell::new(Vec::new()));
    let mut stacks = Stacks::new();
    let one = Flow::new(&mut stacks, {
        let log = log.clone();
        move |flow| {
            log.borrow_mut().push(1);
            flow.suspend();
            log.borrow_mut().push(3);
        }
    });
    assert!(!one.resume());
    log.borrow_mut().push(2);
    assert!(one.resume());
    assert_eq!(*log.borrow(), [1, 2, 3]);
}

/// A switch preserves locals of every kind that live in registers, at any depth.
#[test]
fn values_that_live_across_a_switch_are_preserved() {
    #[inline(never)]
    fn deep(flow: &Flow, depth: u64, a: f64, b: u128) -> (u64, f64, u128) {
        let (c, d, e) = (depth * 3, a * 1.5, b ^ u128::from(depth));
        flow.suspend();
        if depth == 0 {
            return (c, d, e);
        }
        let (x, y, z) = deep(flow, depth - 1, d, e);
        flow.suspend();
        (x + c, y + d, z.wrapping_mul(3) ^ e)
    }
    let run = |seed: u64| {
        let results = Rc::new(Cell::new(None));
        let mut stacks = Stacks::new();
        let flows: Vec<_> = (0..5)
            .map(|number| {
                let results = results.clone();
                Flow::new(&mut stacks, move |flow| {
                    let result = deep(flow, 20, (seed + number) as f64, u128::from(seed) << 70);
                    results.set(Some(result));
                })
            })
            .collect();
        let mut found = Vec::new();
        while found.len() < flows.len() {
            for flow in flows.iter().filter(|flow| !flow.ended.get()) {
                if flow.resume() {
                    found.push(results.take().unwrap());
                }
            }
        }
        found
    };
    let together = run(7);
    for (number, result) in together.into_iter().enumerate() {
        let mut a = (7 + number) as f64;
        let mut b = 7_u128 << 70;
        let mut steps = Vec::new();
        for depth in (0..=20_u64).rev() {
            a *= 1.5;
            b ^= u128::from(depth);
            steps.push((depth * 3, a, b));
        }
        let mut expected = steps.pop().unwrap();
        for (c, d, e) in steps.into_iter().rev() {
            let (x, y, z) = expected;
            expected = (x + c, y + d, z.wrapping_mul(3) ^ e);
        }
        assert_eq!(result, expected);
    }
}

#[test]
fn a_flow_switches_directly_to_another() {
    let log = Rc::new(RefCell::new(Vec::new()));
    let mut stacks = Stacks::new();
    let second = Rc::new(Flow::new(&mut stacks, {
        let log = log.clone();
        move |flow| {
            log.borrow_mut().push("second");
            flow.suspend();
        }
    }));
    let first = Flow::new(&mut stacks, {
        let (log, second) = (log.clone(), second.clone());
        move |flow| {
            log.borrow_mut().push("first");
            STARTING.set(&raw const **second);
            // SAFETY: the second flow is prepared.
            unsafe { switch(&flow.context, &second.context) };
            log.borrow_mut().push("first again");
        }
    });
    assert!(!first.resume(), "the second came back in its place");
    assert_eq!(*log.borrow(), ["first", "second"]);
    assert!(first.resume());
    assert_eq!(*log.borrow(), ["first", "second", "first again"]);
    assert!(second.resume());
}

#[test]
fn a_stack_is_used_again() {
    let mut stacks = Stacks::new();
    let first = Flow::new(&mut stacks, |_| ());
    assert!(first.resume());
    let limit = first.stack.limit();
    stacks.put(first.stack);
    let second = Flow::new(&mut stacks, |_| ());
    assert_eq!(second.stack.limit(), limit);
    assert!(second.resume());
}

#[test]
fn more_stacks_than_a_slab_holds() {
    let mut stacks = Stacks::new();
    let suspended: Vec<_> = (0..3000)
        .map(|_| Flow::new(&mut stacks, Flow::suspend))
        .collect();
    for one in &suspended {
        assert!(!one.resume());
    }
    for one in suspended {
        assert!(one.resume());
        stacks.put(one.stack);
    }
    stacks.trim();
}

#[test]
fn panics_unwind_within_the_coroutine() {
    let mut stacks = Stacks::new();
    let one = Flow::new(&mut stacks, |flow| {
        let caught = panic::catch_unwind(AssertUnwindSafe(|| {
            flow.suspend();
            panic::resume_unwind(Box::new(7_u8));
        }));
        assert_eq!(*caught.unwrap_err().downcast::<u8>().unwrap(), 7);
    });
    assert!(!one.resume());
    assert!(one.resume());
}

#[test]
fn a_backtrace_ends_where_the_stack_does() {
    let mut stacks = Stacks::new();
    let one = Flow::new(&mut stacks, |_| {
        let trace = std::backtrace::Backtrace::force_capture().to_string();
        assert!(trace.contains("a_backtrace_ends_where_the_stack_does"));
        let portable = cfg!(not(all(
            target_arch = "x86_64",
            target_pointer_width = "64",
            target_os = "linux",
            not(greenpatch_corosensei)
        )));
        // With corosensei it continues in the code that resumed the coroutine.
        assert!(portable || !trace.contains("Flow::resume"), "{trace}");
    });
    assert!(one.resume());
}

/// Returns the lines of a suspended flow's backtrace. None where the switch is corosensei's.
fn lines_of(flow: &Flow) -> Option<String> {
    // SAFETY: the flow is suspended, and resumes after this.
    let captured = unsafe { backtrace(&flow.context) };
    assert_eq!(
        captured.is_some(),
        cfg!(all(
            target_arch = "x86_64",
            target_pointer_width = "64",
            target_os = "linux",
            not(greenpatch_corosensei)
        ))
    );
    captured.map(|captured| captured.to_string())
}

#[test]
fn a_suspended_flow_has_a_backtrace() {
    #[inline(never)]
    fn outer(flow: &Flow, depth: u64) -> u64 {
        let result = inner(flow, depth * 3);
        std::hint::black_box(result + depth)
    }
    #[inline(never)]
    fn inner(flow: &Flow, number: u64) -> u64 {
        flow.suspend();
        let caught = panic::catch_unwind(AssertUnwindSafe(|| {
            flow.suspend();
            panic::resume_unwind(Box::new(number));
        }));
        *caught.unwrap_err().downcast::<u64>().unwrap()
    }

    let mut stacks = Stacks::new();
    let result = Rc::new(Cell::new(0));
    let one = Flow::new(&mut stacks, {
        let result = result.clone();
        move |flow| result.set(outer(flow, 5))
    });
    assert!(!one.resume());
    for _ in 0..2 {
        if let Some(lines) = lines_of(&one) {
            let place_of = |name: &str| {
                let found = lines.find(name);
                found.unwrap_or_else(|| panic!("{name} is missing\n{lines}"))
            };
            assert!(place_of("inner\n") < place_of("outer\n"));
            assert!(place_of("outer\n") < place_of("entry\n"));
            // It ends where the stack does, and has nothing of the flow that has captured it.
            assert!(!lines.contains("resume"), "{lines}");
            assert!(!lines.contains("lines_of"), "{lines}");
            for _ in 0..1000 {
                assert_eq!(lines_of(&one).unwrap(), lines);
            }
        }
        assert_eq!(one.resume(), result.get() != 0);
    }
    assert_eq!(result.get(), 20);
}

/// What lies on the suspended stack, below and above where it was left, stays as it is. AddressSanitizer forbids reading that.
#[cfg(not(feature = "sanitizer"))]
#[test]
fn a_backtrace_writes_nothing_to_the_suspended_stack() {
    let mut stacks = Stacks::new();
    let one = Flow::new(&mut stacks, Flow::suspend);
    assert!(!one.resume());
    let page = pages::page_size();
    let (limit, top) = (one.stack.limit().as_ptr(), one.stack.top().as_ptr());
    // SAFETY: the first page is the guard.
    let lowest = unsafe { limit.add(page) };
    let length = top.addr() - lowest.addr();
    // SAFETY: this is the rest of the stack, which no code uses while the flow is suspended.
    let memory = || unsafe { std::slice::from_raw_parts(lowest, length) }.to_vec();
    let before = memory();
    drop(lines_of(&one));
    assert!(before == memory());
    assert!(one.resume());
}

#[test]
fn too_large_a_stack_is_refused() {
    let error = Size::holding(usize::MAX).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
}
