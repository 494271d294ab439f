//! Modules of replacements, with hooks. Each test has its own target functions, so they share one process.
#![forbid(unsafe_code)]
#![deny(warnings)]
#![allow(missing_docs, unreachable_pub)]

use greenpatch::{Patched, is_module_patched, patch_module, replaces};

mod target {
    #[greenpatch::patchable(strict)]
    pub mod net {
        pub struct Client(pub u32);

        impl Client {
            pub fn send(&self, bytes: &[u8]) -> usize {
                bytes.len() + self.0 as usize
            }
        }

        pub fn connect(host: &str) -> (&str, u16) {
            (host, 1)
        }

        pub fn resolve() -> u8 {
            1
        }

        /// Its slot has a witness.
        pub fn empty<'a>() -> Option<&'a str> {
            None
        }

        pub async fn ping(host: &str) -> usize {
            host.len()
        }

        pub fn not_replaced() -> u8 {
            1
        }
    }

    #[greenpatch::patchable]
    pub mod vetoed {
        pub fn f() -> u8 {
            1
        }
    }

    #[greenpatch::patchable]
    pub mod edited {
        pub fn f() -> u8 {
            1
        }

        pub fn g() -> u8 {
            1
        }
    }
}

#[replaces(target::net, feature = "test net", implements(
    connect, resolve, empty, ping, Client::send = client_send
))]
mod green_net {
    use super::target::net::Client;

    pub fn connect(host: &str) -> (&str, u16) {
        (host, 2)
    }

    fn resolve() -> u8 {
        helper()
    }

    pub fn helper() -> u8 {
        2
    }

    pub fn empty<'a>() -> Option<&'a str> {
        Some("green")
    }

    pub async fn ping(host: &str) -> usize {
        10 * host.len()
    }

    fn client_send(this: &Client, _: &[u8]) -> usize {
        this.0 as usize
    }
}

#[replaces(target::vetoed)]
mod green_vetoed {
    use greenpatch::DoNotPatch;
    use greenpatch::events::{DidPatchModule, WillPatchModule};

    pub fn f() -> u8 {
        2
    }

    #[greenpatch::will_patch]
    fn will(_: &mut WillPatchModule) -> Result<(), DoNotPatch> {
        Err(DoNotPatch::default())
    }

    #[greenpatch::did_patch]
    fn did(_: &DidPatchModule) -> Result<(), DoNotPatch> {
        unreachable!("it was vetoed")
    }
}

#[replaces(target::edited)]
mod green_edited {
    use greenpatch::DoNotPatch;
    use greenpatch::events::WillPatchModule;

    pub fn f() -> u8 {
        2
    }

    pub fn g() -> u8 {
        2
    }

    #[greenpatch::will_patch]
    pub fn will(event: &mut WillPatchModule) -> Result<(), DoNotPatch> {
        assert!(event.remove("g"));
        Ok(())
    }
}

#[test]
fn a_module_is_patched_as_one() {
    use target::net;
    assert_eq!(net::connect("h"), ("h", 1));
    assert_eq!(net::empty(), None);
    assert_eq!(net::Client(3).send(b"ab"), 5);
    let done = patch_module(&green_net::SOURCE).unwrap();
    assert!(done.is_done(), "{done:?}");
    assert_eq!(net::connect("h"), ("h", 2));
    assert_eq!(net::resolve(), 2);
    assert_eq!(net::empty(), Some("green"));
    assert_eq!(net::Client(3).send(b"ab"), 3);
    assert_eq!(net::not_replaced(), 1);
    let mut ping = Box::pin(net::ping("abc"));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(matches!(
        ping.as_mut().poll(&mut context),
        std::task::Poll::Ready(30)
    ));
    assert!(matches!(
        patch_module(&green_net::SOURCE),
        Ok(Patched::AlreadyPatched)
    ));
}

#[test]
fn a_will_hook_vetoes() {
    let outcome = patch_module(&green_vetoed::SOURCE).unwrap();
    assert!(matches!(outcome, Patched::Cancelled { .. }), "{outcome:?}");
    assert_eq!(target::vetoed::f(), 1);
    assert_eq!(green_vetoed::f(), 2, "its own function all the same");
}

#[test]
fn a_will_hook_edits_the_list() {
    assert!(patch_module(&green_edited::SOURCE).unwrap().is_done());
    assert_eq!((target::edited::f(), target::edited::g()), (2, 1));
    assert_eq!(
        green_edited::SOURCE.implements().collect::<Vec<_>>(),
        ["f", "g"]
    );
    assert_eq!(
        green_edited::SOURCE.name(),
        concat!(module_path!(), "::green_edited")
    );
    assert!(is_module_patched(green_net::SOURCE.target()).is_ok());
    assert_eq!((green_edited::g(), green_net::helper()), (2, 2));
}
