//! Announces an event to the subscribers in order, then to the plugins.
#![forbid(unsafe_code)]

use std::any::Any;

use super::panics;
use crate::patch::error::{Kind, PatchError};
use crate::patch::events::cycle_found::CycleFound;
use crate::patch::events::event::{
    DidPatchAll, DidPatchBuiltinModules, DidPatchModule, WillPatchAll, WillPatchModule,
    for_each_event,
};
use crate::patch::events::hub_blocked::HubBlocked;
use crate::patch::events::plugin::Plugin;
use crate::patch::events::subscribers::Listener;
use crate::patch::events::veto::{CancelledBy, DoNotPatch, Origin};
use crate::patch::events::{plugin, subscribers};

type Answer = Result<(), DoNotPatch>;

/// An event that can be announced. The methods return `None` for a listener or a plugin that has no function for it.
pub(crate) trait Event {
    fn ask(&mut self, listener: &Listener) -> Option<Answer>;
    fn ask_plugin(&mut self, plugin: &Plugin) -> Option<Answer>;
}

macro_rules! events {
    ($($(#[$doc:meta])* $subscribe:ident, $method:ident, [$($borrow:tt)+], $event:ident;)*) => {$(
        impl Event for $event {
            fn ask(&mut self, listener: &Listener) -> Option<Answer> {
                match listener {
                    Listener::$event(ask) => Some(ask(self)),
                    _ => None,
                }
            }

            fn ask_plugin(&mut self, plugin: &Plugin) -> Option<Answer> {
                plugin.$method.map(|ask| ask(self))
            }
        }
    )*};
}
for_each_event!(events);

/// Calls every subscriber and plugin until one cancels.
pub(super) fn will(event: &mut impl Event) -> Result<(), CancelledBy> {
    for subscriber in subscribers::subscribers() {
        if let Some(Err(why)) = event.ask(&subscriber.listener) {
            return Err(CancelledBy::new(Origin::Subscriber(subscriber.at), why));
        }
    }
    for plugin in plugin::linked() {
        if let Some(Err(why)) = event.ask_plugin(plugin) {
            return Err(CancelledBy::new(Origin::Plugin(plugin.name()), why));
        }
    }
    Ok(())
}

/// Announces what a monitor or a check has found. Returns false if there is no subscriber and no plugin for it. A panic of one of them
/// does not keep the others from it.
pub(crate) fn announce<E: Event + Clone>(found: &E) -> bool {
    let mut event = found.clone();
    let mut is_heard = false;
    for subscriber in subscribers::subscribers() {
        let answer = panics::catch(|| event.ask(&subscriber.listener));
        is_heard |= !matches!(answer, Ok(None));
    }
    for plugin in plugin::linked() {
        let answer = panics::catch(|| event.ask_plugin(plugin));
        is_heard |= !matches!(answer, Ok(None));
    }
    is_heard
}

/// The first error and the first panic of the did stages. They are passed on when all did stages have run.
#[derive(Default)]
pub(super) struct Aftermath {
    panic: Option<Box<dyn Any + Send>>,
    error: Option<PatchError>,
}

impl Aftermath {
    /// Calls every subscriber and plugin.
    pub(super) fn did(&mut self, event: &mut impl Event) {
        for subscriber in subscribers::subscribers() {
            self.run(Origin::Subscriber(subscriber.at), || {
                event.ask(&subscriber.listener)
            });
        }
        for plugin in plugin::linked() {
            self.run(Origin::Plugin(plugin.name()), || event.ask_plugin(plugin));
        }
    }

    /// Runs one did stage, and keeps its error or panic.
    pub(super) fn run(&mut self, origin: Origin, stage: impl FnOnce() -> Option<Answer>) {
        match panics::catch(stage) {
            Ok(None | Some(Ok(()))) => {}
            Ok(Some(Err(why))) => {
                self.error
                    .get_or_insert_with(|| PatchError::new(Kind::TooLate { origin, why }));
            }
            Err(payload) => {
                self.panic.get_or_insert(payload);
            }
        }
    }

    /// Resumes the panic, or else returns the error.
    pub(super) fn pass_on(mut self) -> Result<(), PatchError> {
        let error = self.error.take();
        self.pass_on_panic();
        error.map_or(Ok(()), Err)
    }

    /// Resumes the panic, where another error is to be returned.
    pub(super) fn pass_on_panic(self) {
        if let Some(payload) = self.panic {
            panics::resume(payload);
        }
    }
}
