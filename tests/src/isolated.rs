//! Tests of libtest that patch the process: each runs in a process of its own.

use std::any::type_name;

use crate::child::{Ended, child, limit_child, task};

/// Runs a test's body, which is a closure in the test function itself, in a process of its own: this same
/// executable, started again for that test alone. Returns what it wrote to the standard error, or `None` in
/// that process.
///
/// # Panics
///
/// Where the body panics, or the closure is not directly in a test function.
pub fn isolated<F: FnOnce()>(body: F) -> Option<String> {
    isolated_with(&[], body)
}

/// The same, with variables set in the environment of that process.
///
/// # Panics
///
/// As [`isolated`].
pub fn isolated_with<F: FnOnce()>(vars: &[(&str, &str)], body: F) -> Option<String> {
    if task().is_some() {
        limit_child();
        body();
        return None;
    }
    let test = test_of::<F>();
    let output = child(test)
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .envs(vars.iter().copied())
        .output()
        .expect("the executable starts");
    let ended = Ended::from(output);
    let ran = ended.stdout.contains("test result: ok. 1 passed");
    assert!(
        ended.code == Some(0) && ran,
        "{test}, in a process of its own: {ended}"
    );
    Some(ended.stderr)
}

/// Returns the name that libtest has for the function that the closure `F` is in: the closure's path without the
/// crate. The name of the thread would not do: libtest runs a test on the main thread where there is one thread.
fn test_of<F>() -> &'static str {
    let path = type_name::<F>();
    let (_crate, path) = path.split_once("::").expect("a path");
    path.strip_suffix("::{{closure}}").expect("a closure")
}
