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

mod elsewhere {
    pub struct File(pub String);
}

/// What a reference refers to may have lifetimes of its own, seen or not.
mod borrowed {
    use super::{Overrides, patch_point, patchable, run};
    use std::sync::Mutex;

    pub struct Config<'a>(pub Mutex<&'a str>);

    impl<'a> Config<'a> {
        fn text(&self) -> &'a str {
            *self.0.lock().unwrap()
        }
    }

    pub struct Loader(pub String);

    pub struct Loaded<'a>(pub &'a str);

    #[patchable]
    pub async fn load(config: &Config<'_>, more: &mut Config<'_>) -> usize {
        *more.0.get_mut().unwrap() = "";
        config.text().len()
    }

    /// By a name that is not declared here: it could be anything.
    #[patchable]
    pub async fn loaded(loaded: super::elsewhere::File) -> usize {
        loaded.0.len()
    }

    #[patchable]
    pub async fn by_value(config: Config<'_>) -> &str {
        config.text()
    }

    #[patchable]
    pub async fn words<'w>(words: &mut Option<&'w str>, index: &usize) -> &'w str {
        assert_eq!(*index, 1);
        words.take().unwrap()
    }

    #[patchable]
    pub async fn show(shown: &dyn std::fmt::Display) -> String {
        shown.to_string()
    }

    #[patchable]
    #[allow(elided_lifetimes_in_paths, mismatched_lifetime_syntaxes)]
    pub async fn of_static(text: &'static str) -> Loaded {
        Loaded(text)
    }

    #[patchable(strict)]
    impl Loader {
        #[allow(elided_lifetimes_in_paths, mismatched_lifetime_syntaxes)]
        pub async fn loaded(&self, _times: u8) -> Loaded {
            Loaded(&self.0)
        }
    }

    #[test]
    fn what_is_referred_to_may_hide_a_lifetime() {
        let text = String::from("text");
        let (config, mut more) = (Config(text.as_str().into()), Config("more".into()));
        assert_eq!(run(load(&config, &mut more)), 4);
        assert_eq!(more.text(), "");
        assert_eq!(run(show(&1)), "1");
        assert_eq!(run(loaded(super::elsewhere::File("one".into()))), 3);
        assert_eq!(run(by_value(Config("by value".into()))), "by value");
        let word = run(words(&mut Some(&text), &1));
        assert_eq!(word, "text");
        assert_eq!(run(of_static("static")).0, "static");
        assert_eq!(run(Loader(text.clone()).loaded(1)).0, "text");
        Overrides::new()
            .item(
                patch_point!(load),
                Box::new(|config: &Config<'_>, _: &mut Config<'_>| {
                    Box::pin(async { config.text().len() + 1 })
                }),
            )
            .item(
                patch_point!(words),
                Box::new(|words: &mut Option<&str>, _: &usize| {
                    let word = words.unwrap();
                    Box::pin(async move { word })
                }),
            )
            .item(
                patch_point!(Loader::loaded),
                Box::new(|this: &Loader, _| Box::pin(async { Loaded(&this.0[1..]) })),
            )
            .run(|| {
                assert_eq!(run(load(&config, &mut more)), 5);
                assert_eq!(run(words(&mut Some(&text), &2)), "text");
                assert_eq!(run(Loader(text.clone()).loaded(1)).0, "ext");
            });
        assert_eq!(run(patch_point!(load).original()(&config, &mut more)), 4);
    }
}
