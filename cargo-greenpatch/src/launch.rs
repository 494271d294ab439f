//! The crates that stand for `std` in programs and tests: greenpatch, and what patches before `main`; and for `test`
//! in tests.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::compiler::Compiler;
use crate::copy::Copy;
use crate::error::{Context, Failure};
use crate::files;
use crate::shell::Shell;

/// Its source.
const SOURCE: &str = include_str!("../launch/launch.rs");

/// The source of the object file that calls into it.
const ENTRY: &str = include_str!("../launch/entry.rs");

/// The source of what stands for the compiler's `test` crate.
const BODIES: &str = include_str!("../launch/bodies.rs");

/// A program that compiles only if rustc takes the crate for `std`, by each of the ways that lead there.
const PROOF: &str =
    "mod taken { pub use std::__greenpatch_launch; }\nfn main() { println!(\"{}\", 1); }\n";

/// The library with these settings in it, compiled now if it is not there.
pub(crate) fn ready(
    compiler: &Compiler,
    flags: &[String],
    copy: &Copy,
    baked: &str,
    shell: Shell,
) -> Result<PathBuf, Failure> {
    let digits = files::digits((SOURCE, baked));
    let folder = copy.folder.join("launch").join(&digits);
    let library = folder.join("libgreenpatch_launch.rlib");
    if library.is_file() {
        return Ok(library);
    }
    let _lock = files::lock(&copy.folder.join("launch.lock"), shell)?;
    if library.is_file() {
        return Ok(library);
    }
    let work = copy.folder.join("launch").join(format!("{digits}.new"));
    let source = work.join("launch.rs");
    files::write(&source, SOURCE)?;
    let mut command = Command::new(&compiler.rustc);
    command.arg(&source).args(flags).args(copy.search_paths());
    command.args([
        "--crate-name=greenpatch_launch",
        "--crate-type=rlib",
        "--edition=2024",
    ]);
    command.args([
        "-Copt-level=2",
        "-Cembed-bitcode=yes",
        "--target",
        &compiler.target,
    ]);
    command
        .arg(format!("-Cmetadata={digits}"))
        .arg("--out-dir")
        .arg(&work);
    command
        .arg("--extern")
        .arg(format!("greenpatch={}", copy.library.display()));
    command.env("GREENPATCH_BAKED", baked);
    let wrong = |said: &str| {
        Failure::new(format!(
            "what starts programs could not be compiled: {said}"
        ))
    };
    run(&mut command, "").map_err(|said| wrong(&said))?;
    prove(
        compiler,
        flags,
        copy,
        &work.join("libgreenpatch_launch.rlib"),
    )?;
    // Left over from a run that was stopped between the two steps, if it is there at all.
    let _ = fs::remove_dir_all(&folder);
    fs::rename(&work, &folder).context(|| format!("could not write {}", folder.display()))?;
    Ok(library)
}

/// Returns the object file that is linked into programs, or into those in which panics abort. Compiles it if it is missing.
pub(crate) fn entry(
    compiler: &Compiler,
    copy: &Copy,
    panics_abort: bool,
    shell: Shell,
) -> Result<PathBuf, Failure> {
    let digits = files::digits((ENTRY, panics_abort));
    let folder = copy.folder.join("launch").join(digits);
    let object = folder.join("entry.o");
    if object.is_file() {
        return Ok(object);
    }
    let _lock = files::lock(&copy.folder.join("launch.lock"), shell)?;
    let source = folder.join("entry.rs");
    files::write(&source, ENTRY)?;
    let new = folder.join("entry.new.o");
    let mut command = Command::new(&compiler.rustc);
    command.arg(&source).args([
        "--crate-name=greenpatch_entry",
        "--crate-type=lib",
        "--edition=2024",
    ]);
    command.args([
        "--emit=obj",
        "-Copt-level=2",
        "-Cpanic=abort",
        "-Ccodegen-units=1",
    ]);
    if panics_abort {
        command.args(["--cfg", "panics_abort"]);
    }
    command
        .args(["--target", &compiler.target])
        .arg("-o")
        .arg(&new);
    let wrong = |said: String| {
        Failure::new(format!(
            "what starts programs could not be compiled: {said}"
        ))
    };
    run(&mut command, "").map_err(wrong)?;
    fs::rename(&new, &object).context(|| format!("could not write {}", object.display()))?;
    Ok(object)
}

/// The library that stands for `test` in test programs, compiled now if it is not there. The error is rustc's first.
pub(crate) fn bodies(
    compiler: &Compiler,
    flags: &[String],
    copy: &Copy,
    shell: Shell,
) -> Result<PathBuf, Failure> {
    let folder = copy.folder.join("launch").join(files::digits(BODIES));
    let library = folder.join("libgreenpatch_bodies.rlib");
    if library.is_file() {
        return Ok(library);
    }
    let _lock = files::lock(&copy.folder.join("launch.lock"), shell)?;
    let source = folder.join("bodies.rs");
    files::write(&source, BODIES)?;
    let new = folder.join("new");
    let mut command = Command::new(&compiler.rustc);
    command.arg(&source).args(flags).args(copy.search_paths());
    command.args([
        "--crate-name=greenpatch_bodies",
        "--crate-type=rlib",
        "--edition=2024",
        "-Copt-level=2",
        "-Cembed-bitcode=yes",
        "--target",
        &compiler.target,
    ]);
    command.arg("--out-dir").arg(&new);
    command
        .arg("--extern")
        .arg(format!("greenpatch={}", copy.library.display()));
    command.env("RUSTC_BOOTSTRAP", "1");
    run(&mut command, "").map_err(Failure::new)?;
    fs::rename(new.join("libgreenpatch_bodies.rlib"), &library)
        .context(|| format!("could not write {}", library.display()))?;
    Ok(library)
}

/// Fails with one line if this rustc does not take the library for `std`.
fn prove(
    compiler: &Compiler,
    flags: &[String],
    copy: &Copy,
    library: &Path,
) -> Result<(), Failure> {
    for edition in ["2015", "2018", "2021", "2024"] {
        let mut command = Command::new(&compiler.rustc);
        command.arg("-").args(flags).args(copy.search_paths());
        command.args([
            "--crate-name=proof",
            "--crate-type=bin",
            "--emit=metadata",
            "--edition",
            edition,
        ]);
        command.arg("-o").arg(library.with_file_name("proof"));
        command.args(["--target", &compiler.target, "--extern"]);
        command.arg(format!("std={}", library.display()));
        run(&mut command, PROOF).map_err(|said| {
            let release = compiler.version.lines().next().unwrap_or("rustc");
            Failure::new(format!(
                "{release} does not take greenpatch in place of std in edition {edition}: {said}"
            ))
        })?;
    }
    Ok(())
}

/// Runs rustc, with a source on its input; the error is the first that it prints.
fn run(command: &mut Command, source: &str) -> Result<(), String> {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let mut input = child.stdin.take().expect("the child's input is piped");
    // A compiler that ends before it has read says why itself.
    let _ = input.write_all(source.as_bytes());
    drop(input);
    let output = child
        .wait_with_output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let first = said.lines().find(|line| line.starts_with("error"));
    Err(first
        .or(said.lines().next())
        .unwrap_or("rustc failed")
        .to_owned())
}
