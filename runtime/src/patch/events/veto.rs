//! The answer that cancels a patch call, and where it came from.
#![forbid(unsafe_code)]

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::panic::Location;

/// What a will hook or a subscriber returns to cancel.
///
/// From the hook of a source module or a [`WillPatchModule`](crate::events::WillPatchModule)
/// subscriber it cancels the feature; from a [`WillPatchAll`](crate::events::WillPatchAll)
/// subscriber, everything. From a did stage it comes too late and is an error.
#[derive(Clone, Debug, Default)]
pub struct DoNotPatch {
    reason: Option<Cow<'static, str>>,
}

impl DoNotPatch {
    /// Cancels without a word.
    pub const fn new() -> Self {
        DoNotPatch { reason: None }
    }

    /// Cancels and says why.
    pub fn because(reason: impl Into<Cow<'static, str>>) -> Self {
        DoNotPatch {
            reason: Some(reason.into()),
        }
    }
}

impl fmt::Display for DoNotPatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason.as_deref().unwrap_or("do not patch"))
    }
}

impl Error for DoNotPatch {}

/// Who cancelled, and why.
#[derive(Clone, Debug)]
pub struct CancelledBy {
    who: Who,
    reason: Option<Cow<'static, str>>,
}

/// One who is asked, or told, about patching.
#[derive(Clone, Debug)]
pub(crate) enum Who {
    /// `GREENPATCH=off` in the environment.
    Environment,
    /// The hook of a source module.
    Hook(&'static str),
    /// A subscriber, by where it subscribed.
    Subscriber(&'static Location<'static>),
    /// A plugin, by its name.
    Plugin(&'static str),
}

impl CancelledBy {
    pub(crate) fn new(who: Who, why: DoNotPatch) -> Self {
        CancelledBy {
            who,
            reason: why.reason,
        }
    }

    pub(crate) fn environment() -> Self {
        CancelledBy {
            who: Who::Environment,
            reason: None,
        }
    }

    /// Whether it was `GREENPATCH=off` in the environment.
    pub fn is_environment(&self) -> bool {
        matches!(self.who, Who::Environment)
    }

    /// Whether it was the hook of a source module.
    pub fn is_hook(&self) -> bool {
        matches!(self.who, Who::Hook(_))
    }

    /// Whether it was a subscriber.
    pub fn is_subscriber(&self) -> bool {
        matches!(self.who, Who::Subscriber(_))
    }

    /// Whether it was a plugin.
    pub fn is_plugin(&self) -> bool {
        matches!(self.who, Who::Plugin(_))
    }

    /// The reason given, if any.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }
}

impl fmt::Display for CancelledBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.who)?;
        match &self.reason {
            Some(reason) => write!(f, ": {reason}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Who::Environment => f.write_str("GREENPATCH=off in the environment"),
            Who::Hook(source) => write!(f, "the hook of {source}"),
            Who::Subscriber(at) => write!(f, "the subscriber added at {at}"),
            Who::Plugin(name) => write!(f, "the plugin {name}"),
        }
    }
}
