//! One measurement in a separate process: the side of the parent and that of the child.
#![allow(unsafe_code)]

use std::io;
use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::machine;
use crate::scenario::{Effort, Figures, GREENPATCH};
use crate::scenarios;

/// The prefix of the line with the figures.
const MARK: &str = "figures:";

/// A program to run.
#[derive(Clone, Copy)]
pub(crate) struct Task<'a> {
    pub(crate) scenario: &'a str,
    pub(crate) size: &'a str,
    pub(crate) peer: &'a str,
    pub(crate) quick: bool,
    /// The number of OS threads; with more than one the process may use all cores.
    pub(crate) workers: usize,
}

/// Starts a child process for the task and waits for its figures.
///
/// # Errors
///
/// Returns the reason why there are no figures, in a few words.
pub(crate) fn start(task: Task<'_>, limit: Duration) -> Result<Figures, String> {
    let mut command = Command::new(std::env::current_exe().map_err(|error| error.to_string())?);
    command.args(["run", task.scenario, task.size, task.peer]);
    if task.quick {
        command.arg("--quick");
    }
    match task.peer.ends_with("64 KiB") {
        true => command.env("RUST_MIN_STACK", "65536"),
        false => command.env_remove("RUST_MIN_STACK"),
    };
    let child = command
        .env("RUST_BACKTRACE", "0")
        .env(machine::WORKERS, task.workers.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let id = child.id();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait_with_output()));
    let in_time = receiver.recv_timeout(limit);
    let late = in_time.is_err();
    let output = in_time.or_else(|_| {
        // SAFETY: this accesses no memory. The thread waits for the child, so the id is still that of the child, except for
        // the moment in which it ends by itself.
        unsafe { libc::kill(id.cast_signed(), libc::SIGKILL) };
        receiver.recv()
    });
    let output = output.expect("the thread sends what it has waited for");
    let output = output.map_err(|error| error.to_string())?;
    match figures_of(&output) {
        Err(reason) if late => Err(format!("no result within {} s; {reason}", limit.as_secs())),
        result => result,
    }
}

fn figures_of(output: &Output) -> Result<Figures, String> {
    if !output.status.success() {
        return Err(reason(
            output.status,
            &String::from_utf8_lossy(&output.stderr),
        ));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find_map(|line| line.strip_prefix(MARK));
    let figures = line.ok_or("it printed no figures")?.split_whitespace();
    figures
        .map(|figure| figure.parse().map_err(|_| format!("bad figure {figure}")))
        .collect()
}

/// Returns the line that explains best why a child has failed.
fn reason(status: ExitStatus, errors: &str) -> String {
    let lines = || {
        errors
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
    };
    let after_panic = lines()
        .skip_while(|line| !line.contains("panicked at"))
        .nth(1);
    match after_panic.or(lines().next_back()) {
        Some(line) => line.chars().take(160).collect(),
        None => status.to_string(),
    }
}

/// The side of the child: runs the program and prints its figures.
pub(crate) fn run(task: Task<'_>) -> io::Result<()> {
    if task.workers == 1 {
        machine::stay_on(machine::MEASURED)?;
    }
    machine::raise_descriptors();
    machine::die_with_parent();
    let scenario = scenarios::ALL
        .iter()
        .find(|scenario| scenario.name == task.scenario);
    let unknown = || io::Error::other("no such scenario and size");
    let cases = scenario.ok_or_else(unknown)?.cases;
    let case = cases.iter().find(|case| case.size == task.size);
    let case = case.ok_or_else(unknown)?;
    let effort = Effort { quick: task.quick };
    let figures = if !task.peer.starts_with(GREENPATCH) {
        (case.run)(task.peer, effort)?
    } else if task.workers == 1 {
        greenpatch::patch_all().map_err(io::Error::other)?;
        (case.run)(task.peer, effort)?
    } else {
        let patcher = greenpatch::Patcher::new().workers(task.workers);
        patcher.apply().map_err(io::Error::other)?;
        // As a program of tokio's is a task: from outside each call would wake a worker.
        let (run, peer) = (case.run, task.peer.to_owned());
        let program = greenpatch::thread::spawn(move || run(&peer, effort));
        program.join().expect("it does not panic")?
    };
    let figures: Vec<_> = figures
        .iter()
        .map(|figure| format!(" {figure:.4}"))
        .collect();
    println!("{MARK}{}", figures.concat());
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    fn output(status: i32, stdout: &str, stderr: &str) -> Output {
        Output {
            status: ExitStatus::from_raw(status),
            stdout: stdout.into(),
            stderr: stderr.into(),
        }
    }

    #[test]
    fn figures_are_read_from_their_line() {
        let noise = output(0, "hello\nfigures: 52.1 3\n", "");
        assert_eq!(figures_of(&noise), Ok(vec![52.1, 3.0]));
        assert!(figures_of(&output(0, "hello\n", "")).is_err());
        assert!(figures_of(&output(0, "figures: 52,1\n", "")).is_err());
    }

    #[test]
    fn a_failure_has_a_reason() {
        let panic = "warning\nthread 'main' panicked at x.rs:1:2:\nout of stacks\nnote: run with\n";
        for (errors, expected) in [
            (panic, "out of stacks"),
            ("Error: no threads left\n\n", "Error: no threads left"),
            ("", "signal: 9 (SIGKILL)"),
        ] {
            let found = figures_of(&output(9, "figures: 1", errors));
            assert_eq!(found, Err(expected.to_owned()));
        }
    }
}
