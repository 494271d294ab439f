//! What `cargo install` is asked for, and a package that stands in for it where cargo is asked for its graph.
//!
//! `cargo metadata` has to be given a package on disk. For a crate of a registry or a repository, this is one that the
//! tool writes into its cache, and that depends on the crate.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::error::Failure;
use crate::files;
use crate::source::quoted;

/// The name of the package that stands in.
pub(crate) const STAND_IN: &str = "greenpatch-installed";

/// cargo's options that say where a crate comes from, with what a manifest calls them.
const SOURCES: &[(&str, &str)] = &[
    ("--git", "git"),
    ("--branch", "branch"),
    ("--tag", "tag"),
    ("--rev", "rev"),
    ("--registry", "registry"),
    ("--index", "registry-index"),
];

/// What is installed.
#[derive(Debug, Default)]
pub(crate) struct Install {
    /// Names, some with a version after `@`.
    pub(crate) crates: Vec<String>,
    /// `--path`.
    pub(crate) path: Option<PathBuf>,
    /// The key of a dependency in a manifest and its value.
    source: Vec<(&'static str, String)>,
    version: Option<String>,
    features: Vec<String>,
    without_default_features: bool,
}

impl Install {
    /// Notes one of cargo's options.
    pub(crate) fn note(&mut self, name: &str, value: Option<&str>) {
        let value = value.unwrap_or_default();
        match name {
            "--path" => self.path = Some(value.into()),
            "--version" | "--vers" => self.version = Some(value.to_owned()),
            "-F" | "--features" => {
                let names = value.split([',', ' ']).filter(|name| !name.is_empty());
                self.features.extend(names.map(str::to_owned));
            }
            "--no-default-features" => self.without_default_features = true,
            _ => {
                if let Some((_, key)) = SOURCES.iter().find(|(option, _)| *option == name) {
                    self.source.push((key, value.to_owned()));
                }
            }
        }
    }

    /// Whether nothing is named: cargo lists what is installed, or says what is missing.
    pub(crate) fn is_nothing(&self) -> bool {
        self.crates.is_empty() && self.path.is_none() && self.source.is_empty()
    }

    /// Writes the package that stands in, unless a package on disk is installed; returns its manifest.
    pub(crate) fn stand_in(&self, folder: &Path) -> Result<Option<PathBuf>, Failure> {
        if self.path.is_some() {
            return Ok(None);
        }
        if self.crates.is_empty() {
            return Err(Failure::new(
                "name the crate that is to be installed: `cargo greenpatch install --git URL CRATE`",
            ));
        }
        let manifest = folder.join("Cargo.toml");
        files::write(&manifest, self.manifest())?;
        files::write(&folder.join("lib.rs"), "")?;
        Ok(Some(manifest))
    }

    fn manifest(&self) -> String {
        let mut text = format!(
            "[package]\nname = \"{STAND_IN}\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n\
             [lib]\npath = \"lib.rs\"\n\n[workspace]\n"
        );
        for named in &self.crates {
            let (name, version) = match named.split_once('@') {
                Some((name, version)) => (name, Some(version)),
                None => (named.as_str(), self.version.as_deref()),
            };
            let mut add = |line: String| {
                writeln!(text, "{line}").expect("a string can be written to");
            };
            add(format!("\n[dependencies.{}]", quoted(name)));
            add("artifact = \"bin\"".to_owned());
            let is_git = self.source.iter().any(|(key, _)| *key == "git");
            match version {
                // As `cargo install` reads it: a whole version is that one.
                Some(version) if version.starts_with(|first: char| first.is_ascii_digit()) => {
                    add(format!("version = {}", quoted(&format!("={version}"))));
                }
                Some(version) => add(format!("version = {}", quoted(version))),
                None if is_git => {}
                None => add("version = \"*\"".to_owned()),
            }
            for (key, value) in &self.source {
                add(format!("{key} = {}", quoted(value)));
            }
            let features: Vec<_> = self.features.iter().map(|name| quoted(name)).collect();
            add(format!("features = [{}]", features.join(", ")));
            if self.without_default_features {
                add("default-features = false".to_owned());
            }
        }
        text
    }
}

/// The line that says why cargo cannot have what is installed, without the package that stands in for it.
pub(crate) fn reason(errors: &str) -> String {
    let lines = errors.lines().map(str::trim);
    let mut lines = lines.filter(|line| !line.is_empty() && *line != "Caused by:");
    let first = lines.find_map(|line| line.strip_prefix("error: "));
    let reason = match first {
        Some(first) if !first.contains(STAND_IN) => Some(first),
        // The causes follow, the last of them the innermost.
        _ => lines.rfind(|line| !line.contains(STAND_IN)),
    };
    reason
        .unwrap_or("cargo could not find what is to be installed")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_one_line_about_what_is_installed() {
        let errors = "    Updating crates.io index\nerror: no matching package named `x` found\n\
                      location searched: crates.io index\nrequired by package `greenpatch-installed v0.0.0 (/p)`\n";
        assert_eq!(reason(errors), "no matching package named `x` found");
        let errors = "error: failed to get `x` as a dependency of package `greenpatch-installed v0.0.0 (/p)`\n\n\
                      Caused by:\n  failed to load source for dependency `x`\n\nCaused by:\n  /r does not exist\n";
        assert_eq!(reason(errors), "/r does not exist");
        assert_eq!(reason(""), "cargo could not find what is to be installed");
    }

    #[test]
    fn what_is_installed_becomes_a_dependency() {
        let mut install = Install::default();
        assert!(install.is_nothing());
        install.crates = vec!["a@1.2".to_owned(), "b".to_owned()];
        install.note("--registry", Some("own"));
        install.note("--features", Some("x,y"));
        install.note("--locked", None);
        let manifest = install.manifest();
        let dependencies = manifest.split_once("[workspace]\n").unwrap().1;
        assert_eq!(
            dependencies,
            "\n[dependencies.\"a\"]\nartifact = \"bin\"\nversion = \"=1.2\"\nregistry = \"own\"\nfeatures = [\"x\", \"y\"]\n\
             \n[dependencies.\"b\"]\nartifact = \"bin\"\nversion = \"*\"\nregistry = \"own\"\nfeatures = [\"x\", \"y\"]\n"
        );
    }
}
