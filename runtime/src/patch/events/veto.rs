//! The error that cancels a patch call, and its origin.
#![forbid(unsafe_code)]

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::panic::Location;

/// The error that a hook or a subscriber returns to cancel patching.
///
/// Returned from the hook of a source module or a [`WillPatchModule`](crate::events::WillPatchModule)
/// subscriber, it cancels the feature. Returned from a [`WillPatchAll`](crate::events::WillPatchAll)
/// subscriber, it cancels the call. Returned from a did stage, it is too late, and the call fails.
#[derive(Clone, Debug, Default)]
pub struct DoNotPatch {
    reason: Option<Cow<'static, str>>,
}

impl DoNotPatch {
    /// Cancels without a reason.
    pub const fn new() -> Self {
        DoNotPatch { reason: None }
    }

    /// Cancels with a reason.
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

/// What cancelled a call or a feature, and why.
#[derive(Clone, Debug)]
pub struct CancelledBy {
    origin: Origin,
    reason: Option<Cow<'static, str>>,
}

/// What cancelled, or was notified.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    /// `GREENPATCH=off` in the environment.
    Environment,
    /// The hook of the source module of this name.
    Hook(&'static str),
    /// The subscriber that was added at this place.
    Subscriber(&'static Location<'static>),
    /// The plugin of this name.
    Plugin(&'static str),
}

impl CancelledBy {
    pub(crate) fn new(origin: Origin, why: DoNotPatch) -> Self {
        CancelledBy {
            origin,
            reason: why.reason,
        }
    }

    pub(crate) fn environment() -> Self {
        CancelledBy {
            origin: Origin::Environment,
            reason: None,
        }
    }

    /// Returns whether `GREENPATCH=off` in the environment cancelled.
    pub fn is_environment(&self) -> bool {
        matches!(self.origin, Origin::Environment)
    }

    /// Returns whether the hook of a source module cancelled.
    pub fn is_hook(&self) -> bool {
        matches!(self.origin, Origin::Hook(_))
    }

    /// Returns whether a subscriber cancelled.
    pub fn is_subscriber(&self) -> bool {
        matches!(self.origin, Origin::Subscriber(_))
    }

    /// Returns whether a plugin cancelled.
    pub fn is_plugin(&self) -> bool {
        matches!(self.origin, Origin::Plugin(_))
    }

    /// Returns the reason, if one was given.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }
}

impl fmt::Display for CancelledBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.origin)?;
        match &self.reason {
            Some(reason) => write!(f, ": {reason}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Environment => f.write_str("GREENPATCH=off in the environment"),
            Origin::Hook(source) => write!(f, "the hook of {source}"),
            Origin::Subscriber(at) => write!(f, "the subscriber added at {at}"),
            Origin::Plugin(name) => write!(f, "the plugin {name}"),
        }
    }
}
