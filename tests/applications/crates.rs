//! Published crates, fetched by name, and their own tests.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::folders::Folders;
use crate::process::{self, Variant};
use crate::records::{Published, Records, Suite};
use crate::{programs, suite};

const BUILD_LIMIT: Duration = Duration::from_secs(1800);
/// For a run of the tests, or three times what they take with std, if that is more.
const TEST_LIMIT: Duration = Duration::from_secs(240);
const STD_LIMIT: Duration = Duration::from_secs(900);
/// How many hanging tests of a crate are left out one after the other.
const HANGS: usize = 6;

/// A line of `crates.txt`.
struct Wanted {
    name: String,
    requirement: String,
    /// For `cargo test`, and after `--` for the test programs.
    arguments: Vec<String>,
}

/// Tests the crates of these names, or all that are listed.
pub(crate) fn run(folders: &Folders, tool: &Path, names: &[String]) -> Result<(), String> {
    for wanted in list(&folders.crates())? {
        if !names.is_empty() && !names.contains(&wanted.name) {
            continue;
        }
        let (version, folder) = copy(folders, &wanted)?;
        let mut published = Published {
            date: programs::date()?,
            compiler: programs::compiler()?,
            version,
            ..Published::default()
        };
        let mut limit = STD_LIMIT;
        for variant in Variant::BOTH {
            let (outcome, time) = test(folders, tool, &wanted, &folder, variant, limit)?;
            eprintln!(
                "{} {} with {}: compiles: {}, {} passed, failed: {:?}, hung: {:?}, died: {:?}",
                wanted.name,
                published.version,
                variant.name(),
                outcome.compiles,
                outcome.passed,
                outcome.failed,
                outcome.hung,
                outcome.died
            );
            match variant {
                Variant::Std => {
                    published.std = outcome;
                    limit = TEST_LIMIT.max(3 * time);
                }
                Variant::Greenpatch => published.greenpatch = outcome,
            }
        }
        Records::update(&folders.records(), |records| {
            records.crates.insert(wanted.name, published);
        })?;
        // The next crate can use only common dependencies of the build, which takes gigabytes in total.
        fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    Ok(())
}

fn list(path: &Path) -> Result<Vec<Wanted>, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            let mut words = line.split_whitespace().map(str::to_owned);
            let (Some(name), Some(requirement)) = (words.next(), words.next()) else {
                return Err(format!("{line:?}: expected a name and a version"));
            };
            let mut arguments: Vec<String> = words.collect();
            if arguments
                .first()
                .is_none_or(|first| first == "--" || first == "--features")
            {
                arguments.splice(0..0, ["--lib".to_owned(), "--tests".to_owned()]);
            }
            Ok(Wanted {
                name,
                requirement,
                arguments,
            })
        })
        .collect()
}

/// Has cargo fetch a crate, and copies it; returns its version, and the copy.
fn copy(folders: &Folders, wanted: &Wanted) -> Result<(String, PathBuf), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", wanted.name);
    let fetch = folders.work("fetch");
    fs::create_dir_all(fetch.join("src")).map_err(failed)?;
    fs::write(fetch.join("src/lib.rs"), "").map_err(failed)?;
    fs::write(
        fetch.join("Cargo.toml"),
        format!(
            "[package]\nname = \"fetch\"\nedition = \"2021\"\n\n[dependencies]\n{} = \"{}\"\n\n[workspace]\n",
            wanted.name, wanted.requirement
        ),
    )
    .map_err(failed)?;
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--quiet"])
        .current_dir(&fetch)
        .output()
        .map_err(failed)?;
    let metadata: Value = serde_json::from_slice(&output.stdout).map_err(|_| {
        format!(
            "{} cannot be fetched: {}",
            wanted.name,
            String::from_utf8_lossy(&output.stderr)
        )
    })?;
    let package = metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|package| package["name"] == wanted.name.as_str())
        .ok_or_else(|| format!("{} is not among what was fetched", wanted.name))?;
    let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
    let manifest = PathBuf::from(text("manifest_path"));
    let source = manifest.parent().expect("a manifest is in a folder");
    let target = folders.work("sources").join(&wanted.name);
    let _ = fs::remove_dir_all(&target);
    copy_folder(source, &target).map_err(failed)?;
    // The newest dependencies, as a program that starts today has them.
    let _ = fs::remove_file(target.join("Cargo.lock"));
    // And the compiler that is there.
    let _ = fs::remove_file(target.join("rust-toolchain"));
    let _ = fs::remove_file(target.join("rust-toolchain.toml"));
    let manifest = target.join("Cargo.toml");
    let mut manifest_text = fs::read_to_string(&manifest).map_err(failed)?;
    if !manifest_text
        .lines()
        .any(|line| line.trim() == "[workspace]")
    {
        manifest_text += "\n[workspace]\n";
    }
    // What the tests depend on may depend on the crate: on the copy, as in the crate's own repository.
    manifest_text += &format!(
        "\n[patch.crates-io]\n{} = {{ path = \".\" }}\n",
        wanted.name
    );
    fs::write(&manifest, manifest_text).map_err(failed)?;
    Ok((text("version"), target))
}

fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
            let mut permissions = fs::metadata(&target)?.permissions();
            permissions.set_mode(permissions.mode() | 0o200);
            fs::set_permissions(&target, permissions)?;
        }
    }
    Ok(())
}

/// Runs the tests of a crate, and says how long they took. Those that hang are left out of a further run, which the
/// counts are of.
fn test(
    folders: &Folders,
    tool: &Path,
    wanted: &Wanted,
    folder: &Path,
    variant: Variant,
    limit: Duration,
) -> Result<(Suite, Duration), String> {
    let log = |what: &str| {
        let name = format!("{}-{}-{what}.log", wanted.name, variant.name());
        folders.work("logs").join(name)
    };
    let command = || {
        let mut command = variant.command(folders, tool, folder);
        command
            .arg("test")
            .arg("--target-dir")
            .arg(folders.work("target"));
        if variant == Variant::Greenpatch {
            // Where they run with std, so that what the crate starts is all that differs.
            command.args(["--bodies", "native"]);
        }
        command
    };
    let split = wanted
        .arguments
        .iter()
        .position(|argument| argument == "--");
    let (for_cargo, for_tests) = wanted
        .arguments
        .split_at(split.unwrap_or(wanted.arguments.len()));
    let mut build = command();
    build.args(for_cargo).arg("--no-run");
    if !process::run(build, &log("build"), true, BUILD_LIMIT)?.success {
        return Ok((Suite::default(), Duration::ZERO));
    }
    let mut hung: BTreeSet<String> = BTreeSet::new();
    for attempt in 0..=HANGS {
        let mut run = command();
        run.args(for_cargo).arg("--no-fail-fast").args(for_tests);
        if !hung.is_empty() {
            if for_tests.is_empty() {
                run.arg("--");
            }
            for name in &hung {
                run.args(["--skip", name.as_str()]);
            }
        }
        let start = Instant::now();
        let output = process::run(run, &log("tests"), true, limit)?;
        let mut suite = suite::read(&output.text, output.success, output.killed);
        let more = suite
            .hung
            .iter()
            .any(|name| !name.contains('/') && !hung.contains(name));
        hung.append(&mut suite.hung);
        if !output.killed || !more || attempt == HANGS {
            suite.hung = hung;
            suite.success &= suite.hung.is_empty();
            return Ok((suite, start.elapsed()));
        }
    }
    unreachable!("the last attempt returns")
}
