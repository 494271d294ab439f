//! The copy of greenpatch that programs are compiled against: built once for a toolchain, a target and the
//! user's flags, and kept in a cache.
//!
//! It is compiled as std itself is: optimised, whatever the profile of the program, with bitcode for
//! link-time optimisation. `-C metadata` sets its own dependencies apart from packages of the same name and
//! version in a program's graph.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::arguments::Request;
use crate::compiler::Compiler;
use crate::error::{Context, Failure};
use crate::files;
use crate::shell::Shell;
use crate::source::{self, Source, VERSION, quoted};

/// A copy that is ready for use.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Copy {
    /// The library.
    pub(crate) library: PathBuf,
    /// The folders with what it depends on.
    pub(crate) dependencies: Vec<PathBuf>,
    /// Its own folder in the cache.
    pub(crate) folder: PathBuf,
    /// What stands for source, toolchain, target and flags.
    pub(crate) digits: String,
}

/// The folder that copies are kept in.
pub(crate) fn cache() -> Result<PathBuf, Failure> {
    if let Some(cache) = env::var_os("CARGO_GREENPATCH_CACHE").filter(|value| !value.is_empty()) {
        return std::path::absolute(cache).context(|| "CARGO_GREENPATCH_CACHE".to_owned());
    }
    if let Some(home) = env::var_os("CARGO_HOME").filter(|value| !value.is_empty()) {
        let home = std::path::absolute(home).context(|| "CARGO_HOME".to_owned())?;
        return Ok(home.join("greenpatch"));
    }
    env::home_dir()
        .map(|home| home.join(".cargo/greenpatch"))
        .ok_or_else(|| Failure::new("no home directory; set CARGO_GREENPATCH_CACHE"))
}

impl Copy {
    /// The copy for these flags, built now if it is not there.
    pub(crate) fn ready(
        compiler: &Compiler,
        flags: &[String],
        source: &Source,
        cache: &Path,
        request: &Request,
        shell: Shell,
    ) -> Result<Copy, Failure> {
        let key = (source.digits(), &compiler.version, &compiler.target, flags);
        let digits = files::digits(key);
        let folder = cache.join(&digits);
        let ready = folder.join("ready.json");
        if let Some(copy) = read(&ready) {
            return Ok(copy);
        }
        let _lock = files::lock(&cache.join(format!("{digits}.lock")), shell)?;
        if let Some(copy) = read(&ready) {
            return Ok(copy);
        }
        let manifest = source::lay_out(source, &folder)?;
        shell.status(
            "Preparing",
            &format!("greenpatch v{VERSION}, once for this toolchain and these flags"),
        );
        let library = build(compiler, flags, &manifest, &folder, request)?;
        let target = folder.join("target");
        let copy = Copy {
            library,
            dependencies: vec![
                target.join(&compiler.target).join("greenpatch/deps"),
                target.join("greenpatch/deps"),
            ],
            folder,
            digits,
        };
        files::write(
            &ready,
            serde_json::to_vec(&copy).expect("paths can be written as JSON"),
        )?;
        Ok(copy)
    }

    /// The arguments by which rustc finds what the library depends on.
    pub(crate) fn search_paths(&self) -> impl Iterator<Item = String> {
        let folders = self.dependencies.iter();
        folders.map(|folder| format!("-Ldependency={}", folder.display()))
    }
}

/// A copy that was built, unless its library was removed since.
fn read(ready: &Path) -> Option<Copy> {
    let copy: Copy = serde_json::from_slice(&fs::read(ready).ok()?).ok()?;
    copy.library.is_file().then_some(copy)
}

/// Has cargo build the package, away from the user's folder and its configuration; returns the library.
fn build(
    compiler: &Compiler,
    flags: &[String],
    manifest: &Path,
    folder: &Path,
    request: &Request,
) -> Result<PathBuf, Failure> {
    let programs = compiler
        .libraries
        .ancestors()
        .nth(4)
        .map(|sysroot| sysroot.join("bin"));
    let program = |name: &str| {
        programs
            .as_ref()
            .map(|folder| folder.join(name))
            .filter(|path| path.is_file())
    };
    let cargo = program("cargo").map_or_else(|| compiler.cargo.clone(), Into::into);
    let rustc = program("rustc").map_or_else(|| compiler.rustc.clone(), Into::into);
    let target = folder.join("target");
    let mut command = Command::new(&cargo);
    command.args([
        "build",
        "--profile",
        "greenpatch",
        "--target",
        &compiler.target,
    ]);
    command.args(["--message-format", "json-render-diagnostics"]);
    command
        .arg("--manifest-path")
        .arg(manifest)
        .arg("--target-dir")
        .arg(&target);
    command.arg("--config").arg(format!(
        "build.build-dir={}",
        quoted(&target.display().to_string())
    ));
    if request.offline {
        command.arg("--offline");
    }
    if request.quiet {
        command.arg("--quiet");
    }
    if let Some(color) = &request.color {
        command.args(["--color", color]);
    }
    let mut flags = flags.to_vec();
    flags.extend([
        "-Cmetadata=greenpatch".to_owned(),
        "-Cembed-bitcode=yes".to_owned(),
    ]);
    command
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"))
        .env("RUSTC", rustc);
    command
        .env("RUSTC_WRAPPER", "")
        .env("RUSTC_WORKSPACE_WRAPPER", "")
        .env_remove("CARGO_INCREMENTAL");
    command
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let running = || format!("could not run `{}`", cargo.display());
    let mut child = command.spawn().context(running)?;
    let output = child.stdout.take().expect("the child's output is piped");
    let mut library = None;
    for line in BufReader::new(output).lines() {
        let line = line.context(running)?;
        if let Some(path) = serde_json::from_str(&line).ok().as_ref().and_then(artifact) {
            library = Some(path);
        }
    }
    let status = child.wait().context(running)?;
    if !status.success() {
        let hint = if request.offline {
            "; its dependencies are fetched when it is first built, without --offline"
        } else {
            ""
        };
        return Err(Failure::new(format!(
            "greenpatch itself could not be built{hint}"
        )));
    }
    library.ok_or_else(|| Failure::new("cargo did not say where it put greenpatch"))
}

/// The library that a message of cargo's is about, if it is greenpatch.
fn artifact(message: &Value) -> Option<PathBuf> {
    if message["reason"] != "compiler-artifact" || message["target"]["name"] != "greenpatch" {
        return None;
    }
    let files = message["filenames"].as_array()?;
    let mut files = files.iter().filter_map(Value::as_str);
    files
        .find(|file| file.ends_with(".rlib"))
        .map(PathBuf::from)
}

/// The user's flags without those that concern lints, panics, coverage and `cfg`: the copy is compiled like std, which
/// has none of the user's.
pub(crate) fn flags_for_copy(flags: &[String]) -> Vec<String> {
    const LEFT_OUT: [&str; 10] = [
        "-A",
        "-W",
        "-D",
        "-F",
        "--allow",
        "--warn",
        "--deny",
        "--forbid",
        "--cfg",
        "--check-cfg",
    ];
    let mut kept = Vec::new();
    let mut flags = flags.iter().map(String::as_str).peekable();
    while let Some(flag) = flags.next() {
        if LEFT_OUT.contains(&flag) {
            flags.next();
        } else if LEFT_OUT
            .iter()
            .any(|name| flag.strip_prefix(name).is_some_and(attached))
            || flag.strip_prefix("-C").is_some_and(concerns_the_program)
            || flag == "-Awarnings"
        {
        } else if flag == "-C" && flags.peek().is_some_and(|next| concerns_the_program(next)) {
            flags.next();
        } else {
            kept.push(flag.to_owned());
        }
    }
    kept
}

/// Whether an option of code generation is one that std is not compiled with.
fn concerns_the_program(option: &str) -> bool {
    option.starts_with("panic=") || option.starts_with("instrument-coverage")
}

/// Whether what follows the name of an option is its value.
fn attached(rest: &str) -> bool {
    rest.starts_with(|first: char| first == '=' || first.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lints_panics_and_cfg_are_no_matter_of_the_copys() {
        let flags = "-D warnings -Wunused --cfg x -Cpanic=abort -C panic=abort -C target-cpu=native -C instrument-coverage -Cinstrument-coverage=on --deny=a -Awarnings --forbid b";
        let flags: Vec<String> = flags.split(' ').map(str::to_owned).collect();
        assert_eq!(flags_for_copy(&flags), ["-C", "target-cpu=native"]);
    }
}
