//! Plugins: functions for events that a crate registers by being linked.
#![forbid(unsafe_code)]

use super::cycle_found::CycleFound;
use super::event::{
    DidPatchAll, DidPatchBuiltinModules, DidPatchModule, WillPatchAll, WillPatchModule,
    for_each_event,
};
use super::hub_blocked::HubBlocked;
use super::veto::DoNotPatch;

/// Defines [`Plugin`] with a function per event.
macro_rules! plugin_with_events {
    ($($(#[$doc:meta])* $subscribe:ident, $method:ident, [$($borrow:tt)+], $event:ident;)*) => {
        /// Functions for events that a crate registers by being linked, as entry points do in gevent.
        ///
        /// Plugins are called after all subscribers, in the order of their names. A crate that the program never
        /// names is not linked, and neither is its plugin: `use that_crate as _;` links it.
        /// [`plugins`] lists the plugins that are linked.
        ///
        /// # Examples
        ///
        /// ```standalone_crate
        /// greenpatch::plugin! {
        ///     greenpatch::Plugin::new("audit").did_patch_module(|event| {
        ///         println!("patched {} with {}", event.module(), event.source());
        ///         Ok(())
        ///     })
        /// }
        /// # fn main() { assert_eq!(greenpatch::plugins(), ["audit"]); }
        /// ```
        #[derive(Clone, Copy, Debug)]
        #[must_use = "a plugin is registered by `greenpatch::plugin!`"]
        pub struct Plugin {
            name: &'static str,
            $(pub(crate) $method: Option<fn($($borrow)+ $event) -> Result<(), DoNotPatch>>,)*
        }

        impl Plugin {
            /// Creates a plugin without functions.
            pub const fn new(name: &'static str) -> Self {
                Plugin { name, $($method: None,)* }
            }

            $(
                #[doc = concat!("Sets the function that is called for [`", stringify!($event), "`].")]
                pub const fn $method(
                    mut self,
                    hook: fn($($borrow)+ $event) -> Result<(), DoNotPatch>,
                ) -> Self {
                    self.$method = Some(hook);
                    self
                }
            )*
        }
    };
}
for_each_event!(plugin_with_events);

impl Plugin {
    /// Returns the name that the plugin is listed under.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

inventory::collect!(Plugin);

/// Returns the linked plugins, in the order in which they are called.
pub(crate) fn linked() -> Vec<&'static Plugin> {
    let mut plugins: Vec<_> = inventory::iter::<Plugin>.into_iter().collect();
    plugins.sort_by_key(|plugin| plugin.name);
    plugins
}

/// Returns the names of the plugins that are linked into the program, in the order in which they are called.
pub fn plugins() -> Vec<&'static str> {
    linked().into_iter().map(Plugin::name).collect()
}

/// Registers a [`Plugin`] of the crate that contains the macro call.
#[macro_export]
macro_rules! plugin {
    ($plugin:expr) => {
        $crate::__private::inventory::submit! { $plugin }
    };
}
