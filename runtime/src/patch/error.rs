//! The one error of the patch protocol.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt;

use crate::patch::claim::Other;
use crate::patch::events::veto::{DoNotPatch, Who};
use crate::patch::feature::Feature;
use crate::patch::table::slot::Site;

/// Why a patch call, or a query, failed. Nothing was changed by a call that failed, except where
/// [`is_too_late`](PatchError::is_too_late) says otherwise.
pub struct PatchError {
    kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    /// No module of that name holds a patch point, or is a source module.
    UnknownModule(String),
    /// No patch point has that name.
    UnknownItem {
        name: String,
        module: Option<&'static str>,
    },
    /// Several have that name.
    Ambiguous { name: String, candidates: Vec<Site> },
    /// The type asked for is not the patch point's.
    WrongType {
        name: String,
        expected: &'static str,
        found: &'static str,
    },
    /// The source module implements nothing.
    NothingToReplace(&'static str),
    /// Two replacements for one item in one call.
    Conflict { item: Site, replacements: Vec<Site> },
    /// A did stage said not to patch.
    TooLate { who: Who, why: DoNotPatch },
    /// A hook asked for what it is being asked about.
    InProgress(String),
    /// Originals were to be put back while patching goes on.
    RestoreInProgress,
    /// Green threads live, and their ways of waiting were to be taken away.
    GreenThreads(usize),
    /// Another copy of greenpatch has claimed the process.
    SecondCopy(Other),
    /// What a built-in feature needs could not be had.
    NotReady {
        feature: Feature,
        cause: Box<dyn Error + Send + Sync>,
    },
}

impl PatchError {
    pub(crate) fn new(kind: Kind) -> Self {
        PatchError { kind }
    }

    /// Whether a name is that of no patch point, no module that holds one, and no source module.
    ///
    /// A crate that the program never names is not linked, and what it declares is not there:
    /// `use that_crate as _;` brings it back.
    pub fn is_unknown(&self) -> bool {
        matches!(self.kind, Kind::UnknownModule(_) | Kind::UnknownItem { .. })
    }

    /// Whether a name has several meanings; [`candidates`](PatchError::candidates) lists them.
    pub fn is_ambiguous(&self) -> bool {
        matches!(self.kind, Kind::Ambiguous { .. })
    }

    /// Whether the type of a function is not the patch point's.
    pub fn is_wrong_type(&self) -> bool {
        matches!(self.kind, Kind::WrongType { .. })
    }

    /// Whether a source module implements nothing of its target.
    pub fn is_nothing_to_replace(&self) -> bool {
        matches!(self.kind, Kind::NothingToReplace(_))
    }

    /// Whether two replacements were given for one item; [`candidates`](PatchError::candidates)
    /// lists them.
    pub fn is_conflict(&self) -> bool {
        matches!(self.kind, Kind::Conflict { .. })
    }

    /// Whether a hook or a subscriber said [`DoNotPatch`] at a did stage. What it speaks of stays
    /// patched.
    pub fn is_too_late(&self) -> bool {
        matches!(self.kind, Kind::TooLate { .. })
    }

    /// Whether a hook or a subscriber, asked whether to patch, itself asked to patch the same; or a
    /// green thread did that ran while such a hook waited for something. Or whether one asked to restore.
    pub fn is_in_progress(&self) -> bool {
        matches!(self.kind, Kind::InProgress(_) | Kind::RestoreInProgress)
    }

    /// Whether green threads are alive that [`restore`](crate::restore) would leave stranded.
    pub fn is_green_threads_alive(&self) -> bool {
        matches!(self.kind, Kind::GreenThreads(_))
    }

    /// Whether a built-in feature could not get what it needs from the system. The error says which call
    /// failed and why, and is caused by that call's [`io::Error`](std::io::Error). Nothing is kept of the
    /// attempt, so that one which needs less may succeed.
    pub fn is_not_ready(&self) -> bool {
        matches!(self.kind, Kind::NotReady { .. })
    }

    /// Whether another copy of greenpatch has patched this process: one that a library brought along which was
    /// loaded at run time, or which brings this one along. What this copy has stays native. On Linux alone: elsewhere
    /// a second copy is not noticed.
    pub fn is_second_copy(&self) -> bool {
        matches!(self.kind, Kind::SecondCopy(_))
    }

    /// Where each meaning of an ambiguous name, or each of the conflicting replacements, is written.
    pub fn candidates(&self) -> &[Site] {
        match &self.kind {
            Kind::Ambiguous { candidates, .. } => candidates,
            Kind::Conflict { replacements, .. } => replacements,
            _ => &[],
        }
    }
}

impl fmt::Display for PatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::UnknownModule(name) => write!(
                f,
                "no linked module `{name}` has patch points or replacements; \
                 a crate that is never named is not linked: `use that_crate as _;`"
            ),
            Kind::UnknownItem {
                name,
                module: Some(module),
            } => {
                write!(f, "`{module}` does not implement `{name}`")
            }
            Kind::UnknownItem { name, module: None } => write!(
                f,
                "no linked patch point is called `{name}`; \
                 a crate that is never named is not linked: `use that_crate as _;`"
            ),
            Kind::Ambiguous { name, candidates } => {
                write!(f, "`{name}` is ambiguous: it may be ")?;
                list(f, candidates)
            }
            Kind::WrongType {
                name,
                expected,
                found,
            } => {
                write!(f, "`{name}` is of type `{expected}`, not `{found}`")
            }
            Kind::NothingToReplace(source) => write!(f, "`{source}` implements nothing"),
            Kind::Conflict { item, replacements } => {
                write!(f, "more than one replacement for {item}: ")?;
                list(f, replacements)
            }
            Kind::TooLate { who, why } => {
                write!(f, "{who} said not to patch what is patched already: {why}")
            }
            Kind::InProgress(what) => write!(
                f,
                "{what} is being patched, and was asked for again from a stage that decides \
                 whether to; do it from a did stage"
            ),
            Kind::RestoreInProgress => f.write_str(
                "something is being patched, so that originals cannot be put back; do it when the call is over",
            ),
            Kind::GreenThreads(count) => {
                write!(
                    f,
                    "{count} green threads are alive; join them before restoring"
                )
            }
            Kind::SecondCopy(other) => write!(
                f,
                "another copy of greenpatch has patched this process ({other}), and two copies cannot share its \
                 threads; let one of them patch, or build both with one greenpatch, as a `dylib`"
            ),
            Kind::NotReady { feature, cause } => {
                write!(f, "the feature {feature} could not get what it needs: {cause}")
            }
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, sites: &[Site]) -> fmt::Result {
    for (at, site) in sites.iter().enumerate() {
        let between = if at == 0 { "" } else { ", " };
        write!(f, "{between}{site}")?;
    }
    Ok(())
}

impl fmt::Debug for PatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PatchError").field(&self.kind).finish()
    }
}

impl Error for PatchError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            Kind::NotReady { cause, .. } => Some(&**cause),
            Kind::TooLate { why, .. } => Some(why),
            _ => None,
        }
    }
}
