//! What `async_trait` makes of a trait and of its impls.

use greenpatch::{Overrides, patch_point};
use std::future::Future;
use std::task::{Context, Poll, Waker};

/// What async_trait makes of a trait and of its impls.
#[greenpatch::patchable(dispatch)]
mod fetching {
    pub struct Net(pub usize);
    pub struct Sized<'a, T>(pub &'a T);
}

use fetching::Net;

#[async_trait::async_trait]
#[greenpatch::patchable(strict)]
pub trait Fetch {
    async fn fetch(&self, name: &str) -> usize;

    async fn twice(&self, name: &str) -> usize {
        2 * self.fetch(name).await
    }

    async fn drained(self) -> u8
    where
        Self: Sized,
    {
        1
    }

    async fn any<T: Send + 'static>(&mut self, _: T) -> Option<T> {
        None
    }
}

#[async_trait::async_trait]
#[greenpatch::patchable(strict)]
impl Fetch for Net {
    async fn fetch(&self, name: &str) -> usize {
        self.0 + name.len()
    }

    async fn any<T: Send + 'static>(&mut self, value: T) -> Option<T> {
        self.0 += 1;
        Some(value)
    }
}

#[async_trait::async_trait]
#[greenpatch::patchable(strict)]
impl<'a, T: Sync> Fetch for fetching::Sized<'a, T> {
    async fn fetch(&self, name: &str) -> usize {
        size_of_val(self.0) + name.len()
    }
}

#[async_trait::async_trait(?Send)]
#[greenpatch::patchable(strict)]
trait Local {
    async fn local(&self) -> u8;
}

#[async_trait::async_trait(?Send)]
#[greenpatch::patchable(strict)]
impl Local for Net {
    async fn local(&self) -> u8 {
        7
    }
}

fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing here waits"),
    }
}

#[test]
fn methods_of_async_trait() {
    assert_eq!(now(Net(1).twice("ab")), 6);
    assert_eq!(now(Net(1).any("ab")), Some("ab"));
    assert_eq!(now(Net(1).drained()), 1);
    assert_eq!(now(fetching::Sized(&1_u16).twice("ab")), 8);
    assert_eq!(now(Net(1).local()), 7);
    Overrides::new()
        .item(
            patch_point!(<Net as Fetch>::fetch),
            Box::new(|_, net, name| Box::pin(async move { 10 * (net.0 + name.len()) })),
        )
        .item(
            patch_point!(<Net as Local>::local),
            Box::new(|_, _| Box::pin(async { 8 })),
        )
        .run(|| {
            assert_eq!(now(Net(1).twice("ab")), 60);
            assert_eq!(now(Net(1).local()), 8);
        });
}
