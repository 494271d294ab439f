//! Files that several processes write at once, and names that change with what they stand for.

use std::collections::hash_map::DefaultHasher;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process;

use crate::error::{Context, Failure};
use crate::shell::Shell;

/// The sixteen digits that stand for a value in the names of folders.
pub(crate) fn digits(value: impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Makes a folder and those above it.
pub(crate) fn folder(path: &Path) -> Result<(), Failure> {
    fs::create_dir_all(path).context(|| format!("could not create {}", path.display()))
}

/// Writes a file in one step, unless it has that content already.
pub(crate) fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<(), Failure> {
    let content = content.as_ref();
    if fs::read(path).is_ok_and(|present| present == content) {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        folder(parent)?;
    }
    let beside = beside(path);
    let written = File::create(&beside).and_then(|mut file| file.write_all(content));
    written
        .and_then(|()| fs::rename(&beside, path))
        .context(|| format!("could not write {}", path.display()))
}

/// Makes `path` a symbolic link to `to`, in one step.
pub(crate) fn link(path: &Path, to: &Path) -> Result<(), Failure> {
    if fs::read_link(path).is_ok_and(|present| present == to) {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        folder(parent)?;
    }
    let beside = beside(path);
    symlink(to, &beside)
        .and_then(|()| fs::rename(&beside, path))
        .context(|| format!("could not write {}", path.display()))
}

/// A name in the same folder that no other process writes to.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", process::id()));
    path.with_file_name(name)
}

/// Holds a lock among processes until the result is dropped.
pub(crate) fn lock(path: &Path, shell: Shell) -> Result<File, Failure> {
    if let Some(parent) = path.parent() {
        folder(parent)?;
    }
    let doing = || format!("could not lock {}", path.display());
    let file = File::create(path).context(doing)?;
    if file.try_lock().is_err() {
        shell.status("Blocking", "waiting for file lock on greenpatch's build");
        file.lock().context(doing)?;
    }
    Ok(file)
}
