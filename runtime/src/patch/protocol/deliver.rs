//! Announcing an event: to the source module's hook, to subscribers in order, then to plugins.
#![forbid(unsafe_code)]

use std::any::Any;

use super::panics;
use crate::patch::error::{Kind, PatchError};
use crate::patch::events::event::{
    DidPatchAll, DidPatchBuiltinModules, DidPatchModule, WillPatchAll, WillPatchModule,
};
use crate::patch::events::plugin::Plugin;
use crate::patch::events::subscribers::Listener;
use crate::patch::events::veto::{CancelledBy, DoNotPatch, Who};
use crate::patch::events::{plugin, subscribers};

type Answer = Result<(), DoNotPatch>;

/// An event that can be announced: `None` from those who do not listen to it.
pub(super) trait Event {
    fn ask(&mut self, listener: &Listener) -> Option<Answer>;
    fn ask_plugin(&mut self, plugin: &Plugin) -> Option<Answer>;
}

macro_rules! event {
    ($event:ident, $plugin:ident) => {
        impl Event for $event {
            fn ask(&mut self, listener: &Listener) -> Option<Answer> {
                match listener {
                    Listener::$event(ask) => Some(ask(self)),
                    _ => None,
                }
            }

            fn ask_plugin(&mut self, plugin: &Plugin) -> Option<Answer> {
                plugin.$plugin().map(|ask| ask(self))
            }
        }
    };
}

event!(WillPatchAll, on_will_patch_all);
event!(WillPatchModule, on_will_patch_module);
event!(DidPatchModule, on_did_patch_module);
event!(DidPatchBuiltinModules, on_did_patch_builtin_modules);
event!(DidPatchAll, on_did_patch_all);

/// Asks everybody until one cancels.
pub(super) fn will(event: &mut impl Event) -> Result<(), CancelledBy> {
    for subscriber in subscribers::subscribers() {
        if let Some(Err(why)) = event.ask(&subscriber.listener) {
            return Err(CancelledBy::new(Who::Subscriber(subscriber.at), why));
        }
    }
    for plugin in plugin::linked() {
        if let Some(Err(why)) = event.ask_plugin(plugin) {
            return Err(CancelledBy::new(Who::Plugin(plugin.name()), why));
        }
    }
    Ok(())
}

/// What went wrong at did stages. It is passed on when all of them have run; the first one counts.
#[derive(Default)]
pub(super) struct Aftermath {
    panic: Option<Box<dyn Any + Send>>,
    error: Option<PatchError>,
}

impl Aftermath {
    /// Tells everybody.
    pub(super) fn did(&mut self, event: &mut impl Event) {
        for subscriber in subscribers::subscribers() {
            self.run(Who::Subscriber(subscriber.at), || {
                event.ask(&subscriber.listener)
            });
        }
        for plugin in plugin::linked() {
            self.run(Who::Plugin(plugin.name()), || event.ask_plugin(plugin));
        }
    }

    /// Runs one did stage, and keeps what goes wrong in it.
    pub(super) fn run(&mut self, who: Who, stage: impl FnOnce() -> Option<Answer>) {
        match panics::catch(stage) {
            Ok(None | Some(Ok(()))) => {}
            Ok(Some(Err(why))) => {
                self.error
                    .get_or_insert_with(|| PatchError::new(Kind::TooLate { who, why }));
            }
            Err(payload) => {
                self.panic.get_or_insert(payload);
            }
        }
    }

    /// Passes on what went wrong, a panic before an error.
    pub(super) fn pass_on(mut self) -> Result<(), PatchError> {
        let error = self.error.take();
        self.pass_on_panic();
        error.map_or(Ok(()), Err)
    }

    /// Passes on a panic, where there is another error to return.
    pub(super) fn pass_on_panic(self) {
        if let Some(payload) = self.panic {
            panics::resume(payload);
        }
    }
}
