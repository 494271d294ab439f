//! The sources of greenpatch: those that the tool carries, or those in the graph of a program that depends on
//! greenpatch itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Context, Failure};
use crate::files;

/// The sources that the tool carries: paths, and what the files hold.
static CARRIED: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/carried.rs"));

/// The version of the sources that the tool carries.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Where the sources come from.
#[derive(Debug)]
pub(crate) enum Source {
    /// The tool itself.
    Carried,
    /// The package that the program depends on itself.
    Graph {
        /// The folder of greenpatch's manifest.
        runtime: PathBuf,
        /// The features that the program's graph turns on.
        features: Vec<String>,
        /// Stands for the content of its files.
        digits: String,
    },
}

impl Source {
    /// The package that a program depends on; the tool's own sources if they are the same.
    pub(crate) fn graph(
        runtime: PathBuf,
        macros: PathBuf,
        features: Vec<String>,
    ) -> Result<Source, Failure> {
        let found = read_package("runtime", &runtime)?
            .into_iter()
            .chain(read_package("macros", &macros)?);
        let found: BTreeMap<String, Vec<u8>> = found.collect();
        let carried = CARRIED.iter().filter(|(path, _)| path.contains('/'));
        let carried: BTreeMap<String, Vec<u8>> = carried
            .map(|(path, content)| ((*path).to_owned(), content.to_vec()))
            .collect();
        if found == carried && features.is_empty() {
            return Ok(Source::Carried);
        }
        let digits = files::digits((found, &features));
        Ok(Source::Graph {
            runtime,
            features,
            digits,
        })
    }

    /// Stands for the content of the sources.
    pub(crate) fn digits(&self) -> String {
        match self {
            Source::Carried => files::digits(CARRIED),
            Source::Graph { digits, .. } => digits.clone(),
        }
    }
}

/// What a package is built from, by paths that begin with `name`.
fn read_package(name: &str, folder: &Path) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let doing = || format!("could not read {}", folder.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).context(doing)? {
        let path = entry.context(doing)?.path();
        if path.is_file() {
            paths.push(path);
        }
    }
    collect(&folder.join("src"), &mut paths)?;
    let content = |path: PathBuf| {
        let content = fs::read(&path).context(|| format!("could not read {}", path.display()))?;
        let inside = path.strip_prefix(folder).unwrap_or(&path);
        Ok((format!("{name}/{}", inside.display()), content))
    };
    paths.into_iter().map(content).collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let doing = || format!("could not read {}", folder.display());
    for entry in fs::read_dir(folder).context(doing)? {
        let path = entry.context(doing)?.path();
        if path.is_dir() {
            collect(&path, found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}

/// Writes the sources, and a package that depends on them: so that greenpatch is built as a dependency,
/// without what its own tests need.
pub(crate) fn lay_out(source: &Source, folder: &Path) -> Result<PathBuf, Failure> {
    let (runtime, mut features) = match source {
        Source::Carried => {
            let sources = folder.join("source");
            for (path, content) in CARRIED {
                match *path {
                    "Cargo.toml" => files::write(&sources.join(path), members(content))?,
                    path if path.ends_with("Cargo.toml") => {
                        files::write(&sources.join(path), without_tests(content))?;
                    }
                    _ => files::write(&sources.join(path), content)?,
                }
            }
            (sources.join("runtime"), Vec::new())
        }
        Source::Graph {
            runtime, features, ..
        } => (runtime.clone(), features.clone()),
    };
    // On targets that it knows, so that what waits below std lets other green threads run.
    if !features.iter().any(|name| name == "libc") {
        features.push("libc".to_owned());
    }
    let package = folder.join("package");
    let manifest = format!(
        "[package]\nname = \"greenpatch-copy\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [lib]\npath = \"lib.rs\"\n\n\
         [dependencies]\ngreenpatch = {{ path = {}, features = {} }}\n\n\
         [profile.greenpatch]\ninherits = \"release\"\nopt-level = 3\ndebug = \"line-tables-only\"\n\
         debug-assertions = false\noverflow-checks = false\nlto = false\npanic = \"unwind\"\n\
         incremental = false\ncodegen-units = 16\nstrip = \"none\"\n\n[workspace]\n",
        quoted(&runtime.display().to_string()),
        serde_json::to_string(&features).expect("strings can be written as JSON"),
    );
    files::write(&package.join("Cargo.toml"), manifest)?;
    files::write(&package.join("lib.rs"), "pub extern crate greenpatch;\n")?;
    let lock = CARRIED.iter().find(|(path, _)| *path == "Cargo.lock");
    if let Some((_, content)) = lock {
        let path = package.join("Cargo.lock");
        if !path.exists() {
            files::write(&path, content)?;
        }
    }
    Ok(package.join("Cargo.toml"))
}

/// The workspace's manifest, reduced to the members that are carried.
fn members(manifest: &[u8]) -> String {
    let text = String::from_utf8_lossy(manifest);
    let shared = text
        .find("[workspace.package]")
        .map_or("", |start| &text[start..]);
    format!("[workspace]\nresolver = \"3\"\nmembers = [\"macros\", \"runtime\"]\n\n{shared}")
}

/// A package's manifest without its benches, and without what they and its tests depend on.
fn without_tests(manifest: &[u8]) -> String {
    let text = String::from_utf8_lossy(manifest);
    let mut kept = String::new();
    let mut keep = true;
    for line in text.lines() {
        if line.starts_with('[') {
            keep = !matches!(line.trim(), "[dev-dependencies]" | "[[bench]]");
        }
        if keep {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// A TOML string.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("strings can be written as JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tool_carries_a_workspace_of_two_packages() {
        let names: Vec<_> = CARRIED.iter().map(|(name, _)| *name).collect();
        for name in [
            "Cargo.toml",
            "Cargo.lock",
            "runtime/src/lib.rs",
            "macros/src/lib.rs",
            "README.md",
        ] {
            assert!(names.contains(&name), "{name}");
        }
        let manifest = CARRIED
            .iter()
            .find(|(name, _)| *name == "Cargo.toml")
            .unwrap()
            .1;
        let members = members(manifest);
        assert!(
            members.contains("members = [\"macros\", \"runtime\"]")
                && members.contains("[workspace.lints.rust]")
        );
        assert!(!members.contains("default-members"));
        let manifest = CARRIED
            .iter()
            .find(|(name, _)| *name == "runtime/Cargo.toml")
            .unwrap()
            .1;
        let manifest = without_tests(manifest);
        assert!(
            manifest.contains("[dependencies]")
                && !manifest.contains("criterion")
                && !manifest.contains("bench")
        );
    }
}
