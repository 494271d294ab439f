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
    /// Imports that it needs besides.
    pub(crate) imports: &'static str,
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

/// Which part of std's tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Set {
    /// Threads, locks, thread-locals, panics, hints.
    Thread,
    /// Sockets, and names of hosts.
    Net,
    /// Child processes.
    Process,
    /// Files and folders.
    Fs,
    /// The standard streams, pipes, descriptors.
    Io,
}

impl Set {
    /// # Errors
    ///
    /// Says which sets there are.
    pub(crate) fn parse(name: &str) -> Result<Self, String> {
        match name {
            "thread" => Ok(Set::Thread),
            "net" => Ok(Set::Net),
            "process" => Ok(Set::Process),
            "fs" => Ok(Set::Fs),
            "io" => Ok(Set::Io),
            _ => Err(format!(
                "unknown set `{name}`; expected thread, net, process, fs or io"
            )),
        }
    }

    /// Files, and folders with all that they hold, below `library`.
    fn places(self) -> &'static [&'static str] {
        match self {
            Set::Thread => &[
                "std/tests/sync",
                "std/tests/thread_local",
                "std/tests/thread.rs",
                "std/tests/panic.rs",
                "std/src/thread",
                "std/src/sync",
                "std/src/panic.rs",
                "core/src/hint.rs",
            ],
            Set::Net => &["std/src/net", "std/src/os/unix/net"],
            Set::Process => &["std/src/process.rs", "std/src/process"],
            Set::Fs => &["std/src/fs.rs", "std/src/fs", "std/src/os/unix/fs"],
            Set::Io => &[
                "std/src/io/stdio.rs",
                "std/src/io/stdio",
                "std/src/io/pipe.rs",
                "std/src/io/pipe",
                "std/src/os/fd",
            ],
        }
    }
}

/// What `super::` means to the unit tests below a folder: the module of std that one can name.
const SUPER: [(&str, &str); 8] = [
    ("src/thread/", "std::thread"),
    ("src/net/", "std::net"),
    ("src/os/unix/fs/", "std::os::unix::fs"),
    ("src/os/unix/net/", "std::os::unix::net"),
    ("src/process/", "std::process"),
    ("src/fs/", "std::fs"),
    ("src/io/", "std::io"),
    ("src/os/fd/", "std::os::fd"),
];

/// What the module above imports, and `use super::*` finds.
const IMPORTS: [(&str, &str); 2] = [
    ("src/io/stdio/tests", "use std::sync::{Arc, Mutex};"),
    (
        "src/os/unix/fs/tests",
        "use std::{fs::{self, Permissions}, io::{self, Read, Write}};",
    ),
];

/// The test files, in the order of their names. A file that a newer std adds to these folders is among
/// them without being named here.
///
/// # Errors
///
/// Says which folder could not be read.
pub(crate) fn test_files(library: &Path, sets: &[Set]) -> Result<Vec<TestFile>, String> {
    let mut found = Vec::new();
    for place in sets.iter().flat_map(|set| set.places()) {
        let path = library.join(place);
        if path.is_dir() {
            rust_files(&path, &mut found)?;
        } else {
            found.push(path);
        }
    }
    let mut files: Vec<TestFile> = found
        .into_iter()
        .filter_map(|path| test_file(library, path))
        .collect();
    files.sort_by(|a, b| (a.examples, &a.key).cmp(&(b.examples, &b.key)));
    Ok(files)
}

/// Unit tests are in separate files, so other files below `src` have examples only.
fn test_file(library: &Path, path: PathBuf) -> Option<TestFile> {
    let std = library.join("std");
    let inside = path
        .strip_prefix(&std)
        .or_else(|_| path.strip_prefix(library))
        .ok()?;
    let mut key = inside.with_extension("").to_string_lossy().into_owned();
    // The roots of the integration tests only name the modules.
    if key.starts_with("tests/") && key.ends_with("/lib") || key == "src/net/test" {
        return None;
    }
    let examples = !key.starts_with("tests/") && !key.ends_with("/tests");
    let super_is = SUPER
        .iter()
        .find(|(folder, _)| key.starts_with(folder))
        .map(|(_, module)| *module);
    let imports = IMPORTS
        .iter()
        .find(|(of, _)| *of == key)
        .map_or("", |(_, imports)| imports);
    if examples {
        key.insert_str(0, "doc/");
    }
    Some(TestFile {
        key,
        path,
        super_is,
        imports,
        examples,
    })
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
