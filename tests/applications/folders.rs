//! The folders that the program reads and writes.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folders that are read, and those that are written to.
#[derive(Debug)]
pub(crate) struct Folders {
    repository: PathBuf,
    /// cargo's target folder.
    target: PathBuf,
}

impl Folders {
    pub(crate) fn new() -> Folders {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("..")
            .canonicalize()
            .expect("the folder above the package exists");
        let target = target(&repository, env::var_os("CARGO_TARGET_DIR"));
        Folders { repository, target }
    }

    fn here(&self) -> PathBuf {
        self.repository.join("tests/applications")
    }

    /// The workspace of the applications.
    pub(crate) fn programs(&self) -> PathBuf {
        self.here().join("programs")
    }

    /// The list of published crates.
    pub(crate) fn crates(&self) -> PathBuf {
        self.here().join("crates.txt")
    }

    /// The file with the results.
    pub(crate) fn records(&self) -> PathBuf {
        self.here().join("records.json")
    }

    /// The file that explains the differences.
    pub(crate) fn explanations(&self) -> PathBuf {
        self.here().join("explanations.txt")
    }

    /// The table.
    pub(crate) fn table(&self) -> PathBuf {
        self.repository.join("docs/APPLICATIONS.md")
    }

    /// The folder for builds and copies.
    pub(crate) fn work(&self, name: &str) -> PathBuf {
        self.target.join("tmp/applications").join(name)
    }

    /// The tool's own folder, which its tests use too.
    pub(crate) fn cache(&self) -> PathBuf {
        self.target.join("tmp/greenpatch")
    }

    /// Builds `cargo-greenpatch`, and returns it.
    pub(crate) fn tool(&self) -> Result<PathBuf, String> {
        let status = Command::new("cargo")
            .args(["build", "--quiet", "--package", "cargo-greenpatch"])
            .current_dir(&self.repository)
            .env("CARGO_TARGET_DIR", &self.target)
            .status()
            .map_err(|error| format!("cannot run cargo: {error}"))?;
        if !status.success() {
            return Err("cargo-greenpatch cannot be built".to_owned());
        }
        Ok(self.target.join("debug/cargo-greenpatch"))
    }
}

/// The target folder of the repository, or the one that the environment names.
fn target(repository: &Path, named: Option<OsString>) -> PathBuf {
    match named.filter(|folder| !folder.is_empty()) {
        Some(folder) => std::path::absolute(folder).expect("the current folder exists"),
        None => repository.join("target"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_names_the_target_folder() {
        let here = Path::new("/here");
        assert_eq!(target(here, None), here.join("target"));
        assert_eq!(target(here, Some("".into())), here.join("target"));
        assert_eq!(target(here, Some("/there".into())), Path::new("/there"));
        let relative = target(here, Some("there".into()));
        assert!(relative.is_absolute() && relative.ends_with("there"));
        let folders = Folders {
            repository: here.into(),
            target: "/there".into(),
        };
        for folder in [folders.work("x"), folders.cache()] {
            assert!(folder.starts_with("/there"), "{}", folder.display());
        }
    }
}
