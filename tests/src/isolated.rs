//! Tests under libtest that patch the process. Each runs in a separate process.

use std::any::type_name;

use crate::child::{Ended, child, limit_child, task};

/// Runs the body of a test, a closure in the test function itself, in a separate process: this executable, started again
/// for that test alone. Returns the standard error of that process, or `None` inside of it.
///
/// # Panics
///
/// If the body panics, or the closure is not directly in a test function.
pub fn isolated<F: FnOnce()>(body: F) -> Option<String> {
    isolated_with(&[], body)
}

/// Runs the body like [`isolated`], with environment variables set for that process.
///
/// # Panics
///
/// The same as for [`isolated`].
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

/// Returns the name in libtest of the function that contains the closure `F`: the path of the closure without the crate.
/// The name of the thread is no alternative: with one test thread, libtest runs tests on the main thread.
fn test_of<F>() -> &'static str {
    let path = type_name::<F>();
    let (_crate, path) = path.split_once("::").expect("a path");
    path.strip_suffix("::{{closure}}").expect("a closure")
}
