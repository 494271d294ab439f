//! Commands with a limit in time.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::folders::Folders;

/// How often a running command is looked at.
const POLL: Duration = Duration::from_millis(5);

/// By which cargo a package is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    /// cargo itself.
    Std,
    /// `cargo greenpatch`.
    Greenpatch,
}

impl Variant {
    pub(crate) const BOTH: [Variant; 2] = [Variant::Std, Variant::Greenpatch];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Variant::Std => "std",
            Variant::Greenpatch => "greenpatch",
        }
    }

    /// A command of cargo's for a package in this folder.
    pub(crate) fn command(self, folders: &Folders, tool: &Path, folder: &Path) -> Command {
        let mut command = match self {
            Variant::Std => Command::new("cargo"),
            Variant::Greenpatch => {
                let mut command = Command::new(tool);
                command.arg("greenpatch");
                command
            }
        };
        command.current_dir(folder);
        // What the cargo that runs this program says of itself is of no concern to the one that is run.
        for (name, _) in std::env::vars_os() {
            let name_text = name.to_string_lossy();
            let of_cargo = name_text.starts_with("CARGO_") && name_text != "CARGO_HOME";
            if of_cargo || name_text.starts_with("GREENPATCH") || name_text == "RUST_BACKTRACE" {
                command.env_remove(&name);
            }
        }
        command
            .env("CARGO_GREENPATCH_CACHE", folders.cache())
            .env("CARGO_TERM_COLOR", "never")
            .env("CARGO_INCREMENTAL", "0")
            .env("CARGO_PROFILE_DEV_DEBUG", "0");
        command
    }
}

/// How a command ended, and what it printed.
#[derive(Debug)]
pub(crate) struct Output {
    /// Whether it ended by itself, and well.
    pub(crate) success: bool,
    /// Whether it had to be killed.
    pub(crate) killed: bool,
    /// Standard output, including standard error if requested.
    pub(crate) text: String,
    /// The most OS threads that it was seen with.
    pub(crate) os_threads: usize,
}

/// Runs a command; what it prints is kept in the file `log`, and its errors beside it, or in it, too.
pub(crate) fn run(
    mut command: Command,
    log: &Path,
    errors_too: bool,
    limit: Duration,
) -> Result<Output, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", log.display());
    let folder = log.parent().expect("a log is in a folder");
    fs::create_dir_all(folder).map_err(failed)?;
    let output = File::create(log).map_err(failed)?;
    let errors = if errors_too {
        output.try_clone().map_err(failed)?
    } else {
        File::create(log.with_extension("errors")).map_err(failed)?
    };
    let mut child = command
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        .spawn()
        .map_err(|error| format!("cannot run {}: {error}", command.get_program().display()))?;
    let deadline = Instant::now() + limit;
    let mut os_threads = 0;
    let status = loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            break Some(status);
        }
        if Instant::now() >= deadline {
            kill(&mut child).map_err(failed)?;
            break None;
        }
        os_threads = os_threads.max(threads_of(child.id()));
        thread::sleep(POLL);
    };
    let text = String::from_utf8_lossy(&fs::read(log).map_err(failed)?).into_owned();
    Ok(Output {
        success: status.is_some_and(|status| status.success()),
        killed: status.is_none(),
        text,
        os_threads,
    })
}

/// The OS threads of a process that is no longer cargo, which becomes the program that it runs.
fn threads_of(process: u32) -> usize {
    let program = fs::read_link(format!("/proc/{process}/exe")).unwrap_or_default();
    if !program.components().any(|part| part.as_os_str() == "debug")
        || program.ends_with("cargo-greenpatch")
    {
        return 0;
    }
    fs::read_dir(format!("/proc/{process}/task")).map_or(0, Iterator::count)
}

/// Kills a command with all that it started.
fn kill(child: &mut Child) -> std::io::Result<()> {
    let group = format!("-{}", child.id());
    Command::new("kill")
        .args(["-KILL", "--", &group])
        .stderr(Stdio::null())
        .status()?;
    child.wait()?;
    Ok(())
}
