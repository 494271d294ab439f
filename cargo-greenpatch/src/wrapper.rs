//! What cargo calls in place of rustc and rustdoc.
//!
//! A unit that cargo compiles for the target is given greenpatch as `std`; what it compiles for the host,
//! proc macros and build scripts, carries no `--target` and is left as it is.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use crate::crossing::{self, Crossing};
use crate::error::{Context, Failure};
use crate::files;
use crate::plan::Plan;

/// The name in rustc's place.
pub(crate) const RUSTC: &str = "greenpatch-rustc";

/// The name in rustdoc's place.
pub(crate) const RUSTDOC: &str = "greenpatch-rustdoc";

/// Called by cargo as `greenpatch-rustc [clippy-driver] rustc …`.
pub(crate) fn rustc(called_as: &Path) -> Result<u8, Failure> {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let plan = Plan::read(called_as)?;
    let unit = Unit::of(&arguments);
    let mut command = match &plan.wrapper {
        Some(wrapper) => Command::new(wrapper),
        None => Command::new(arguments.first().ok_or_else(|| by_cargo_alone(RUSTC))?),
    };
    let own = if plan.wrapper.is_some() {
        &arguments[..]
    } else {
        &arguments[1..]
    };
    if !unit.for_target || unit.question {
        return become_it(command.args(own));
    }
    let package = env::var_os("CARGO_MANIFEST_DIR")
        .map(PathBuf::from)
        .unwrap_or_default();
    let name = env::var("CARGO_PKG_NAME").unwrap_or_default();
    if name == "greenpatch" && unit.crate_name == "greenpatch" && !unit.launched() {
        // The one copy stands for it wherever it is used.
        let empty = called_as.with_file_name("empty.rs");
        files::write(&empty, "")?;
        command.args(own.iter().map(|argument| match Path::new(argument) {
            source if source.extension() == Some(OsStr::new("rs")) => empty.as_os_str(),
            _ => argument,
        }));
        return become_it(&mut command);
    }
    command.args(own.iter().map(|argument| with_the_copy(argument, &plan)));
    command.args(plan.dependencies.iter().map(|folder| search_path(folder)));
    if plan.native.contains(&name) {
        let (status, errors) = watched_run(&mut command)?;
        errors.explain(&name, &unit, &plan);
        return Ok(code(status));
    }
    let launch = plan.launch.get(&package).filter(|_| unit.launched());
    let library = launch.map_or(&plan.greenpatch, |launch| &launch.library);
    command.arg("--extern").arg(external("std", library));
    if unit.harness
        && !unit.crates.iter().any(|name| name == "test")
        && let Some(bodies) = launch.and_then(|launch| launch.bodies.as_ref())
    {
        command.arg("--extern").arg(external("test", bodies));
    }
    if unit.launched() {
        let object = if unit.panics_abort {
            &plan.aborting_entry
        } else {
            &plan.entry
        };
        command.args(begin_in(object));
    }
    let (status, errors) = watched_run(&mut command)?;
    match (status.success(), launch, unit.dep_info()) {
        (true, Some(launch), Some(info)) => watch(&info, &launch.watched)?,
        (true, ..) => {}
        (false, ..) => errors.explain(&name, &unit, &plan),
    }
    Ok(code(status))
}

/// The status to end with; that of a signal as a shell has it.
fn code(status: ExitStatus) -> u8 {
    let code = match status.signal() {
        Some(signal) => Some(128 + signal),
        None => status.code(),
    };
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// Called by cargo as `greenpatch-rustdoc …`: examples in documentation are programs too.
pub(crate) fn rustdoc(called_as: &Path) -> Result<u8, Failure> {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let plan = Plan::read(called_as)?;
    let mut command = Command::new(&plan.rustdoc);
    if !Unit::of(&arguments).for_target {
        return become_it(command.args(&arguments));
    }
    command.args(
        arguments
            .iter()
            .map(|argument| with_the_copy(argument, &plan)),
    );
    command.args(plan.dependencies.iter().map(|folder| search_path(folder)));
    let package = env::var_os("CARGO_MANIFEST_DIR")
        .map(PathBuf::from)
        .unwrap_or_default();
    let name = env::var("CARGO_PKG_NAME").unwrap_or_default();
    if !plan.native.contains(&name) {
        let launch = plan.launch.get(&package);
        let library = launch.map_or(&plan.greenpatch, |launch| &launch.library);
        command
            .arg("--extern")
            .arg(external("std", library))
            .args(begin_in(&plan.entry));
    }
    become_it(&mut command)
}

/// What errors of rustc have to do with greenpatch.
#[derive(Debug, Default)]
struct Errors {
    concern_greenpatch: bool,
    crossings: Vec<Crossing>,
}

impl Errors {
    fn note(&mut self, line: &str) {
        if line.contains("greenpatch") && line.contains("error") {
            self.concern_greenpatch = true;
            self.crossings.extend(Crossing::of(line));
        }
    }

    /// Prints what to do after the errors.
    fn explain(&self, package: &str, unit: &Unit, plan: &Plan) {
        let lines = crossing::explain(
            &self.crossings,
            &crossing::Unit {
                package,
                crates: &unit.crates,
                native: &plan.native,
                folders: &plan.folders,
            },
        );
        if !lines.is_empty() {
            eprintln!("{}", lines.join("\n"));
        } else if self.concern_greenpatch && !plan.native.iter().any(|name| name == package) {
            eprintln!(
                "note: `{package}` was compiled with greenpatch in place of std; if it compiles with plain cargo, \
                 `--native {package}` keeps it on std, where its types do not meet those of other crates"
            );
        }
    }
}

/// Runs rustc and passes on what it prints.
fn watched_run(command: &mut Command) -> Result<(ExitStatus, Errors), Failure> {
    let doing = format!("could not run `{}`", command.get_program().display());
    let mut child = command
        .stderr(Stdio::piped())
        .spawn()
        .context(|| doing.clone())?;
    let mut output = BufReader::new(child.stderr.take().expect("the child's errors are piped"));
    let mut errors = Errors::default();
    let mut line = Vec::new();
    while output
        .read_until(b'\n', &mut line)
        .context(|| doing.clone())?
        > 0
    {
        errors.note(&String::from_utf8_lossy(&line));
        // If cargo no longer listens it has ended, and is told nothing more.
        let _ = io::stderr().write_all(&line);
        line.clear();
    }
    let status = child.wait().context(|| doing.clone())?;
    Ok((status, errors))
}

fn by_cargo_alone(name: &str) -> Failure {
    Failure::new(format!("{name} is called by cargo alone"))
}

/// Replaces the process, so signals and the exit status are the program's.
fn become_it(command: &mut Command) -> Result<u8, Failure> {
    let error = command.exec();
    let program = command.get_program().display();
    Err(Failure::new(format!("could not run `{program}`: {error}")))
}

fn search_path(folder: &Path) -> OsString {
    let mut argument = OsString::from("-Ldependency=");
    argument.push(folder);
    argument
}

fn external(name: &str, library: &Path) -> OsString {
    let mut argument = OsString::from(name);
    argument.push("=");
    argument.push(library);
    argument
}

/// The arguments that have the program begin in `launch/entry.rs`, which this object is of.
fn begin_in(object: &Path) -> [OsString; 2] {
    let mut argument = OsString::from("-Clink-arg=");
    argument.push(object);
    [argument, OsString::from("-Clink-arg=-Wl,--wrap=main")]
}

/// `NAME=PATH` of a greenpatch that the program depends on itself becomes that of the copy.
fn with_the_copy(argument: &OsStr, plan: &Plan) -> OsString {
    let rewritten = argument.to_str().and_then(|text| {
        let (name, path) = text.split_once('=')?;
        let file = Path::new(path).file_name()?.to_str()?;
        let is_it = file.starts_with("libgreenpatch-")
            && (file.ends_with(".rlib") || file.ends_with(".rmeta"));
        is_it.then(|| external(name, &plan.greenpatch))
    });
    rewritten.unwrap_or_else(|| argument.to_owned())
}

/// Adds a file to those that cargo looks at to see whether a unit is out of date. The first line with a
/// colon has them all.
fn watch(info: &Path, watched: &Path) -> Result<(), Failure> {
    let doing = || format!("could not add to {}", info.display());
    let text = fs::read_to_string(info).context(doing)?;
    let watched = watched.display().to_string().replace(' ', "\\ ");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if let Some(line) = lines.iter_mut().find(|line| line.contains(": ")) {
        line.push(' ');
        line.push_str(&watched);
    }
    lines.push(String::new());
    fs::write(info, lines.join("\n")).context(doing)
}

/// What the arguments say of a unit.
#[derive(Debug, Default)]
struct Unit {
    for_target: bool,
    /// rustc is asked about itself, and compiles nothing.
    question: bool,
    crate_name: String,
    crate_types: Vec<String>,
    harness: bool,
    /// The crates that it depends on, by the names that it has for them.
    crates: Vec<String>,
    emits_dep_info: bool,
    panics_abort: bool,
    folder: Option<PathBuf>,
    extra: String,
}

impl Unit {
    fn of(arguments: &[OsString]) -> Unit {
        let mut unit = Unit::default();
        let mut words = arguments.iter().filter_map(|argument| argument.to_str());
        while let Some(word) = words.next() {
            let (name, value) = match word.split_once('=') {
                Some((name, value)) if word.starts_with("--") => (name, Some(value)),
                _ => (word, None),
            };
            let mut value = || {
                value
                    .or_else(|| words.next())
                    .unwrap_or_default()
                    .to_owned()
            };
            match name {
                "--target" => unit.for_target = !value().is_empty(),
                "--crate-name" => unit.crate_name = value(),
                "--crate-type" => unit.crate_types.push(value()),
                "--test" => unit.harness = true,
                "--extern" => unit.external(&value()),
                "--emit" => unit.emits_dep_info = value().split(',').any(|kind| kind == "dep-info"),
                "--out-dir" => unit.folder = Some(value().into()),
                "-C" | "--codegen" => unit.codegen(&value()),
                "-vV" => unit.question = true,
                _ => {
                    if let Some(option) = word.strip_prefix("-C") {
                        unit.codegen(option);
                    }
                }
            }
        }
        unit.question |= unit.crate_name == "___";
        unit
    }

    /// `NAME=PATH`, or options and a colon before it.
    fn external(&mut self, value: &str) {
        let name = value.split('=').next().unwrap_or(value);
        let name = name.rsplit(':').next().unwrap_or(name);
        self.crates.push(name.to_owned());
    }

    fn codegen(&mut self, option: &str) {
        match option.split_once('=') {
            Some(("extra-filename", extra)) => extra.clone_into(&mut self.extra),
            // The last one counts.
            Some(("panic", strategy)) => self.panics_abort = strategy != "unwind",
            _ => {}
        }
    }

    /// Whether it is a program, which is patched before `main`. A test or bench without a harness is given no type.
    fn launched(&self) -> bool {
        let kinds = &self.crate_types;
        self.harness || kinds.is_empty() || kinds.iter().any(|kind| kind == "bin")
    }

    /// The file in which rustc lists what it has read.
    fn dep_info(&self) -> Option<PathBuf> {
        let name = format!("{}{}.d", self.crate_name, self.extra);
        self.emits_dep_info
            .then_some(self.folder.as_ref()?.join(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(line: &str) -> Unit {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        Unit::of(&words)
    }

    #[test]
    fn a_unit_is_known_by_its_arguments() {
        let program = unit(
            "rustc --crate-name a --edition=2024 src/main.rs --crate-type bin --emit=dep-info,link \
             -C metadata=1 -C extra-filename=-2 --out-dir /o --target t -C incremental=i",
        );
        assert!(program.for_target && program.launched() && !program.question);
        assert_eq!(program.dep_info(), Some(PathBuf::from("/o/a-2.d")));
        let test = unit("rustc --crate-name a --test --target t");
        assert!(test.launched());
        let without_harness = unit("rustc --crate-name a benches/a.rs --cfg test --target t");
        assert!(without_harness.launched() && !without_harness.harness);
        for (options, panics_abort) in [
            ("-C panic=abort", true),
            ("-Cpanic=abort", true),
            ("--codegen=panic=abort", true),
            ("-C panic=abort -Cpanic=unwind", false),
            ("-C opt-level=3", false),
        ] {
            let unit = unit(&format!(
                "rustc --crate-name a --crate-type bin --target t {options}"
            ));
            assert_eq!(unit.panics_abort, panics_abort, "{options}");
        }
        let library = unit("rustc --crate-name a --crate-type lib --crate-type cdylib --target t");
        assert!(library.for_target && !library.launched());
        assert!(!unit("rustc --crate-name build_script_build --crate-type bin").for_target);
        assert!(unit("rustc - --crate-name ___ --print=file-names --target t").question);
    }
}
