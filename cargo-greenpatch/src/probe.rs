//! Reads the graph of packages, and learns from cargo by which flags it calls rustc.
//!
//! `cargo metadata --filter-platform` asks rustc about the target with the flags that a build would use, from
//! wherever they are configured. The tool has cargo call it in rustc's place, and notes them. It answers in rustc's place
//! too, with what rustc has answered before.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{self, Stdio};

use serde::{Deserialize, Serialize};

use crate::arguments::Request;
use crate::command::Command;
use crate::compiler::Compiler;
use crate::error::{Context, Failure};
use crate::files;
use crate::install;
use crate::kept::{self, Identity};
use crate::rustix;

/// The name by which the tool is called in rustc's place.
pub(crate) const NAME: &str = "greenpatch-probe";

/// The file that it notes the flags in.
const NOTES: &str = "flags";

/// What rustc answered to a question of cargo's.
#[derive(Serialize, Deserialize)]
struct Said {
    output: String,
    errors: String,
}

/// Called by `cargo metadata` as `greenpatch-probe rustc …`: notes the flags, and answers as rustc does.
pub(crate) fn rustc(called_as: &Path) -> Result<u8, Failure> {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    if let Some(flags) = flags(&arguments) {
        let flags: Vec<_> = flags.iter().map(|flag| flag.to_string_lossy()).collect();
        let notes = serde_json::to_string(&flags).expect("strings can be written as JSON");
        files::write(&called_as.with_file_name(NOTES), notes)?;
    }
    let (rustc, rest) = arguments
        .split_first()
        .ok_or_else(|| Failure::new(format!("{NAME} is called by cargo alone")))?;
    let running = || format!("could not run `{}`", rustc.display());
    // The link is in a folder of the cache.
    let cache = called_as.ancestors().nth(2).unwrap_or(Path::new("."));
    let unstable = env::var_os("RUSTC_BOOTSTRAP");
    let key = Identity::of_program(rustc).map(|identity| (identity, rest, unstable));
    let said = kept::answer(cache, key, || {
        let mut command = process::Command::new(rustc);
        let output = command.args(rest).output();
        let output = output.context(running)?;
        if output.status.success() {
            return Ok(Said {
                output: String::from_utf8_lossy(&output.stdout).into_owned(),
                errors: String::from_utf8_lossy(&output.stderr).into_owned(),
            });
        }
        // Whatever went wrong, cargo shows it.
        let _ = io::stderr().write_all(&output.stderr);
        Err(Failure::Status(output.status.code().unwrap_or(101)))
    })?;
    let written = io::stdout()
        .write_all(said.output.as_bytes())
        .and_then(|()| io::stderr().write_all(said.errors.as_bytes()));
    written.context(running)?;
    Ok(0)
}

/// The flags between what cargo puts before and after them, if it asks about a target.
fn flags(arguments: &[OsString]) -> Option<&[OsString]> {
    let start = arguments
        .iter()
        .position(|argument| argument == "--print=file-names")?
        + 1;
    let length = arguments[start..]
        .iter()
        .position(|argument| argument == "--target")?;
    Some(&arguments[start..start + length])
}

/// What cargo says of a program.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Answer {
    /// What `cargo metadata` printed.
    pub(crate) metadata: String,
    /// The flags of the user's that rustc is called with for the target, and that for rustix.
    pub(crate) flags: Vec<String>,
    /// Where the user's are configured.
    pub(crate) flags_at: rustix::Place,
}

/// Runs `cargo metadata`, with its standard error inherited.
pub(crate) fn ask(compiler: &Compiler, request: &Request, cache: &Path) -> Result<Answer, Failure> {
    let likely = rustix::Place::likely();
    let answer = ask_with(likely, compiler, request, cache)?;
    let place = likely.given(&answer.flags);
    if place == likely {
        return Ok(answer);
    }
    ask_with(place, compiler, request, cache)
}

/// The same, with the flag for rustix added to those at the place.
fn ask_with(
    flags_at: rustix::Place,
    compiler: &Compiler,
    request: &Request,
    cache: &Path,
) -> Result<Answer, Failure> {
    let place = Place(cache.join(format!("probe-{}", process::id())));
    let probe = place.0.join(NAME);
    let this = env::current_exe().context(|| "could not find this program".to_owned())?;
    files::link(&probe, &this)?;
    let mut command = process::Command::new(&compiler.cargo);
    command.args([
        "metadata",
        "--format-version",
        "1",
        "--filter-platform",
        &compiler.target,
    ]);
    command.args(&request.metadata);
    let mut stands_in = false;
    if request.command == Command::Install {
        let manifest = match request.install.stand_in(&place.0)? {
            Some(manifest) => {
                // A package may depend on another one's programs, but cargo's option for that is unstable.
                command.arg("-Zbindeps").env("RUSTC_BOOTSTRAP", "1");
                stands_in = true;
                manifest
            }
            None => PathBuf::from("Cargo.toml"),
        };
        command.arg("--manifest-path").arg(manifest);
    }
    if let Some(folder) = request.configured_in(cache)? {
        command.current_dir(folder);
    }
    if request.quiet {
        command.arg("--quiet");
    }
    if stands_in {
        command.args(["--color", "never"]);
    } else {
        command.stderr(Stdio::inherit());
        if let Some(color) = &request.color {
            command.args(["--color", color]);
        }
    }
    command
        .env("RUSTC_WRAPPER", &probe)
        .env("CARGO_CACHE_RUSTC_INFO", "0");
    flags_at.add_to(&mut command, &compiler.target);
    command.stdin(Stdio::null());
    let output = command
        .output()
        .context(|| format!("could not run `{}`", compiler.cargo.display()))?;
    if !output.status.success() {
        return Err(if stands_in {
            Failure::new(install::reason(&String::from_utf8_lossy(&output.stderr)))
        } else {
            Failure::Status(output.status.code().unwrap_or(101))
        });
    }
    let metadata = String::from_utf8(output.stdout).context(|| "`cargo metadata`".to_owned())?;
    let flags = match fs::read_to_string(place.0.join(NOTES)) {
        Ok(notes) => {
            serde_json::from_str(&notes).context(|| "the flags noted by cargo".to_owned())?
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(Failure::new(
                "this cargo did not say by which flags it calls rustc; greenpatch needs 1.95 or later",
            ));
        }
        Err(error) => return Err(Failure::new(format!("could not read the flags: {error}"))),
    };
    Ok(Answer {
        metadata,
        flags,
        flags_at,
    })
}

/// A folder that is removed in the end.
struct Place(PathBuf);

impl Drop for Place {
    fn drop(&mut self) {
        // What is left is a link and a small file in the cache, so a failure harms nothing.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_those_between_the_question_and_the_target() {
        let line = "rustc - --crate-name ___ --print=file-names --cfg x -Copt-level=3 --target t --crate-type bin";
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        assert_eq!(flags(&words).unwrap(), ["--cfg", "x", "-Copt-level=3"]);
        assert!(flags(&words[..5]).is_none());
    }
}
