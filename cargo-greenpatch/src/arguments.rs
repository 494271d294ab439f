//! Parses the command line into the tool's own options, those of cargo's options that it reads, and the arguments that
//! it passes to cargo.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, Package, PackageId};

use crate::command::Command;
use crate::error::Failure;
use crate::files;
use crate::install::{Install, STAND_IN};
use crate::settings::Bodies;

/// How the report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Report {
    /// A few lines.
    #[default]
    Short,
    /// A line for each crate.
    Full,
    /// One JSON object.
    Json,
}

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Request {
    /// The subcommand.
    pub(crate) command: Command,
    /// cargo's arguments before `--`, without those that are kept apart below.
    pub(crate) cargo: Vec<OsString>,
    /// Everything from `--` on, or from `cargo run`'s first argument for the program.
    pub(crate) rest: Vec<OsString>,
    /// Those of cargo's arguments that `cargo metadata` has to be given as well.
    pub(crate) metadata: Vec<OsString>,
    /// Those of cargo's arguments that say where configuration comes from.
    pub(crate) configuration: Vec<OsString>,
    /// `--target`.
    pub(crate) target: Option<String>,
    /// `--target-dir`.
    pub(crate) target_dir: Option<PathBuf>,
    /// `--offline` or `--frozen`.
    pub(crate) offline: bool,
    /// `-q`.
    pub(crate) quiet: bool,
    /// `--color`.
    pub(crate) color: Option<String>,
    /// `--native`: crates that keep std.
    pub(crate) native: Vec<String>,
    /// `--bodies`: where the bodies of tests run, if not as the manifest says.
    pub(crate) bodies: Option<Bodies>,
    /// `--report`.
    pub(crate) report: Report,
    /// What `cargo install` is asked for.
    pub(crate) install: Install,
    /// `-p`: names of packages.
    packages: Vec<String>,
    /// `--workspace`.
    workspace: bool,
}

/// cargo's options that take a value in the next argument.
const WITH_VALUE: &[&str] = &[
    "-p",
    "--package",
    "--exclude",
    "-j",
    "--jobs",
    "--profile",
    "-F",
    "--features",
    "--target",
    "--target-dir",
    "--manifest-path",
    "--lockfile-path",
    "--message-format",
    "--color",
    "--config",
    "-Z",
    "-C",
    "--bin",
    "--example",
    "--test",
    "--bench",
    "--artifact-dir",
    "--native",
    "--bodies",
    "--path",
    "--git",
    "--branch",
    "--tag",
    "--rev",
    "--version",
    "--vers",
    "--root",
    "--registry",
    "--index",
];

/// Options with an optional value. Without one, cargo lists the candidates.
const MAY_STAND_ALONE: &[&str] = &["-p", "--package", "--bin", "--example", "--test", "--bench"];

/// cargo's options with a value that `cargo metadata` knows too.
const FOR_METADATA: &[&str] = &[
    "-F",
    "--features",
    "--manifest-path",
    "--lockfile-path",
    "--config",
    "-Z",
];

/// cargo's flags that `cargo metadata` knows too.
const FLAGS_FOR_METADATA: &[&str] = &[
    "--all-features",
    "--no-default-features",
    "--offline",
    "--locked",
    "--frozen",
];

impl Request {
    /// Reads what follows the subcommand.
    pub(crate) fn parse(
        command: Command,
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Result<Request, Failure> {
        let mut request = Request {
            command,
            cargo: Vec::new(),
            rest: Vec::new(),
            metadata: Vec::new(),
            configuration: Vec::new(),
            target: None,
            target_dir: None,
            offline: false,
            quiet: false,
            color: None,
            native: Vec::new(),
            bodies: None,
            report: Report::default(),
            install: Install::default(),
            packages: Vec::new(),
            workspace: false,
        };
        let mut arguments = arguments.into_iter().peekable();
        while let Some(argument) = arguments.next() {
            let Some(text) = argument.to_str() else {
                request.cargo.push(argument);
                continue;
            };
            if text == "--" || (command == Command::Run && !text.starts_with('-')) {
                request.rest.push(argument);
                request.rest.extend(arguments);
                break;
            }
            if command == Command::Install && !text.starts_with('-') {
                request.install.crates.push(text.to_owned());
            }
            let (name, attached) = split(text);
            let mut value = attached.map(OsString::from);
            let mut words = vec![argument.clone()];
            if value.is_none() && WITH_VALUE.contains(&name) {
                let alone = MAY_STAND_ALONE.contains(&name)
                    && arguments
                        .peek()
                        .is_none_or(|next| next.as_encoded_bytes().starts_with(b"-"));
                if !alone {
                    let next = arguments
                        .next()
                        .ok_or_else(|| Failure::new(format!("a value is required for `{name}`")))?;
                    words.push(next.clone());
                    value = Some(next);
                }
            }
            request.take(name, value, words)?;
        }
        Ok(request)
    }

    /// The packages that are built as roots of the graph, by name only, which suffices for a report.
    pub(crate) fn roots<'a>(&self, metadata: &'a Metadata) -> Vec<&'a PackageId> {
        let members = || self.members(metadata).into_iter();
        if self.workspace || self.command == Command::Install {
            return members().map(|package| &package.id).collect();
        }
        let named: Vec<_> = members()
            .filter(|package| {
                self.packages
                    .iter()
                    .any(|name| package.name == name.as_str())
            })
            .map(|package| &package.id)
            .collect();
        if !named.is_empty() {
            return named;
        }
        match metadata
            .resolve
            .as_ref()
            .and_then(|resolve| resolve.root.as_ref())
        {
            Some(root) => vec![root],
            None if metadata.workspace_default_members.is_available() => {
                metadata.workspace_default_members.iter().collect()
            }
            None => members().map(|package| &package.id).collect(),
        }
    }

    /// The folder from which cargo's configuration is read, if it is not the current one: an installed crate that is not
    /// local uses only the user's configuration.
    pub(crate) fn configured_in(&self, cache: &Path) -> Result<Option<PathBuf>, Failure> {
        if self.command != Command::Install {
            return Ok(None);
        }
        match &self.install.path {
            Some(path) => Ok(Some(path.clone())),
            None => {
                files::folder(cache)?;
                Ok(Some(cache.to_owned()))
            }
        }
    }

    /// Returns the packages with manifests that configure patching: those of the workspace, or those that are installed.
    pub(crate) fn members<'a>(&self, metadata: &'a Metadata) -> Vec<&'a Package> {
        let members = metadata.workspace_packages();
        let stand_in = members.iter().find(|package| package.name == STAND_IN);
        let Some(stand_in) = stand_in else {
            return members;
        };
        let is_installed = |package: &&Package| {
            let mut names = stand_in.dependencies.iter();
            names.any(|dependency| package.name == dependency.name.as_str())
        };
        metadata.packages.iter().filter(is_installed).collect()
    }

    /// Puts one option where it belongs.
    fn take(
        &mut self,
        name: &str,
        value: Option<OsString>,
        words: Vec<OsString>,
    ) -> Result<(), Failure> {
        if self.command == Command::Install {
            let value = value.as_deref().and_then(OsStr::to_str);
            self.install.note(name, value);
        }
        match name {
            "--native" => {
                let names = text(name, value)?;
                self.native.extend(names.split(',').map(str::to_owned));
                return Ok(());
            }
            "--bodies" => {
                let name = text(name, value)?;
                self.bodies = Some(Bodies::named(&name).ok_or_else(|| {
                    Failure::new(format!("--bodies {name}: expected `green` or `native`"))
                })?);
                return Ok(());
            }
            "--report" => {
                self.report = match value.as_deref().and_then(OsStr::to_str) {
                    None => Report::Full,
                    Some("json") => Report::Json,
                    Some(other) => {
                        return Err(Failure::new(format!(
                            "--report={other}: expected `--report` or `--report=json`"
                        )));
                    }
                };
                return Ok(());
            }
            "--target" => {
                let target = text(name, value)?;
                if self.target.as_ref().is_some_and(|other| *other != target) {
                    return Err(Failure::new(
                        "more than one `--target`: build for one at a time",
                    ));
                }
                self.target = Some(target);
                return Ok(());
            }
            "--target-dir" => {
                self.target_dir = value.map(PathBuf::from);
                return Ok(());
            }
            "--offline" | "--frozen" => self.offline = true,
            "-q" | "--quiet" => self.quiet = true,
            "-p" | "--package" => self
                .packages
                .extend(value.as_deref().and_then(OsStr::to_str).map(str::to_owned)),
            "--workspace" | "--all" => self.workspace = true,
            "--color" => self.color = Some(text(name, value)?),
            _ => {}
        }
        let is_install = self.command == Command::Install;
        // The features of what is installed are those of a dependency.
        let concerns_features = name == "-F" || name.ends_with("features");
        if is_install && self.install.path.is_none() && concerns_features {
        } else if FOR_METADATA.contains(&name) || FLAGS_FOR_METADATA.contains(&name) {
            self.metadata.extend(words.iter().cloned());
        }
        if name == "--config" || name == "-Z" {
            self.configuration.extend(words.iter().cloned());
        }
        self.cargo.extend(words);
        Ok(())
    }
}

/// The name of an option, and a value that is attached to it.
fn split(argument: &str) -> (&str, Option<&str>) {
    if argument.starts_with("--") {
        return match argument.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (argument, None),
        };
    }
    match argument.char_indices().nth(2) {
        Some((end, _)) if argument.starts_with('-') && WITH_VALUE.contains(&&argument[..end]) => {
            let value = &argument[end..];
            (
                &argument[..end],
                Some(value.strip_prefix('=').unwrap_or(value)),
            )
        }
        _ => (argument, None),
    }
}

fn text(name: &str, value: Option<OsString>) -> Result<String, Failure> {
    value
        .and_then(|value| value.into_string().ok())
        .ok_or_else(|| Failure::new(format!("a value in UTF-8 is required for `{name}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(command: Command, line: &str) -> Request {
        Request::parse(command, line.split(' ').map(OsString::from)).unwrap()
    }

    #[test]
    fn own_options_are_taken_out_wherever_they_stand() {
        let request = parse(
            Command::Build,
            "--release --native a,b -p x --report --native=c -j4",
        );
        assert_eq!(request.native, ["a", "b", "c"]);
        assert_eq!(request.report, Report::Full);
        assert_eq!(request.cargo, ["--release", "-p", "x", "-j4"]);
    }

    #[test]
    fn what_is_the_programs_own_is_left_alone() {
        let request = parse(Command::Run, "-q file --native x");
        assert_eq!(request.cargo, ["-q"]);
        assert_eq!(request.rest, ["file", "--native", "x"]);
        let request = parse(Command::Test, "name --report -- --report");
        assert_eq!(request.report, Report::Full);
        assert_eq!(request.cargo, ["name"]);
        assert_eq!(request.rest, ["--", "--report"]);
    }

    #[test]
    fn the_target_and_its_folder_are_kept_apart() {
        let request = parse(
            Command::Run,
            "--target=t --bin --target-dir d --offline -Fx",
        );
        assert_eq!(request.target.as_deref(), Some("t"));
        assert_eq!(request.target_dir, Some(PathBuf::from("d")));
        assert_eq!(request.cargo, ["--bin", "--offline", "-Fx"]);
        assert_eq!(request.metadata, ["--offline", "-Fx"]);
        assert!(request.offline);
    }

    #[test]
    fn a_missing_value_is_said() {
        let error = Request::parse(Command::Build, [OsString::from("--native")]).unwrap_err();
        assert!(
            matches!(error, Failure::Message(text) if text == "a value is required for `--native`")
        );
    }
}
