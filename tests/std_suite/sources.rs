//! Where std's sources are, and which of their files hold tests for greenpatch.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One of std's test files.
#[derive(Debug)]
pub(crate) struct TestFile {
    /// Its path below `library/std`, without `.rs`; for examples in the documentation, with `doc/`
    /// before.
    pub(crate) key: String,
    /// Where it is.
    pub(crate) path: PathBuf,
    /// What `super::` means in it.
    pub(crate) super_is: Option<&'static str>,
    /// The tests are the examples in the documentation.
    pub(crate) examples: bool,
}

impl TestFile {
    /// The name of the generated binary.
    pub(crate) fn binary(&self) -> String {
        self.key.replace('/', "_")
    }
}

/// The folder below which the runner writes.
pub(crate) fn build_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("std_suite/build")
}

/// What `super::` means in a test file.
fn super_of(path: &Path) -> Option<&'static str> {
    [
        ("src/thread/tests.rs", "std::thread"),
        ("src/process/tests.rs", "std::process"),
        ("src/fs/tests.rs", "std::fs"),
        ("src/os/unix/net/tests.rs", "std::os::unix::net"),
        ("src/net/ip_addr/tests.rs", "std::net"),
    ]
    .into_iter()
    .find_map(|(file, module)| path.ends_with(file).then_some(module))
}

/// Finds std's sources: the folder that holds `std/tests`.
///
/// # Errors
///
/// Says how to get them.
pub(crate) fn find() -> Result<PathBuf, String> {
    let mut candidates = Vec::new();
    if let Some(path) = env::var_os("GREENPATCH_STD_SOURCES") {
        candidates.push(PathBuf::from(path));
    } else {
        candidates.push(build_folder().join("library"));
        if let Ok(output) = Command::new("rustc").args(["--print", "sysroot"]).output() {
            let sysroot = String::from_utf8_lossy(&output.stdout).trim().to_string();
            candidates.push(Path::new(&sysroot).join("lib/rustlib/src/rust/library"));
        }
        for entry in fs::read_dir("/usr/src").into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with("rustc-") {
                candidates.push(entry.path().join("library"));
            }
        }
    }
    candidates.iter().find(|path| path.join("std/tests/sync/mutex.rs").is_file()).cloned().ok_or_else(
        || {
            format!(
                "no std sources with std/tests/sync/mutex.rs in any of {candidates:?}\n\
                 Get them by tests/std_suite/fetch.sh (Debian's package rust-web-src), or by\n\
                 `rustup component add rust-src`, or set GREENPATCH_STD_SOURCES to a `library` folder."
            )
        },
    )
}

/// The test files, in the order of their names. A file that a newer std adds to these folders is among
/// them without being named here.
///
/// # Errors
///
/// Says which folder could not be read.
pub(crate) fn test_files(library: &Path) -> Result<Vec<TestFile>, String> {
    let std = library.join("std");
    let mut found = Vec::new();
    for folder in ["tests/sync", "tests/thread_local"] {
        rust_files(&std.join(folder), &mut found)?;
        found.retain(|path| !path.ends_with("lib.rs"));
    }
    found.push(std.join("tests/thread.rs"));
    found.push(std.join("tests/panic.rs"));
    let mut sources = Vec::new();
    for folder in [
        "src/thread",
        "src/sync",
        "src/process",
        "src/fs",
        "src/io/pipe",
        "src/net/tcp",
        "src/net/udp",
        "src/net/socket_addr",
        "src/os/unix/net",
    ] {
        rust_files(&std.join(folder), &mut sources)?;
    }
    for file in [
        "process",
        "fs",
        "io/pipe",
        "io/stdio",
        "net/tcp",
        "net/udp",
        "net/socket_addr",
        "os/unix/process",
    ] {
        sources.push(std.join("src").join(file).with_extension("rs"));
    }
    sources.push(std.join("src/panic.rs"));
    sources.push(library.join("core/src/hint.rs"));
    let (unit_tests, documented): (Vec<_>, Vec<_>) = sources
        .into_iter()
        .partition(|path| path.ends_with("tests.rs"));
    found.extend(unit_tests);

    let key = |path: &Path| {
        let inside = path
            .strip_prefix(&std)
            .or_else(|_| path.strip_prefix(library));
        inside
            .unwrap_or(path)
            .with_extension("")
            .to_string_lossy()
            .into_owned()
    };
    let mut files: Vec<TestFile> = found
        .into_iter()
        .map(|path| TestFile {
            key: key(&path),
            super_is: super_of(&path),
            path,
            examples: false,
        })
        .collect();
    files.extend(documented.into_iter().map(|path| TestFile {
        key: format!("doc/{}", key(&path)),
        path,
        super_is: None,
        examples: true,
    }));
    files.sort_by(|a, b| (a.examples, &a.key).cmp(&(b.examples, &b.key)));
    Ok(files)
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), String> {
    let entries = fs::read_dir(folder)
        .map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    Ok(())
}
