//! Runs each test as a separate process, with a time limit.

use crate::modes::Mode;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The interval at which the runner checks whether a test has ended.
const POLL: Duration = Duration::from_millis(1);

/// One test in one mode.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) binary: PathBuf,
    pub(crate) file: String,
    pub(crate) test: String,
    pub(crate) mode: Mode,
}

/// The outcome of a job over all its runs.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    /// Set when a run exceeded the time limit; it is the last run then.
    pub(crate) hung: bool,
    /// How the first failing run ended, and what it printed.
    pub(crate) first_failure: Option<String>,
    /// The longest run.
    pub(crate) slowest: Duration,
}

/// Limits of a whole run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) jobs: usize,
    pub(crate) repeat: usize,
    pub(crate) timeout: Duration,
}

/// The names of the tests in a binary that are not ignored.
///
/// # Errors
///
/// Says why the binary did not list them.
pub(crate) fn list(binary: &Path) -> Result<Vec<String>, String> {
    let output = Command::new(binary)
        .arg("list")
        .output()
        .map_err(|error| format!("cannot run {}: {error}", binary.display()))?;
    if !output.status.success() {
        return Err(format!("{} list: {}", binary.display(), output.status));
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(text
        .lines()
        .filter_map(|line| line.strip_prefix("test "))
        .map(str::to_string)
        .collect())
}

/// Runs all jobs; the outcomes are in their order. `log` is a folder for what the tests print.
pub(crate) fn run(jobs: &[Job], limits: Limits, log: &Path) -> Vec<Outcome> {
    let outcomes: Vec<Mutex<Outcome>> = jobs.iter().map(|_| Mutex::default()).collect();
    for round in 0..limits.repeat {
        let next = AtomicUsize::new(0);
        thread::scope(|scope| {
            for worker in 0..limits.jobs {
                let (next, outcomes) = (&next, &outcomes);
                let log = log.join(format!("worker-{worker}.log"));
                scope.spawn(move || {
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let Some(job) = jobs.get(index) else { break };
                        let mut outcome = outcomes[index].lock().expect("no worker panics");
                        if !outcome.hung {
                            once(job, limits.timeout, &log, &mut outcome);
                        }
                    }
                });
            }
        });
        if limits.repeat > 1 {
            eprintln!("round {} of {} done", round + 1, limits.repeat);
        }
    }
    outcomes
        .into_iter()
        .map(|outcome| outcome.into_inner().expect("no worker panics"))
        .collect()
}

fn once(job: &Job, timeout: Duration, log: &Path, outcome: &mut Outcome) {
    let start = Instant::now();
    let result = process(job, timeout, log);
    outcome.slowest = outcome.slowest.max(start.elapsed());
    let printed = fs::read(log).unwrap_or_default();
    let printed = String::from_utf8_lossy(&printed).into_owned();
    let ended = match result {
        // The line shows that the test did not leave the process early.
        Ok(Some(status)) if status.success() && printed.contains("std_suite: passed\n") => {
            outcome.passed += 1;
            return;
        }
        Ok(Some(status)) => format!("ended with {status}"),
        Ok(None) => {
            outcome.hung = true;
            format!("still running after {} s", timeout.as_secs())
        }
        Err(message) => message,
    };
    outcome.failed += 1;
    outcome
        .first_failure
        .get_or_insert_with(|| format!("{ended}\n{}", tail(&printed)));
}

/// Runs the test; `None` if it had to be killed.
fn process(job: &Job, timeout: Duration, log: &Path) -> Result<Option<ExitStatus>, String> {
    let failed = |error: std::io::Error| format!("cannot run the test: {error}");
    let output = File::create(log).map_err(failed)?;
    let mut child = Command::new(&job.binary)
        .args(["run", &job.test, job.mode.name()])
        .env_remove("GREENPATCH")
        .env("RUST_BACKTRACE", "0")
        // Hubs are leaked on purpose, and many of std's tests leak threads.
        .env("ASAN_OPTIONS", "detect_leaks=0")
        .stdin(Stdio::null())
        .stdout(output.try_clone().map_err(failed)?)
        .stderr(output)
        .spawn()
        .map_err(failed)?;
    let deadline = Instant::now() + timeout;
    loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            child.kill().map_err(failed)?;
            child.wait().map_err(failed)?;
            return Ok(None);
        }
        thread::sleep(POLL);
    }
}

/// The end of what a test printed.
fn tail(text: &str) -> String {
    const LINES: usize = 40;
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> (Job, tempfile::Log) {
        let log = tempfile::Log::new();
        let path = log.folder.join("test.sh");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a writable folder");
        let mut permissions = fs::metadata(&path).expect("the file").permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
        fs::set_permissions(&path, permissions).expect("the file's owner");
        let job = Job {
            binary: path,
            file: "f".into(),
            test: "t".into(),
            mode: Mode::Std,
        };
        (job, log)
    }

    /// A separate folder for each test.
    mod tempfile {
        use std::fs;
        use std::path::PathBuf;
        use std::sync::atomic::{AtomicUsize, Ordering};

        pub(super) struct Log {
            pub(super) folder: PathBuf,
        }

        impl Log {
            pub(super) fn new() -> Self {
                static COUNT: AtomicUsize = AtomicUsize::new(0);
                let unique = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
                let folder = std::env::temp_dir().join(format!("std-suite-{unique:?}"));
                fs::create_dir_all(&folder).expect("a writable temporary folder");
                Log { folder }
            }
        }

        impl Drop for Log {
            fn drop(&mut self) {
                let _ = fs::remove_dir_all(&self.folder);
            }
        }
    }

    fn outcome(script: &str, repeat: usize, timeout: Duration) -> Outcome {
        let (job, log) = shell(script);
        let limits = Limits {
            jobs: 1,
            repeat,
            timeout,
        };
        run(&[job], limits, &log.folder).remove(0)
    }

    #[test]
    fn passing_takes_the_line_and_the_status() {
        let long = Duration::from_secs(60);
        let passes = outcome("echo std_suite: passed", 3, long);
        assert_eq!((passes.passed, passes.failed), (3, 0));
        assert_eq!(outcome("exit 0", 1, long).failed, 1);
        assert_eq!(outcome("echo std_suite: passed; exit 1", 1, long).failed, 1);
    }

    #[test]
    fn a_test_that_hangs_is_killed_and_not_repeated() {
        let hangs = outcome("echo here; exec sleep 600", 5, Duration::from_millis(200));
        assert!(hangs.hung);
        assert_eq!((hangs.passed, hangs.failed), (0, 1));
        assert!(hangs.first_failure.expect("a failure").contains("here"));
    }
}
