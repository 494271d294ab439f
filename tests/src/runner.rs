//! The runner of test binaries without libtest (`harness = false`): they test the main thread, or all of their tests
//! share one patched process.
//!
//! It supports the options of libtest that select tests: filters, `--skip`, `--exact`, and `--list`. A failed test ends
//! the run, since later tests share its process.

use std::env;
use std::io::Write;
use std::process::Command;
use std::time::Duration;

use crate::child::{Ended, child, limit_child, task};
use crate::{stress_time, watchdog};

/// The limit of a test, which is longer than that of a child.
const LIMIT: Duration = Duration::from_secs(120);

/// A test with a body that is the `main` function of a separate process.
#[derive(Debug)]
pub struct Scenario {
    /// The test's name.
    pub name: &'static str,
    /// The body, which runs on the main thread of the child.
    pub child: fn(),
    /// Checks in the parent how the child has ended.
    pub check: fn(&Ended),
}

/// Runs the tests of a binary one after another, on the main thread.
#[derive(Debug)]
pub struct Runner {
    filters: Vec<String>,
    skipped: Vec<String>,
    is_exact: bool,
    is_list: bool,
    /// Whether only ignored tests are selected, of which there are none.
    is_ignored: bool,
    task: Option<String>,
    has_run_task: bool,
    passed: u32,
    left_out: u32,
}

impl Runner {
    /// Reads the command line.
    ///
    /// # Panics
    ///
    /// If an option is unknown.
    pub fn from_args() -> Runner {
        let mut runner = Runner {
            filters: Vec::new(),
            skipped: Vec::new(),
            is_exact: false,
            is_list: false,
            is_ignored: false,
            task: task(),
            has_run_task: false,
            passed: 0,
            left_out: 0,
        };
        let mut args = env::args().skip(1);
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--exact" => runner.is_exact = true,
                "--list" => runner.is_list = true,
                "--ignored" => runner.is_ignored = true,
                "--skip" => runner.skipped.extend(args.next()),
                // Options of libtest, which `cargo test` hands to every binary, and that change nothing here.
                "--nocapture" | "--no-capture" | "--show-output" | "--include-ignored" | "-q"
                | "--quiet" => {}
                "--test-threads" | "--format" | "--color" => drop(args.next()),
                _ if ["--test-threads=", "--format=", "--color="]
                    .iter()
                    .any(|option| arg.starts_with(option)) => {}
                _ if arg.starts_with('-') => panic!("unknown option {arg}"),
                _ => runner.filters.push(arg),
            }
        }
        runner
    }

    /// Returns whether this process is the child for `task`. It then runs the tests of the task with the same command line.
    pub fn takes_task(&mut self, task: &str) -> bool {
        let is_mine = self.task.as_deref() == Some(task);
        if is_mine {
            self.task = None;
        }
        is_mine
    }

    /// Runs a test in this process, under the watchdog, if the command line selects it.
    ///
    /// # Panics
    ///
    /// If the test panics.
    pub fn test(&mut self, name: &str, body: impl FnOnce()) {
        if !self.selects(name) {
            self.left_out += 1;
            return;
        }
        if self.is_list {
            println!("{name}: test");
            return;
        }
        print!("test {name} ... ");
        std::io::stdout().flush().expect("standard output is open");
        let _watchdog = watchdog(LIMIT + stress_time(Duration::ZERO));
        body();
        println!("ok");
        self.passed += 1;
    }

    /// Runs `body` on the main thread of a separate process, which `configure` prepares, and then `check` in this process.
    ///
    /// # Panics
    ///
    /// If `check` panics.
    pub fn scenario(
        &mut self,
        name: &str,
        body: fn(),
        configure: impl FnOnce(&mut Command),
        check: impl FnOnce(&Ended),
    ) {
        if let Some(task) = &self.task {
            if task == name {
                self.has_run_task = true;
                limit_child();
                body();
            }
            return;
        }
        self.test(name, || {
            let mut child = child(name);
            child.env("RUST_BACKTRACE", "0");
            configure(&mut child);
            let output = child.output().expect("the executable starts");
            check(&output.into());
        });
    }

    /// Runs scenarios in processes without further configuration.
    ///
    /// # Panics
    ///
    /// If the check of a scenario panics.
    pub fn scenarios<'a>(&mut self, scenarios: impl IntoIterator<Item = &'a Scenario>) {
        for scenario in scenarios {
            self.scenario(scenario.name, scenario.child, |_| (), scenario.check);
        }
    }

    /// Prints what was run.
    ///
    /// # Panics
    ///
    /// In a child, if no scenario has the name of its task.
    pub fn finish(self) {
        if let Some(task) = self.task {
            assert!(self.has_run_task, "no scenario is called {task}");
        } else if !self.is_list {
            println!(
                "\ntest result: ok. {} passed; 0 failed; {} filtered out",
                self.passed, self.left_out
            );
        }
    }

    fn selects(&self, name: &str) -> bool {
        let is_like = |text: &String| {
            if self.is_exact {
                name == text
            } else {
                name.contains(text.as_str())
            }
        };
        !self.is_ignored
            && (self.filters.is_empty() || self.filters.iter().any(is_like))
            && !self.skipped.iter().any(is_like)
    }
}
