//! Answers of other programs, kept in the cache until the program or the question changes.
//!
//! A build in which nothing has changed would otherwise spend most of its time on questions to rustc and cargo.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::hash::Hash;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::files;

/// Incremented with each change of what is kept.
const FORMAT: u32 = 1;

/// Returns the answer that is kept under the key, or has it found and keeps it. Without a key nothing is kept.
pub(crate) fn answer<T: Serialize + DeserializeOwned, E>(
    cache: &Path,
    key: Option<impl Hash>,
    find: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    let path = key.map(|key| {
        let name = format!("{}.json", files::digits((FORMAT, key)));
        cache.join("answers").join(name)
    });
    let read = path.as_ref().and_then(|path| fs::read(path).ok());
    if let Some(kept) = read.and_then(|text| serde_json::from_slice(&text).ok()) {
        return Ok(kept);
    }
    let found = find()?;
    if let Some(path) = path
        && let Ok(text) = serde_json::to_vec(&found)
    {
        // Without it the next run asks again.
        let _ = files::write(&path, text);
    }
    Ok(found)
}

/// What a file is known by, as cargo knows rustc: it is another one once it is replaced.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    path: PathBuf,
    length: u64,
    changed: Option<SystemTime>,
}

impl Identity {
    /// The identity of a file.
    pub(crate) fn of_file(path: &Path) -> Option<Identity> {
        let metadata = fs::metadata(path).ok()?;
        Some(Identity {
            path: path.to_owned(),
            length: metadata.len(),
            changed: metadata.modified().ok(),
        })
    }

    /// The identity of a program, found as a command is. A proxy of rustup is known by the program that it runs, if the
    /// environment says which one that is.
    pub(crate) fn of_program(program: &OsStr) -> Option<Identity> {
        let path = fs::canonicalize(found(program)?).ok()?;
        if path.file_stem() != Some(OsStr::new("rustup")) {
            return Identity::of_file(&path);
        }
        let home = match env::var_os("RUSTUP_HOME").filter(|home| !home.is_empty()) {
            Some(home) => PathBuf::from(home),
            None => env::home_dir()?.join(".rustup"),
        };
        let toolchain = env::var_os("RUSTUP_TOOLCHAIN").filter(|name| !name.is_empty())?;
        let programs = home.join("toolchains").join(toolchain).join("bin");
        Identity::of_file(&programs.join(Path::new(program).file_name()?))
    }
}

/// The file that a command of this name runs.
fn found(program: &OsStr) -> Option<PathBuf> {
    let path = Path::new(program);
    if path.components().count() > 1 {
        return Some(path.to_owned());
    }
    let folders = env::var_os("PATH")?;
    let mut paths = env::split_paths(&folders).map(|folder| folder.join(path));
    paths.find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::process;

    use super::*;

    #[test]
    fn an_answer_is_found_once_for_each_key() {
        let cache = env::temp_dir().join(format!("greenpatch-kept-{}", process::id()));
        let asked = Cell::new(0);
        let ask = |key: Option<&str>| {
            answer(&cache, key, || {
                asked.set(asked.get() + 1);
                Ok::<_, ()>(asked.get())
            })
        };
        assert_eq!([ask(Some("a")), ask(Some("a"))], [Ok(1), Ok(1)]);
        assert_eq!([ask(Some("b")), ask(Some("a"))], [Ok(2), Ok(1)]);
        assert_eq!([ask(None), ask(None)], [Ok(3), Ok(4)]);
        let failed = answer::<u32, _>(&cache, Some("c"), || Err("no"));
        assert_eq!(failed, Err("no"));
        assert_eq!(ask(Some("c")), Ok(5), "a failure is not kept");
        fs::remove_dir_all(&cache).unwrap();
    }

    #[test]
    fn a_program_is_another_one_once_its_file_changes() {
        let file = env::temp_dir().join(format!("greenpatch-identity-{}", process::id()));
        fs::write(&file, "1").unwrap();
        let first = Identity::of_program(file.as_os_str());
        assert!(first.is_some());
        assert_eq!(first, Identity::of_program(file.as_os_str()));
        fs::write(&file, "12").unwrap();
        assert_ne!(first, Identity::of_program(file.as_os_str()));
        fs::remove_file(&file).unwrap();
        assert_eq!(Identity::of_program(file.as_os_str()), None);
        assert!(Identity::of_program(OsStr::new("sh")).is_some());
    }
}
