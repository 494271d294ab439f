//! Published crates, fetched by name, and their own tests.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::folders::Folders;
use crate::process::{self, Output, Variant};
use crate::records::{Published, Records, Suite};
use crate::{programs, suite};

const BUILD_LIMIT: Duration = Duration::from_secs(1800);
/// For a run of the tests, or three times what they take with std, if that is more.
const TEST_LIMIT: Duration = Duration::from_secs(240);
const STD_LIMIT: Duration = Duration::from_secs(900);
/// Of one test that hung together with others.
const ALONE_LIMIT: Duration = Duration::from_secs(90);
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
    let run = |options: &[&str], limit: Duration, what: &str| {
        let mut run = command();
        run.args(for_cargo).arg("--no-fail-fast").args(for_tests);
        if !options.is_empty() {
            if for_tests.is_empty() {
                run.arg("--");
            }
            run.args(options);
        }
        process::run(run, &log(what), true, limit)
    };
    let mut hung: BTreeSet<String> = BTreeSet::new();
    for attempt in 0..=HANGS {
        let options: Vec<&str> = hung
            .iter()
            .flat_map(|name| ["--skip", name.as_str()])
            .collect();
        let start = Instant::now();
        let output = run(&options, limit, "tests")?;
        let time = start.elapsed();
        let mut suite = suite::read(&output.text, output.success, output.killed);
        let more = suite
            .hung
            .iter()
            .any(|name| !name.contains('/') && !hung.contains(name));
        hung.append(&mut alone(run, std::mem::take(&mut suite.hung))?);
        if !output.killed || !more || attempt == HANGS {
            suite.hung = hung;
            suite.success &= suite.hung.is_empty();
            return Ok((suite, time));
        }
    }
    unreachable!("the last attempt returns")
}

/// Those of several tests that hang by themselves too; all of them if each of them ends. The green threads of all tests of a
/// program may share an OS thread, which one that hangs keeps from the others.
fn alone(
    run: impl Fn(&[&str], Duration, &str) -> Result<Output, String>,
    together: BTreeSet<String>,
) -> Result<BTreeSet<String>, String> {
    if together.len() < 2 {
        return Ok(together);
    }
    let mut alone = BTreeSet::new();
    for name in together.iter().filter(|name| !name.contains('/')) {
        if run(&["--exact", name], ALONE_LIMIT, "alone")?.killed {
            alone.insert(name.clone());
        }
    }
    Ok(if alone.is_empty() { together } else { alone })
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    /// What is recorded of tests that hung together, if these hang by themselves; and those that were run again.
    fn recorded(together: &[&str], hang: &[&str]) -> (BTreeSet<String>, BTreeSet<String>) {
        let ran = RefCell::new(BTreeSet::new());
        let run = |options: &[&str], _: Duration, _: &str| {
            let [_, name] = options else { unreachable!() };
            ran.borrow_mut().insert((*name).to_owned());
            let killed = hang.contains(name);
            Ok(Output {
                success: !killed,
                killed,
                text: String::new(),
                os_threads: 0,
            })
        };
        let hung = alone(run, names(together)).unwrap();
        (hung, ran.into_inner())
    }

    #[test]
    fn a_test_that_hangs_because_of_another_is_not_recorded() {
        let both = names(&["a", "b"]);
        assert_eq!(recorded(&["a", "b"], &["b"]), (names(&["b"]), both.clone()));
        assert_eq!(recorded(&["a", "b"], &["a", "b"]), (both.clone(), both));
    }

    #[test]
    fn tests_that_hang_only_together_are_recorded() {
        let both = names(&["a", "b"]);
        assert_eq!(recorded(&["a", "b"], &[]), (both.clone(), both));
    }

    #[test]
    fn one_test_that_hangs_is_not_run_again() {
        assert_eq!(recorded(&["a"], &[]), (names(&["a"]), names(&[])));
        let program = names(&["tests/a.rs"]);
        assert_eq!(recorded(&["tests/a.rs"], &[]), (program, names(&[])));
    }
}
