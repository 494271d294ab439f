//! The graph of a program's packages. cargo is asked for it when something has changed that it comes from.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, MetadataCommand};
use serde::{Deserialize, Serialize};

use crate::arguments::Request;
use crate::command::Command;
use crate::compiler::Compiler;
use crate::configuration::Sources;
use crate::error::{Context, Failure};
use crate::files;
use crate::kept::Identity;
use crate::probe::{self, Answer};
use crate::rustix;

/// Incremented with each change of what is kept.
const FORMAT: u32 = 2;

/// What cargo says of a program.
#[derive(Debug)]
pub(crate) struct Graph {
    /// Packages and how they depend on each other.
    pub(crate) metadata: Metadata,
    /// The flags of the user's that rustc is called with for the target, and that for rustix.
    pub(crate) flags: Vec<String>,
    /// Where the user's are configured.
    pub(crate) flags_at: rustix::Place,
}

impl Graph {
    /// Asks cargo, unless its last answer still holds.
    pub(crate) fn read(
        compiler: &Compiler,
        request: &Request,
        cache: &Path,
    ) -> Result<Graph, Failure> {
        let parse = |answer: &Answer| {
            MetadataCommand::parse(&answer.metadata).context(|| "`cargo metadata`".to_owned())
        };
        let place = place(compiler, request, cache);
        if let Some(answer) = place.as_deref().and_then(Kept::read) {
            return Ok(Graph {
                metadata: parse(&answer)?,
                flags: answer.flags,
                flags_at: answer.flags_at,
            });
        }
        let answer = probe::ask(compiler, request, cache)?;
        let metadata = parse(&answer)?;
        let (flags, flags_at) = (answer.flags.clone(), answer.flags_at);
        if let Some(place) = place
            && let Some(manifests) = manifests(&metadata)
        {
            Kept::write(&place, manifests, answer);
        }
        Ok(Graph {
            metadata,
            flags,
            flags_at,
        })
    }
}

/// An answer of cargo's, and the files that it comes from.
#[derive(Serialize, Deserialize)]
struct Kept {
    manifests: BTreeSet<PathBuf>,
    /// Stands for the files as they were.
    digits: String,
    answer: Answer,
}

impl Kept {
    fn read(place: &Path) -> Option<Answer> {
        let kept: Kept = serde_json::from_slice(&fs::read(place).ok()?).ok()?;
        (kept.digits == digits(&kept.manifests)).then_some(kept.answer)
    }

    fn write(place: &Path, manifests: BTreeSet<PathBuf>, answer: Answer) {
        let kept = Kept {
            digits: digits(&manifests),
            manifests,
            answer,
        };
        if let Ok(text) = serde_json::to_vec(&kept) {
            // Without it the next run asks again.
            let _ = files::write(place, text);
        }
    }
}

/// Stands for the files as they are; one may be missing.
fn digits(paths: &BTreeSet<PathBuf>) -> String {
    let identities = paths.iter().map(|path| Identity::of_file(path));
    files::digits(identities.collect::<Vec<_>>())
}

/// Where an answer is kept, if all that it comes from but manifests is known.
fn place(compiler: &Compiler, request: &Request, cache: &Path) -> Option<PathBuf> {
    if request.command == Command::Install {
        return None;
    }
    let cargo = Identity::of_program(&compiler.cargo)?;
    let folder = env::current_dir().ok()?;
    let name = files::digits((
        FORMAT,
        cargo,
        &compiler.version,
        &compiler.target,
        folder,
        &request.metadata,
        Sources::of(None, request)?,
    ));
    Some(cache.join("graphs").join(format!("{name}.json")))
}

/// The files that a graph comes from: manifests on disk, those that may stand above them, and the lock file. `None` if
/// members of the workspace are found by a pattern.
fn manifests(metadata: &Metadata) -> Option<BTreeSet<PathBuf>> {
    let root = metadata.workspace_root.as_std_path();
    let locked = root.join("Cargo.lock");
    if !locked.is_file() || has_pattern(&fs::read_to_string(root.join("Cargo.toml")).ok()?) {
        return None;
    }
    let here = env::current_dir().ok()?;
    let local = metadata
        .packages
        .iter()
        .filter(|package| package.source.is_none());
    let folders = local.filter_map(|package| package.manifest_path.parent());
    let mut paths = BTreeSet::from([locked]);
    for folder in folders
        .map(|folder| folder.as_std_path())
        .chain([root, &here])
    {
        let above = folder.ancestors();
        paths.extend(above.map(|folder| folder.join("Cargo.toml")));
    }
    Some(paths)
}

/// Whether a string in a manifest may stand for several files. It may be found where there is none, such as in a comment.
fn has_pattern(manifest: &str) -> bool {
    let quoted = |line: &str, quote| {
        let mut strings = line.split(quote).skip(1).step_by(2);
        strings.any(|text| text.contains(['*', '?', '[']))
    };
    manifest
        .lines()
        .any(|line| quoted(line, '"') || quoted(line, '\''))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_by_a_pattern_are_seen() {
        for manifest in [
            "members = [\"a\", \"b/*\"]",
            "members = ['b?']",
            "x = \"[ab]\"",
        ] {
            assert!(has_pattern(manifest), "{manifest}");
        }
        let manifest = "[workspace]\nmembers = [\n  \"a\", # all\n  \"b\"]\n[package] # it's\nname = \"c\"\n\
                        [dependencies]\nd = { version = \"1\", features = [\"e\"] }\n";
        assert!(!has_pattern(manifest));
    }
}
