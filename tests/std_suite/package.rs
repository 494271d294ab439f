//! A generated package: one binary for each of std's test files.

use crate::sources::{TestFile, build_folder};
use crate::transform::Suite;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the tests are compiled against, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Std itself.
    Control,
    /// Greenpatch, by the one-line shadow.
    Shadow,
    /// The same, with AddressSanitizer.
    Sanitized,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Control => "control",
            Kind::Shadow => "shadow",
            Kind::Sanitized => "sanitized",
        }
    }
}

/// One generated package.
#[derive(Debug)]
pub(crate) struct Package {
    kind: Kind,
    folder: PathBuf,
    target: PathBuf,
    /// Given to cargo when it must not instrument build scripts.
    triple: Option<String>,
}

impl Package {
    /// Chooses its folders; writes nothing.
    ///
    /// # Errors
    ///
    /// Says why rustc did not name its host.
    pub(crate) fn new(kind: Kind) -> Result<Self, String> {
        let target = env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| workspace().join("target"), PathBuf::from);
        Ok(Package {
            kind,
            folder: build_folder().join(kind.name()),
            target: target.join("std_suite"),
            triple: if kind == Kind::Sanitized {
                Some(host()?)
            } else {
                None
            },
        })
    }

    /// All packages share a target folder, so the names differ.
    pub(crate) fn binary_name(&self, file: &TestFile) -> String {
        format!("{}-{}", self.kind.name(), file.binary())
    }

    /// Where the binary is once it is built.
    pub(crate) fn binary(&self, file: &TestFile) -> PathBuf {
        let target = self
            .triple
            .iter()
            .fold(self.target.clone(), |target, host| target.join(host));
        target.join("debug").join(self.binary_name(file))
    }

    /// Writes what belongs to the package as a whole.
    ///
    /// # Errors
    ///
    /// Says what could not be read or written.
    pub(crate) fn write_manifest(&self, files: &[&TestFile]) -> Result<(), String> {
        let mut manifest = format!(
            "[package]\nname = \"std-suite-{}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
             autobins = false\n\n[workspace]\n\n\
             [profile.dev]\nopt-level = 1\ndebug = \"line-tables-only\"\n\n\
             [dependencies]\nlibc = \"0.2\"\n",
            self.kind.name()
        );
        let features = match self.kind {
            Kind::Control => None,
            Kind::Shadow => Some("[]"),
            Kind::Sanitized => Some("[\"sanitizer\"]"),
        };
        if let Some(features) = features {
            let runtime = workspace().join("runtime");
            let dependency =
                format!("greenpatch = {{ path = {runtime:?}, features = {features} }}\n");
            manifest.push_str(&dependency);
        }
        for file in files {
            manifest.push_str(&format!(
                "\n[[bin]]\nname = \"{}\"\npath = \"src/bin/{}/main.rs\"\n",
                self.binary_name(file),
                file.binary()
            ));
        }
        write(&self.folder.join("Cargo.toml"), &manifest)?;
        let harness = include_str!("support/harness.rs");
        write(&self.folder.join("src/harness.rs"), harness)?;
        // The versions are the workspace's, and cargo needs no network to choose them.
        let lock = workspace().join("Cargo.lock");
        let lock = fs::read_to_string(&lock)
            .map_err(|error| format!("cannot read {}: {error}", lock.display()))?;
        write(&self.folder.join("Cargo.lock"), &lock)
    }

    /// Writes the sources of one binary.
    ///
    /// # Errors
    ///
    /// Says what could not be written.
    pub(crate) fn write_binary(&self, file: &TestFile, suite: &Suite) -> Result<(), String> {
        let folder = self.folder.join("src/bin").join(file.binary());
        let (line, patch) = match self.kind {
            Kind::Control => ("", "unreachable!()"),
            Kind::Shadow | Kind::Sanitized => (
                "#[macro_use]\nextern crate greenpatch as std;\n",
                "let all = std::Patcher::new().fs(true);
    match workers {
        None => all,
        Some(n) => all.workers(n),
    }
    .apply()
    .expect(\"to patch\")",
            ),
        };
        let main = format!(
            "#![allow(warnings, static_mut_refs)]\n{line}extern crate std as real;\n\
             #[path = \"../../harness.rs\"]\n#[macro_use]\nmod harness;\nmod suite;\n\n\
             fn patch(workers: Option<usize>) {{\n    {patch};\n}}\n\n\
             fn main() -> std::process::ExitCode {{\n    harness::main(suite::tests(), patch)\n}}\n"
        );
        write(&folder.join("main.rs"), &main)?;
        write(&folder.join("suite.rs"), &suite.text)
    }

    /// Builds; returns whether all of it compiled, and what the compiler said.
    ///
    /// # Errors
    ///
    /// Says why cargo did not run.
    pub(crate) fn compile(&self) -> Result<(bool, String), String> {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args([
            "build",
            "--bins",
            "--keep-going",
            "--color",
            "never",
            "--target-dir",
        ]);
        cargo.arg(&self.target).current_dir(&self.folder);
        if let Some(triple) = &self.triple {
            // Every toolchain has the sanitizer, behind an unstable option.
            cargo.args(["--target", triple]);
            cargo.env("RUSTC_BOOTSTRAP", "1");
            cargo.env("RUSTFLAGS", "-Zsanitizer=address --cfg greenpatch_sanitize");
        }
        let output = cargo
            .output()
            .map_err(|error| format!("cannot run cargo: {error}"))?;
        Ok((
            output.status.success(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        ))
    }
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The target triple of this machine.
fn host() -> Result<String, String> {
    let output = Command::new("rustc")
        .arg("-vV")
        .output()
        .map_err(|error| format!("cannot run rustc: {error}"))?;
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .find_map(|line| line.strip_prefix("host: ").map(str::to_string))
        .ok_or_else(|| "rustc -vV names no host".to_string())
}

/// Writes a file if it is not there already, so that cargo builds only what changed.
fn write(path: &Path, text: &str) -> Result<(), String> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    let folder = path.parent().expect("a file in a folder");
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .map_err(|error| format!("cannot write {}: {error}", path.display()))
}
