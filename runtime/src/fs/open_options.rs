//! [`OpenOptions`].
#![forbid(unsafe_code)]

use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::{File, open};

/// Options and flags that configure how a file is opened.
///
/// # Differences from std
///
/// It opens a [`File`] of greenpatch. It converts from and into `std::fs::OpenOptions`.
///
/// # Examples
///
/// ```
/// use std::io::Write;
/// use greenpatch::fs::{self, OpenOptions};
///
/// let path = std::env::temp_dir().join(format!("greenpatch-options-{}", std::process::id()));
/// for line in ["first\n", "second\n"] {
///     let mut file = OpenOptions::new().append(true).create(true).open(&path)?;
///     file.write_all(line.as_bytes())?;
/// }
/// assert_eq!(fs::read_to_string(&path)?, "first\nsecond\n");
/// fs::remove_file(path)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct OpenOptions(std::fs::OpenOptions);

impl OpenOptions {
    /// Creates a set of options, all of which are `false`.
    #[expect(clippy::new_without_default, reason = "std has none")]
    #[must_use]
    pub fn new() -> Self {
        OpenOptions(std::fs::OpenOptions::new())
    }

    /// Sets whether the file is opened for reading.
    pub fn read(&mut self, read: bool) -> &mut Self {
        self.0.read(read);
        self
    }

    /// Sets whether the file is opened for writing.
    pub fn write(&mut self, write: bool) -> &mut Self {
        self.0.write(write);
        self
    }

    /// Sets whether each write appends to the end of the file, as it is at the time of the write.
    pub fn append(&mut self, append: bool) -> &mut Self {
        self.0.append(append);
        self
    }

    /// Sets whether an existing file is truncated to length zero.
    pub fn truncate(&mut self, truncate: bool) -> &mut Self {
        self.0.truncate(truncate);
        self
    }

    /// Sets whether the file is created if it does not exist.
    pub fn create(&mut self, create: bool) -> &mut Self {
        self.0.create(create);
        self
    }

    /// Sets whether a new file is created; opening fails if it exists.
    pub fn create_new(&mut self, create_new: bool) -> &mut Self {
        self.0.create_new(create_new);
        self
    }

    /// Opens the file with these options.
    ///
    /// # Errors
    ///
    /// Returns the error of the system, or `InvalidInput` if the options contradict each other.
    pub fn open<P: AsRef<Path>>(&self, path: P) -> io::Result<File> {
        let path = path.as_ref();
        open(path, || self.0.open(path)).map(File::from)
    }
}

impl OpenOptionsExt for OpenOptions {
    fn mode(&mut self, mode: u32) -> &mut Self {
        self.0.mode(mode);
        self
    }

    fn custom_flags(&mut self, flags: i32) -> &mut Self {
        self.0.custom_flags(flags);
        self
    }
}

impl From<std::fs::OpenOptions> for OpenOptions {
    fn from(std: std::fs::OpenOptions) -> OpenOptions {
        OpenOptions(std)
    }
}

impl From<OpenOptions> for std::fs::OpenOptions {
    fn from(ours: OpenOptions) -> std::fs::OpenOptions {
        ours.0
    }
}

impl File {
    /// Returns options to open a file with.
    #[must_use]
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }
}
