//! Plugins: subscribers that a crate brings along by being linked.
#![forbid(unsafe_code)]

use super::event::{
    DidPatchAll, DidPatchBuiltinModules, DidPatchModule, WillPatchAll, WillPatchModule,
};
use super::veto::DoNotPatch;

/// Subscribers that a crate brings along by being linked; what entry points are to gevent.
///
/// They are asked after all subscribers, in the order of their names. A crate that the program never
/// names is not linked, and its plugin with it: `use that_crate as _;` brings it back;
/// [`plugins`] lists those that are there.
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
    will_patch_all: Option<fn(&WillPatchAll) -> Answer>,
    will_patch_module: Option<fn(&mut WillPatchModule) -> Answer>,
    did_patch_module: Option<fn(&DidPatchModule) -> Answer>,
    did_patch_builtin_modules: Option<fn(&DidPatchBuiltinModules) -> Answer>,
    did_patch_all: Option<fn(&DidPatchAll) -> Answer>,
}

type Answer = Result<(), DoNotPatch>;

impl Plugin {
    /// A plugin that listens to nothing yet.
    pub const fn new(name: &'static str) -> Self {
        Plugin {
            name,
            will_patch_all: None,
            will_patch_module: None,
            did_patch_module: None,
            did_patch_builtin_modules: None,
            did_patch_all: None,
        }
    }

    /// The name that it is listed under.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Listens to [`WillPatchAll`].
    pub const fn will_patch_all(mut self, hook: fn(&WillPatchAll) -> Answer) -> Self {
        self.will_patch_all = Some(hook);
        self
    }

    /// Listens to [`WillPatchModule`].
    pub const fn will_patch_module(mut self, hook: fn(&mut WillPatchModule) -> Answer) -> Self {
        self.will_patch_module = Some(hook);
        self
    }

    /// Listens to [`DidPatchModule`].
    pub const fn did_patch_module(mut self, hook: fn(&DidPatchModule) -> Answer) -> Self {
        self.did_patch_module = Some(hook);
        self
    }

    /// Listens to [`DidPatchBuiltinModules`], where modules of third parties are patched.
    pub const fn did_patch_builtin_modules(
        mut self,
        hook: fn(&DidPatchBuiltinModules) -> Answer,
    ) -> Self {
        self.did_patch_builtin_modules = Some(hook);
        self
    }

    /// Listens to [`DidPatchAll`].
    pub const fn did_patch_all(mut self, hook: fn(&DidPatchAll) -> Answer) -> Self {
        self.did_patch_all = Some(hook);
        self
    }

    pub(crate) const fn on_will_patch_all(&self) -> Option<fn(&WillPatchAll) -> Answer> {
        self.will_patch_all
    }

    pub(crate) const fn on_will_patch_module(&self) -> Option<fn(&mut WillPatchModule) -> Answer> {
        self.will_patch_module
    }

    pub(crate) const fn on_did_patch_module(&self) -> Option<fn(&DidPatchModule) -> Answer> {
        self.did_patch_module
    }

    pub(crate) const fn on_did_patch_builtin_modules(
        &self,
    ) -> Option<fn(&DidPatchBuiltinModules) -> Answer> {
        self.did_patch_builtin_modules
    }

    pub(crate) const fn on_did_patch_all(&self) -> Option<fn(&DidPatchAll) -> Answer> {
        self.did_patch_all
    }
}

inventory::collect!(Plugin);

/// The plugins linked into this program, in the order in which they are asked.
pub(crate) fn linked() -> Vec<&'static Plugin> {
    let mut plugins: Vec<_> = inventory::iter::<Plugin>.into_iter().collect();
    plugins.sort_by_key(|plugin| plugin.name);
    plugins
}

/// The names of the plugins linked into this program, in the order in which they are asked.
pub fn plugins() -> Vec<&'static str> {
    linked().into_iter().map(Plugin::name).collect()
}

/// Registers a [`Plugin`] of the crate that it stands in.
#[macro_export]
macro_rules! plugin {
    ($plugin:expr) => {
        $crate::__private::inventory::submit! { $plugin }
    };
}
