//! Where everything is.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The folders that are read, and those that are written to.
#[derive(Debug)]
pub(crate) struct Folders {
    repository: PathBuf,
}

impl Folders {
    pub(crate) fn new() -> Folders {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        Folders {
            repository: repository
                .canonicalize()
                .expect("the folder above the package exists"),
        }
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

    /// What was found, to be put into the table.
    pub(crate) fn records(&self) -> PathBuf {
        self.here().join("records.json")
    }

    /// What is said about the differences.
    pub(crate) fn explanations(&self) -> PathBuf {
        self.here().join("explanations.txt")
    }

    /// The table.
    pub(crate) fn table(&self) -> PathBuf {
        self.repository.join("docs/APPLICATIONS.md")
    }

    /// A folder for what is built and copied.
    pub(crate) fn work(&self, name: &str) -> PathBuf {
        self.repository.join("target/tmp/applications").join(name)
    }

    /// The tool's own folder, which its tests use too.
    pub(crate) fn cache(&self) -> PathBuf {
        self.repository.join("target/tmp/greenpatch")
    }

    /// Builds `cargo-greenpatch`, and returns it.
    pub(crate) fn tool(&self) -> Result<PathBuf, String> {
        let status = Command::new("cargo")
            .args(["build", "--quiet", "--package", "cargo-greenpatch"])
            .current_dir(&self.repository)
            .status()
            .map_err(|error| format!("cannot run cargo: {error}"))?;
        if !status.success() {
            return Err("cargo-greenpatch cannot be built".to_owned());
        }
        Ok(self.repository.join("target/debug/cargo-greenpatch"))
    }
}
