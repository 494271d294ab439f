//! The five events of a patch call, and the table of all events.
#![forbid(unsafe_code)]

use std::panic::Location;
use std::sync::Arc;

use super::report::Report;
use super::settings::Settings;
use super::warnings;
use crate::patch::feature::Feature;
use crate::patch::table::entries;
use crate::patch::table::replacement::Replacement;
use crate::patch::table::slot::Slot;

/// Passes the events of a patch call, and further rows, to the macro `$define`. A row has the function that subscribes to the event, with its
/// documentation, the method of [`Plugin`](super::plugin::Plugin), how the event is borrowed, and the event's type.
macro_rules! for_each_patch_event {
    ($define:ident $($more:tt)*) => {
        $define! {
            /// Calls `subscriber` before `patch_all` patches anything.
            on_will_patch_all, will_patch_all, [&], WillPatchAll;

            /// Calls `subscriber` before each module that is patched.
            ///
            /// # Examples
            ///
            /// ```
            /// use greenpatch::events;
            ///
            /// let subscription = events::on_will_patch_module(|event| {
            ///     if event.module() == "std::thread" {
            ///         event.remove("sleep");
            ///     }
            ///     Ok(())
            /// });
            /// subscription.unsubscribe();
            /// ```
            on_will_patch_module, will_patch_module, [&mut], WillPatchModule;

            /// Calls `subscriber` after each module that was patched.
            on_did_patch_module, did_patch_module, [&], DidPatchModule;

            /// Calls `subscriber` when `patch_all` has gone through the built-in modules.
            on_did_patch_builtin_modules, did_patch_builtin_modules, [&], DidPatchBuiltinModules;

            /// Calls `subscriber` when `patch_all` is done.
            on_did_patch_all, did_patch_all, [&], DidPatchAll;

            $($more)*
        }
    };
}
pub(crate) use for_each_patch_event;

/// Passes the table of all events to the macro `$define`.
macro_rules! for_each_event {
    ($define:ident) => {
        $crate::patch::events::event::for_each_patch_event! { $define
            /// Calls `subscriber` for each report of the monitor, on its OS thread; see [`Patcher::monitor`](crate::Patcher::monitor).
            /// The report is not written to the standard error then. There is nothing to cancel: an error is ignored.
            ///
            /// # Examples
            ///
            /// ```
            /// use greenpatch::events;
            ///
            /// let subscription = events::on_hub_blocked(|blocked| {
            ///     eprintln!("{blocked}");
            ///     Ok(())
            /// });
            /// subscription.unsubscribe();
            /// ```
            on_hub_blocked, hub_blocked, [&], HubBlocked;

            /// Calls `subscriber` for each cycle of threads that is found, on an OS thread of greenpatch's; see
            /// [`Patcher::cycles`](crate::Patcher::cycles). The report is not written to the standard error then. There is nothing to cancel: an
            /// error is ignored.
            ///
            /// # Examples
            ///
            /// ```
            /// use greenpatch::events;
            ///
            /// let subscription = events::on_cycle_found(|cycle| {
            ///     eprintln!("{cycle}");
            ///     Ok(())
            /// });
            /// subscription.unsubscribe();
            /// ```
            on_cycle_found, cycle_found, [&], CycleFound;
        }
    };
}
pub(crate) use for_each_event;

/// A module is about to be patched. Its items can be edited; [`DoNotPatch`](crate::DoNotPatch) cancels its feature.
#[derive(Debug)]
pub struct WillPatchModule {
    pub(crate) feature: Feature,
    pub(crate) module: &'static str,
    pub(crate) source: &'static str,
    pub(crate) items: Vec<Replacement>,
    pub(crate) settings: Arc<Settings>,
}

/// A module was patched.
#[derive(Debug)]
pub struct DidPatchModule {
    pub(crate) feature: Feature,
    pub(crate) module: &'static str,
    pub(crate) source: &'static str,
    pub(crate) items: Vec<&'static str>,
    pub(crate) settings: Arc<Settings>,
}

/// `patch_all` is about to begin. [`DoNotPatch`](crate::DoNotPatch) cancels all of it.
#[derive(Debug)]
pub struct WillPatchAll {
    pub(crate) features: Vec<Feature>,
    pub(crate) modules: Vec<&'static str>,
    pub(crate) settings: Arc<Settings>,
}

/// `patch_all` has gone through the built-in modules. Third-party modules are patched here.
#[derive(Debug)]
pub struct DidPatchBuiltinModules {
    pub(crate) report: Report,
    pub(crate) settings: Arc<Settings>,
}

/// `patch_all` is done.
#[derive(Debug)]
pub struct DidPatchAll {
    pub(crate) report: Report,
    pub(crate) settings: Arc<Settings>,
}

impl WillPatchModule {
    /// Returns the feature that the module belongs to.
    pub fn feature(&self) -> Feature {
        self.feature
    }

    /// Returns the target module.
    pub fn module(&self) -> &'static str {
        self.module
    }

    /// Returns the source module.
    pub fn source(&self) -> &'static str {
        self.source
    }

    /// Returns the names of the items that will be replaced. Items that the call asks for again, and that are
    /// replaced already, are included. Editing the list affects this call only.
    pub fn items(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.items.iter().flat_map(Replacement::names)
    }

    /// Leaves an item out, and returns whether it was in the list. An item that is replaced already stays replaced. A
    /// later call includes an item that was left out again.
    ///
    /// Functions of std that block by the same means, such as `Mutex::lock` and `RwLock::read`, are left out together.
    pub fn remove(&mut self, item: &str) -> bool {
        let before = self.items.len();
        self.items.retain(|other| !other.is_choice(item));
        self.items.len() < before
    }

    /// Leaves out each item for which `keep` returns false, and the items that are left out together with it.
    pub fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) {
        self.items.retain(|item| item.names().all(&mut keep));
    }

    /// Adds an item, or gives another replacement for it.
    #[track_caller]
    pub fn replace<F: Copy, D: ?Sized>(&mut self, point: &'static Slot<F, D>, function: F) {
        let site = entries::calling_site("WillPatchModule::replace", Location::caller());
        let item = Replacement::new(point, function, site);
        let id = entries::Id::of(item.raw());
        self.items
            .retain(|other| entries::Id::of(other.raw()) != id);
        self.items.push(item);
    }
}

impl DidPatchModule {
    /// Returns the feature that the module belongs to.
    pub fn feature(&self) -> Feature {
        self.feature
    }

    /// Returns the target module, by the name that [`WillPatchModule::module`] returned.
    pub fn module(&self) -> &'static str {
        self.module
    }

    /// Returns the source module.
    pub fn source(&self) -> &'static str {
        self.source
    }

    /// Returns the names of the items that are replaced: by this call, or by an earlier call that asked for some of them.
    pub fn items(&self) -> &[&'static str] {
        &self.items
    }
}

impl WillPatchAll {
    /// Returns the features that are not fully patched, in the order in which they will be patched.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// Returns whether a feature is not fully patched.
    pub fn will_patch(&self, feature: Feature) -> bool {
        self.features.contains(&feature)
    }

    /// Returns whether a target module is not fully patched.
    pub fn will_patch_module(&self, module: &str) -> bool {
        self.modules.contains(&module)
    }
}

impl DidPatchBuiltinModules {
    /// Returns the result for each built-in feature.
    pub fn report(&self) -> &Report {
        &self.report
    }
}

impl DidPatchAll {
    /// Returns the result for each feature.
    pub fn report(&self) -> &Report {
        &self.report
    }
}

/// Implements the methods that every event of a patch call has.
macro_rules! common_methods {
    ($($(#[$doc:meta])* $subscribe:ident, $method:ident, [$($borrow:tt)+], $event:ident;)*) => {$(
        impl $event {
            /// Returns what the call asked for.
            pub fn settings(&self) -> &Settings {
                &self.settings
            }

            /// Queues a warning, which is written once when the call is over.
            pub fn warn(&self, text: impl Into<String>) {
                warnings::queue(text.into());
            }
        }
    )*};
}
for_each_patch_event!(common_methods);
