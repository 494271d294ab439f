//! `async` functions: the slot's function returns a boxed future, the unpatched path boxes nothing.
#![forbid(unsafe_code)]
#![deny(warnings)]
#![allow(missing_docs, unreachable_pub)]

use greenpatch::{Overrides, patch_point, patchable, replaces};
use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// Runs a future that is never pending.
fn run<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits for nothing"),
    }
}

#[patchable]
async fn greeting(name: &str, times: usize) -> String {
    format!("hello {name}").repeat(times)
}

#[patchable]
async fn same(text: &str) -> &str {
    text
}

#[patchable]
async fn nothing() {}

/// Its future cannot be sent.
#[patchable]
async fn local() -> u32 {
    let cell = Rc::new(Cell::new(1));
    same("").await;
    cell.get()
}

struct Client {
    base: u32,
}

#[patchable]
impl Client {
    async fn get(&mut self, path: &str) -> usize {
        self.base += 1;
        path.len() + self.base as usize
    }

    async fn owned(self) -> u32 {
        self.base
    }
}

#[replaces(same)]
async fn upper(_: &str) -> &str {
    "UPPER"
}

#[test]
fn unpatched() {
    assert_eq!(run(greeting("you", 2)), "hello youhello you");
    assert_eq!(run(same("text")), "text");
    run(nothing());
    assert_eq!(run(local()), 1);
    let mut client = Client { base: 1 };
    assert_eq!(run(client.get("/")), 3);
    assert_eq!(run(client.owned()), 2);
    assert_eq!(run(upper("text")), "UPPER");
}

#[test]
fn overridden() {
    Overrides::new()
        .item(
            patch_point!(same),
            Box::new(|text: &str| {
                Box::pin(async move { text.strip_prefix("x").unwrap_or("none") })
            }),
        )
        .item(
            patch_point!(Client::owned),
            Box::new(|_| Box::pin(async { 7 })),
        )
        .item(patch_point!(local), Box::new(|| Box::pin(async { 2 })))
        .run(|| {
            assert_eq!(run(same("xy")), "y");
            assert_eq!(run(Client { base: 1 }.owned()), 7);
            assert_eq!(run(local()), 2);
            greenpatch::native(|| assert_eq!(run(local()), 1, "not through the slot"));
        });
    let point = patch_point!(greeting);
    assert_eq!(run((point.original())("a", 1)), "hello a");
}

#[test]
fn futures_stay_as_they_are() {
    fn is_send(_: &impl Send) {}
    is_send(&greeting("a", 1));
    let unboxed = greeting__original("a", 1);
    assert!(size_of_val(&unboxed) <= size_of_val(&greeting("a", 1)));
}
