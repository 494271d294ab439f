//! Which cargo and rustc are used, for which target, and what stands before rustc already.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::arguments::Request;
use crate::configuration::Sources;
use crate::error::{Context, Failure};
use crate::kept::{self, Identity};

/// The oldest release that greenpatch is compiled with.
const OLDEST: (u32, u32) = (1, 95);

/// The programs, and what they say of themselves.
#[derive(Debug)]
pub(crate) struct Compiler {
    /// cargo.
    pub(crate) cargo: OsString,
    /// rustc, as cargo would call it.
    pub(crate) rustc: OsString,
    /// rustdoc, as cargo would call it.
    pub(crate) rustdoc: OsString,
    /// The program that the user has cargo call in place of rustc.
    pub(crate) wrapper: Option<OsString>,
    /// Whether that program is named in the environment, where it comes before all configuration.
    pub(crate) wrapper_in_environment: bool,
    /// What `rustc -vV` prints.
    pub(crate) version: String,
    /// The target that is built for.
    pub(crate) target: String,
    /// Where the target's own libraries are.
    pub(crate) libraries: PathBuf,
}

impl Compiler {
    /// Asks the environment, cargo's configuration and rustc.
    pub(crate) fn find(request: &Request, cache: &Path) -> Result<Compiler, Failure> {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let settings = configuration(&cargo, request, cache)?;
        let program = |variable: &str, key: &str| {
            env::var_os(variable)
                .filter(|value| !value.is_empty())
                .or_else(|| settings.program(key))
        };
        let rustc = program("RUSTC", "rustc").unwrap_or_else(|| "rustc".into());
        let rustdoc = program("RUSTDOC", "rustdoc").unwrap_or_else(|| "rustdoc".into());
        let in_environment = env::var_os("RUSTC_WRAPPER");
        let wrapper_in_environment = in_environment.is_some();
        let wrapper = match in_environment {
            Some(value) => Some(value).filter(|value| !value.is_empty()),
            None => settings.program("rustc-wrapper"),
        };
        let identity = Identity::of_program(&rustc);
        let ask = |arguments: &[&str]| {
            let key = identity.as_ref().map(|identity| (identity, arguments));
            kept::answer(cache, key, || ask(&rustc, arguments))
        };
        let version = ask(&["-vV"])?;
        let host = line(&version, "host: ")?;
        check(&line(&version, "release: ")?)?;
        let target = match &request.target {
            Some(target) => target.clone(),
            None => settings.target()?.unwrap_or_else(|| host.clone()),
        };
        let target = if target == "host-tuple" { host } else { target };
        if target.ends_with(".json") {
            return Err(Failure::new(format!(
                "the target {target}: only targets that rustc knows by name"
            )));
        }
        let cfg = ask(&["--print", "cfg", "--target", &target])?;
        if !cfg.lines().any(|line| line == "target_os=\"linux\"") {
            return Err(Failure::new(format!(
                "the target {target}: programs are built for Linux alone"
            )));
        }
        if !cfg.lines().any(|line| line == "target_env=\"gnu\"") {
            return Err(Failure::new(format!(
                "the target {target}: programs are built with glibc alone"
            )));
        }
        let libraries = ask(&["--print", "target-libdir", "--target", &target])?;
        let libraries = PathBuf::from(libraries.trim_end());
        if !libraries.is_dir() {
            return Err(Failure::new(format!(
                "the target {target}: its std is not installed; `rustup target add {target}` does that"
            )));
        }
        Ok(Compiler {
            cargo,
            rustc,
            rustdoc,
            wrapper,
            wrapper_in_environment,
            version,
            target,
            libraries,
        })
    }
}

/// Fails with one line if the release is too old.
fn check(release: &str) -> Result<(), Failure> {
    let mut parts = release
        .split(['.', '-'])
        .map(|part| part.parse().unwrap_or(0));
    let found = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    if found < OLDEST {
        return Err(Failure::new(format!(
            "rustc {release}: greenpatch needs {}.{} or later",
            OLDEST.0, OLDEST.1
        )));
    }
    Ok(())
}

fn line(text: &str, start: &str) -> Result<String, Failure> {
    text.lines()
        .find_map(|line| line.strip_prefix(start))
        .map(str::to_owned)
        .ok_or_else(|| Failure::new(format!("`rustc -vV` has no line {start:?}")))
}

/// What a program prints when it succeeds.
fn ask(program: &OsString, arguments: &[&str]) -> Result<String, Failure> {
    let output = output(Command::new(program).args(arguments))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::new(format!(
            "`{} {}`: {}",
            program.display(),
            arguments.join(" "),
            said.lines()
                .next()
                .unwrap_or("failed")
                .trim_start_matches("error: ")
        )));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a program to its end; what it prints is the caller's.
fn output(command: &mut Command) -> Result<Output, Failure> {
    let program = command.get_program().to_owned();
    command
        .stdin(Stdio::null())
        .output()
        .context(|| format!("could not run `{}`", program.display()))
}

/// What cargo's configuration says under `build`, with where it says so.
struct Configuration(String);

/// Asks cargo, so that all its rules for files, `include`s and `--config` hold. The subcommand is not
/// stable; without it only the environment is read.
fn configuration(
    cargo: &OsString,
    request: &Request,
    cache: &Path,
) -> Result<Configuration, Failure> {
    let mut command = Command::new(cargo);
    command.args(["config", "get", "-Zunstable-options", "--show-origin"]);
    command.args(&request.configuration).arg("build");
    let folder = request.configured_in(cache)?;
    if let Some(folder) = &folder {
        command.current_dir(folder);
    }
    let sources = Sources::of(folder.as_deref(), request);
    let key = Identity::of_program(cargo).zip(sources);
    let text = kept::answer(cache, key, || {
        let output = output(command.env("RUSTC_BOOTSTRAP", "1"))?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    })?;
    Ok(Configuration(text))
}

impl Configuration {
    /// The program under `build.KEY`. A relative path starts from the folder that holds `.cargo`.
    fn program(&self, key: &str) -> Option<OsString> {
        let start = format!("build.{key} = ");
        let rest = self.0.lines().find_map(|line| line.strip_prefix(&start))?;
        let (value, origin) = rest.rsplit_once(" # ")?;
        let value: String = serde_json::from_str(value).ok()?;
        if value.is_empty() {
            return None;
        }
        let relative = value.contains('/') && Path::new(&value).is_relative();
        let base = Path::new(origin).parent().and_then(Path::parent);
        match base.filter(|_| relative && Path::new(origin).is_absolute()) {
            Some(base) => Some(base.join(&value).into_os_string()),
            None => Some(value.into()),
        }
    }

    /// `build.target`, if it is one.
    fn target(&self) -> Result<Option<String>, Failure> {
        if let Some(target) = env::var("CARGO_BUILD_TARGET")
            .ok()
            .filter(|target| !target.is_empty())
        {
            return Ok(Some(target));
        }
        let mut lines = self
            .0
            .lines()
            .skip_while(|line| !line.starts_with("build.target = "));
        let Some(first) = lines.next() else {
            return Ok(None);
        };
        let first = first.trim_start_matches("build.target = ");
        let values: Vec<String> = if first.starts_with('[') {
            let inside = lines.take_while(|line| line.trim() != "]");
            inside.filter_map(|line| quoted(line.trim())).collect()
        } else {
            quoted(first).into_iter().collect()
        };
        if values.len() > 1 {
            return Err(Failure::new(format!(
                "build.target names {}: build for one at a time, with `--target`",
                values.join(", ")
            )));
        }
        Ok(values.into_iter().next())
    }
}

/// The string at the start of a line.
fn quoted(line: &str) -> Option<String> {
    let mut values = serde_json::Deserializer::from_str(line).into_iter::<String>();
    values.next()?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configuration_is_read_with_its_origin() {
        let text = "build.rustc-wrapper = \"./my w\" # /a/b/.cargo/config.toml\n\
                    build.rustdoc = \"rd\" # /a/.cargo/config.toml\n\
                    build.target = [\n    \"one\", # /x/.cargo/config.toml\n]\n";
        let configuration = Configuration(text.to_owned());
        assert_eq!(
            configuration.program("rustc-wrapper"),
            Some("/a/b/./my w".into())
        );
        assert_eq!(configuration.program("rustdoc"), Some("rd".into()));
        assert_eq!(configuration.program("rustc"), None);
        assert_eq!(
            configuration.target().ok().flatten().as_deref(),
            Some("one")
        );
        let two = Configuration("build.target = [\n \"a\", # x\n \"b\", # y\n]\n".to_owned());
        assert!(two.target().is_err());
    }

    #[test]
    fn old_releases_are_turned_down() {
        assert!(check("1.94.1").is_err());
        assert!(check("1.95.0").is_ok());
        assert!(check("1.97.0-nightly").is_ok());
        assert!(check("2.0.0").is_ok());
    }
}
