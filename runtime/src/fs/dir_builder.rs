//! [`DirBuilder`].
#![forbid(unsafe_code)]

use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use super::call;

/// A builder that creates directories.
///
/// It converts from and into `std::fs::DirBuilder`.
///
/// # Examples
///
/// ```
/// use greenpatch::fs::{self, DirBuilder};
///
/// let outer = std::env::temp_dir().join(format!("greenpatch-doc-{}", std::process::id()));
/// DirBuilder::new().recursive(true).create(outer.join("inner"))?;
/// fs::remove_dir_all(outer)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct DirBuilder(std::fs::DirBuilder);

impl DirBuilder {
    /// Creates a builder with the default options: a single directory, with the permissions that the umask of the process
    /// leaves.
    #[expect(clippy::new_without_default, reason = "std has none")]
    #[must_use]
    pub fn new() -> DirBuilder {
        DirBuilder(std::fs::DirBuilder::new())
    }

    /// Sets whether missing parent directories are created, too. An existing directory is then no error.
    pub fn recursive(&mut self, recursive: bool) -> &mut Self {
        self.0.recursive(recursive);
        self
    }

    /// Creates the directory.
    ///
    /// # Errors
    ///
    /// Returns the error of the system.
    pub fn create<P: AsRef<Path>>(&self, path: P) -> io::Result<()> {
        let path = path.as_ref();
        call(|| self.0.create(path))
    }
}

impl DirBuilderExt for DirBuilder {
    fn mode(&mut self, mode: u32) -> &mut Self {
        self.0.mode(mode);
        self
    }
}

impl From<std::fs::DirBuilder> for DirBuilder {
    fn from(std: std::fs::DirBuilder) -> DirBuilder {
        DirBuilder(std)
    }
}

impl From<DirBuilder> for std::fs::DirBuilder {
    fn from(ours: DirBuilder) -> std::fs::DirBuilder {
        ours.0
    }
}
