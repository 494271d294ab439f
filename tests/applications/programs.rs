//! The applications, run with cargo and with `cargo greenpatch`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::folders::Folders;
use crate::process::{self, Output, Variant};
use crate::records::{Program, Records, Run};

const BUILD_LIMIT: Duration = Duration::from_secs(1800);
const RUN_LIMIT: Duration = Duration::from_secs(120);
/// How often throughput is measured.
const TIMES: usize = 3;

/// Runs the programs of these names, or all.
pub(crate) fn run(folders: &Folders, tool: &Path, names: &[String]) -> Result<(), String> {
    let entries = fs::read_dir(folders.programs()).map_err(|error| error.to_string())?;
    let mut found: Vec<String> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    found.sort();
    for name in found {
        if names.is_empty() || names.contains(&name) {
            let program = one(folders, tool, &name)?;
            eprintln!("{name}: {program:?}");
            Records::update(&folders.records(), |records| {
                records.programs.insert(name, program);
            })?;
        }
    }
    Ok(())
}

fn one(folders: &Folders, tool: &Path, name: &str) -> Result<Program, String> {
    let cargo = |variant: Variant, what: &str, argument: Option<&str>| -> Result<Output, String> {
        let mut command = variant.command(folders, tool, &folders.programs());
        command.args([what, "--quiet", "--package", name]);
        command
            .arg("--target-dir")
            .arg(folders.work("programs-target"));
        if let Some(argument) = argument {
            command.args(["--", argument]);
        }
        let log = format!("program-{name}-{}-{what}.log", variant.name());
        let limit = if what == "build" {
            BUILD_LIMIT
        } else {
            RUN_LIMIT
        };
        process::run(command, &folders.work("logs").join(log), false, limit)
    };
    let mut program = Program {
        date: date()?,
        compiler: compiler()?,
        direct: direct(folders, name)?,
        graph: graph(folders, name)?,
        ..Program::default()
    };
    let mut printed = Vec::new();
    for variant in Variant::BOTH {
        let mut run = Run {
            compiles: cargo(variant, "build", None)?.success,
            ..Run::default()
        };
        if run.compiles {
            let output = cargo(variant, "run", None)?;
            run.success = output.success;
            run.hung = output.killed;
            run.os_threads = output.os_threads;
            printed.push(output.text);
        }
        *side(&mut program, variant) = run;
    }
    program.same = printed.len() == 2 && printed[0] == printed[1];
    if !(program.std.success && program.greenpatch.success) {
        return Ok(program);
    }
    for _ in 0..TIMES {
        for variant in Variant::BOTH {
            let output = cargo(variant, "run", Some("measure"))?;
            let Some((number, unit)) = output.text.trim().split_once(' ') else {
                return Ok(program);
            };
            let number = number
                .parse()
                .map_err(|_| format!("{name}: {:?}", output.text))?;
            side(&mut program, variant).figures.push(number);
            program.unit = Some(unit.to_owned());
        }
    }
    Ok(program)
}

fn side(program: &mut Program, variant: Variant) -> &mut Run {
    match variant {
        Variant::Std => &mut program.std,
        Variant::Greenpatch => &mut program.greenpatch,
    }
}

/// What the manifest names.
fn direct(folders: &Folders, name: &str) -> Result<Vec<String>, String> {
    let text = printed(
        "cargo",
        &["metadata", "--no-deps", "--format-version", "1"],
        folders,
    )?;
    let metadata: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let packages = metadata["packages"].as_array();
    let package = packages
        .into_iter()
        .flatten()
        .find(|package| package["name"] == name);
    let dependencies = package.and_then(|package| package["dependencies"].as_array());
    Ok(dependencies
        .into_iter()
        .flatten()
        .filter_map(|dependency| dependency["name"].as_str().map(str::to_owned))
        .collect())
}

/// All that is linked into a program, with versions.
fn graph(folders: &Folders, name: &str) -> Result<BTreeSet<String>, String> {
    let options = [
        "tree",
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--package",
        name,
    ];
    let text = printed("cargo", &options, folders)?;
    Ok(text
        .lines()
        .filter(|line| !line.contains("(/"))
        .filter_map(|line| {
            let mut words = line.split(' ');
            Some(format!(
                "{} {}",
                words.next()?,
                words.next()?.trim_start_matches('v')
            ))
        })
        .collect())
}

/// Today.
pub(crate) fn date() -> Result<String, String> {
    printed("date", &["--utc", "+%F"], &Folders::new())
}

/// The compiler's version.
pub(crate) fn compiler() -> Result<String, String> {
    let text = printed("rustc", &["--version"], &Folders::new())?;
    Ok(text.split(' ').take(2).collect::<Vec<_>>().join(" "))
}

fn printed(program: &str, arguments: &[&str], folders: &Folders) -> Result<String, String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folders.programs())
        .output()
        .map_err(|error| format!("cannot run {program}: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
