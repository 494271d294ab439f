//! The error of patch calls and queries.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt;

use crate::patch::claim::Other;
use crate::patch::events::veto::{DoNotPatch, Origin};
use crate::patch::feature::Feature;
use crate::patch::table::slot::Site;

/// The error of a patch call or a query. A call that failed changed nothing, except as described at
/// [`is_too_late`](PatchError::is_too_late).
pub struct PatchError {
    kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    /// No module of that name contains a patch point or is a source module.
    UnknownModule(String),
    /// No patch point has that name.
    UnknownItem {
        name: String,
        module: Option<&'static str>,
    },
    /// Several items or modules have that name.
    Ambiguous { name: String, candidates: Vec<Site> },
    /// The requested type is not that of the patch point.
    WrongType {
        name: String,
        expected: &'static str,
        found: &'static str,
    },
    /// The source module implements nothing.
    NothingToReplace(&'static str),
    /// A call has two replacements for one item.
    Conflict { item: Site, replacements: Vec<Site> },
    /// A did stage returned `DoNotPatch`.
    TooLate { origin: Origin, why: DoNotPatch },
    /// A hook tried to patch the feature that it is deciding on.
    InProgress(String),
    /// A stage that decides whether to patch tried to restore originals.
    RestoreInProgress,
    /// Green threads are alive, and the replacements by which they block were to be restored.
    GreenThreads(usize),
    /// Another copy of greenpatch has claimed the process.
    SecondCopy(Other),
    /// A resource that a built-in feature needs is unavailable.
    NotReady {
        feature: Feature,
        cause: Box<dyn Error + Send + Sync>,
    },
}

impl PatchError {
    pub(crate) fn new(kind: Kind) -> Self {
        PatchError { kind }
    }

    /// Returns whether a name is unknown: no patch point, no module that contains one, and no source module has it.
    ///
    /// A crate that the program never names is not linked, and neither is what it declares:
    /// `use that_crate as _;` links it.
    pub fn is_unknown(&self) -> bool {
        matches!(self.kind, Kind::UnknownModule(_) | Kind::UnknownItem { .. })
    }

    /// Returns whether a name has several meanings, which [`candidates`](PatchError::candidates) returns.
    pub fn is_ambiguous(&self) -> bool {
        matches!(self.kind, Kind::Ambiguous { .. })
    }

    /// Returns whether the type of a function is not that of the patch point.
    pub fn is_wrong_type(&self) -> bool {
        matches!(self.kind, Kind::WrongType { .. })
    }

    /// Returns whether a source module implements no item of its target.
    pub fn is_nothing_to_replace(&self) -> bool {
        matches!(self.kind, Kind::NothingToReplace(_))
    }

    /// Returns whether an item has two replacements, which [`candidates`](PatchError::candidates)
    /// returns.
    pub fn is_conflict(&self) -> bool {
        matches!(self.kind, Kind::Conflict { .. })
    }

    /// Returns whether a hook or a subscriber returned [`DoNotPatch`] at a did stage. Its module stays
    /// patched.
    pub fn is_too_late(&self) -> bool {
        matches!(self.kind, Kind::TooLate { .. })
    }

    /// Returns whether a hook or a subscriber that decides on a feature tried to patch the same feature, or to restore.
    /// The call may also come from a green thread that ran while such a hook was blocked.
    pub fn is_in_progress(&self) -> bool {
        matches!(self.kind, Kind::InProgress(_) | Kind::RestoreInProgress)
    }

    /// Returns whether green threads are alive, which [`restore`](crate::restore) would make unable to block.
    pub fn is_green_threads_alive(&self) -> bool {
        matches!(self.kind, Kind::GreenThreads(_))
    }

    /// Returns whether a built-in feature could not get a resource from the system. The message names the system call that
    /// failed, and the source of the error is that call's [`io::Error`](std::io::Error). The attempt leaves nothing
    /// behind, so a call that needs less may succeed.
    pub fn is_not_ready(&self) -> bool {
        matches!(self.kind, Kind::NotReady { .. })
    }

    /// Returns whether another copy of greenpatch has patched this process. There are two copies if a library that is
    /// loaded at run time contains its own. The built-in features of this copy stay native. On platforms other than Linux
    /// a second copy is not detected.
    pub fn is_second_copy(&self) -> bool {
        matches!(self.kind, Kind::SecondCopy(_))
    }

    /// Returns the places where the meanings of an ambiguous name, or the conflicting replacements, are written.
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
            Kind::TooLate { origin, why } => {
                write!(f, "{origin} said not to patch what is patched already: {why}")
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
