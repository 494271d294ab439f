//! Tests that patch the process: each runs in a process of its own.

use std::env;
use std::process::Command;
use std::time::Duration;

use crate::watchdog;

const CHILD: &str = "GREENPATCH_TEST_ISOLATED";

/// Runs a test's body in a process of its own: this same executable, started again for that test
/// alone. Returns what it wrote to the standard error, or `None` in that process.
///
/// # Panics
///
/// Where the body panics, or a test of that name is not found.
pub fn isolated(test: &str, body: impl FnOnce()) -> Option<String> {
    isolated_with(test, &[], body)
}

/// The same, with variables set in the environment of that process.
///
/// # Panics
///
/// As [`isolated`].
pub fn isolated_with(test: &str, vars: &[(&str, &str)], body: impl FnOnce()) -> Option<String> {
    if env::var_os(CHILD).is_some() {
        let _watchdog = watchdog(Duration::from_secs(60));
        body();
        return None;
    }
    let output = Command::new(env::current_exe().expect("a test has an executable"))
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, "1")
        .envs(vars.iter().copied())
        .output()
        .expect("the executable starts");
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let ran = stdout.contains("test result: ok. 1 passed");
    assert!(
        output.status.success() && ran,
        "{test}, in a process of its own: {}\n{stdout}{stderr}",
        output.status
    );
    Some(stderr.into_owned())
}
