//! The two generated packages: std's tests against std itself, and under the shadow.
//!
//! Called by `main`. What does not compile is taken out test by test, by what the compiler says, and
//! reported as failed: so one missing item of the facade does not hide all others.

use crate::left_out::LeftOut;
use crate::sources::{TestFile, build_folder};
use crate::transform::Suite;
use crate::{examples, transform};
use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A built package.
#[derive(Debug, Default)]
pub(crate) struct Built {
    /// By the key of the test file.
    pub(crate) files: BTreeMap<String, BuiltFile>,
}

/// One built test file.
#[derive(Debug, Default)]
pub(crate) struct BuiltFile {
    /// The binary, if the file as such compiles.
    pub(crate) binary: Option<PathBuf>,
    /// What does not compile, with the compiler's message: tests, or the file under its key.
    pub(crate) broken: BTreeMap<String, String>,
    /// What the table or an example's own text leaves out, with the reason.
    pub(crate) left_out: Vec<(String, String)>,
}

/// Writes and builds one of the packages.
///
/// # Errors
///
/// Says what could not be read, written or run.
pub(crate) fn build(files: &[TestFile], table: &LeftOut, shadow: bool) -> Result<Built, String> {
    let package = Package::new(shadow);
    let mut built = Built::default();
    let mut files: Vec<&TestFile> = files.iter().collect();
    loop {
        let mut suites = BTreeMap::new();
        for file in &files {
            let text = read(&file.path)?;
            let state = built.files.entry(file.key.clone()).or_default();
            let broken: Vec<String> = state.broken.keys().cloned().collect();
            let suite = if file.examples {
                examples::transform(file, &text, table, &broken)
            } else {
                transform::transform(file, &text, table, &broken)?
            };
            state.left_out.clone_from(&suite.left_out);
            if !suite.tests.is_empty() {
                package.write_binary(file, &suite)?;
                suites.insert(file.binary(), (file.key.clone(), suite));
            }
        }
        files.retain(|file| suites.contains_key(&file.binary()));
        package.write_manifest(&files)?;
        let (succeeded, messages) = package.compile()?;
        let news = blame(&messages, &suites, &mut built);
        if succeeded || !news {
            return package.finish(&files, built, &messages);
        }
    }
}

/// Notes which tests the compiler complained about; returns whether there were new ones.
fn blame(messages: &str, suites: &BTreeMap<String, (String, Suite)>, built: &mut Built) -> bool {
    let mut news = false;
    for block in messages
        .split("\n\n")
        .filter(|block| block.trim_start().starts_with("error"))
    {
        let mut places = BTreeSet::new();
        for line in block.lines() {
            let Some((_, place)) = line.split_once("--> src/bin/") else {
                continue;
            };
            let mut parts = place.split(['/', ':']);
            let (Some(binary), Some("suite.rs"), Some(line)) =
                (parts.next(), parts.next(), parts.next())
            else {
                continue;
            };
            let Some((key, suite)) = suites.get(binary) else {
                continue;
            };
            let test = line.parse().ok().and_then(|line| suite.test_at(line));
            places.insert((key, test.unwrap_or(key).to_string()));
        }
        // A message may also point at a helper that the failing test calls.
        let in_tests = places.iter().any(|(key, test)| *key != test);
        for (key, test) in places {
            if in_tests && *key == test {
                continue;
            }
            let state = built.files.entry(key.clone()).or_default();
            if !state.broken.contains_key(&test) {
                news = true;
                state.broken.insert(test, block.trim().to_string());
            }
        }
    }
    news
}

struct Package {
    shadow: bool,
    folder: PathBuf,
    target: PathBuf,
}

impl Package {
    fn new(shadow: bool) -> Self {
        let name = if shadow { "shadow" } else { "control" };
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let target =
            env::var_os("CARGO_TARGET_DIR").map_or(workspace.join("target"), PathBuf::from);
        Package {
            shadow,
            folder: build_folder().join(name),
            target: target.join("std_suite"),
        }
    }

    fn name(&self) -> &'static str {
        if self.shadow {
            "std-suite-shadow"
        } else {
            "std-suite-control"
        }
    }

    /// Both packages share a target folder, so the names differ.
    fn binary_name(&self, file: &TestFile) -> String {
        let kind = if self.shadow { "shadow" } else { "control" };
        format!("{kind}-{}", file.binary())
    }

    fn write_manifest(&self, files: &[&TestFile]) -> Result<(), String> {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut manifest = format!(
            "[package]\nname = \"{}\"\nversion = \"0.0.0\"\nedition = \"2024\"\nautobins = false\n\n\
             [workspace]\n\n[profile.dev]\nopt-level = 1\ndebug = \"line-tables-only\"\n\n[dependencies]\nlibc = \"0.2\"\n",
            self.name()
        );
        if self.shadow {
            let runtime = workspace.join("runtime");
            manifest.push_str(&format!("greenpatch = {{ path = {:?} }}\n", runtime));
        }
        for file in files {
            manifest.push_str(&format!(
                "\n[[bin]]\nname = \"{}\"\npath = \"src/bin/{}/main.rs\"\n",
                self.binary_name(file),
                file.binary()
            ));
        }
        write(&self.folder.join("Cargo.toml"), &manifest)?;
        write(
            &self.folder.join("src/harness.rs"),
            include_str!("support/harness.rs"),
        )?;
        // The versions are the workspace's, and cargo needs no network to choose them.
        let lock = read(&workspace.join("Cargo.lock"))?;
        write(&self.folder.join("Cargo.lock"), &lock)
    }

    fn write_binary(&self, file: &TestFile, suite: &Suite) -> Result<(), String> {
        let folder = self.folder.join("src/bin").join(file.binary());
        let (line, patch) = if self.shadow {
            (
                "#[macro_use]\nextern crate greenpatch as std;\n",
                "std::Patcher::new().fs(true).apply().expect(\"to patch\");",
            )
        } else {
            ("", "unreachable!();")
        };
        let main = format!(
            "#![allow(warnings, static_mut_refs)]\n{line}extern crate std as real;\n\
             #[macro_use]\n#[path = \"../../harness.rs\"]\nmod harness;\nmod suite;\n\n\
             fn patch() {{\n    {patch}\n}}\n\n\
             fn main() -> std::process::ExitCode {{\n    harness::main(suite::tests(), patch)\n}}\n"
        );
        write(&folder.join("main.rs"), &main)?;
        write(&folder.join("suite.rs"), &suite.text)
    }

    /// Says which binaries there are; `messages` is what the compiler said last.
    fn finish(
        &self,
        files: &[&TestFile],
        mut built: Built,
        messages: &str,
    ) -> Result<Built, String> {
        let mut failed = false;
        for file in files {
            let name = self.binary_name(file);
            let state = built.files.entry(file.key.clone()).or_default();
            if messages.contains(&format!("(bin \"{name}\")")) {
                state
                    .broken
                    .entry(file.key.clone())
                    .or_insert_with(|| messages.to_string());
                failed = true;
            } else {
                state.binary = Some(self.target.join("debug").join(name));
            }
        }
        if !failed && messages.contains("\nerror") {
            return Err(messages.to_string());
        }
        Ok(built)
    }

    /// Builds; returns whether all of it compiled, and what the compiler said.
    fn compile(&self) -> Result<(bool, String), String> {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["build", "--bins", "--keep-going", "--color", "never"])
            .arg("--target-dir")
            .arg(&self.target)
            .current_dir(&self.folder)
            .output()
            .map_err(|error| format!("cannot run cargo: {error}"))?;
        Ok((
            output.status.success(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        ))
    }
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
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
