//! [`DirBuilder`].
#![forbid(unsafe_code)]

use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use super::call;

/// Makes directories in various manners.
///
/// # Differences from std
///
/// None. It converts from and into `std::fs::DirBuilder`.
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
    /// One directory, in one that is there, open to all that the process's mask lets in.
    #[expect(clippy::new_without_default, reason = "std has none")]
    #[must_use]
    pub fn new() -> DirBuilder {
        DirBuilder(std::fs::DirBuilder::new())
    }

    /// Whether directories above it are made as well, and one that is there is no error.
    pub fn recursive(&mut self, recursive: bool) -> &mut Self {
        self.0.recursive(recursive);
        self
    }

    /// Makes the directory.
    ///
    /// # Errors
    ///
    /// What the system says.
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
