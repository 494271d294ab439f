//! [`OpenOptions`].
#![forbid(unsafe_code)]

use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::{File, open};

/// How a file is opened.
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
    /// Nothing is asked for yet.
    #[expect(clippy::new_without_default, reason = "std has none")]
    #[must_use]
    pub fn new() -> Self {
        OpenOptions(std::fs::OpenOptions::new())
    }

    /// Whether the file is to be read.
    pub fn read(&mut self, read: bool) -> &mut Self {
        self.0.read(read);
        self
    }

    /// Whether the file is to be written.
    pub fn write(&mut self, write: bool) -> &mut Self {
        self.0.write(write);
        self
    }

    /// Whether what is written goes to the end, wherever that is by then.
    pub fn append(&mut self, append: bool) -> &mut Self {
        self.0.append(append);
        self
    }

    /// Whether the file is emptied.
    pub fn truncate(&mut self, truncate: bool) -> &mut Self {
        self.0.truncate(truncate);
        self
    }

    /// Whether the file is made if it is not there.
    pub fn create(&mut self, create: bool) -> &mut Self {
        self.0.create(create);
        self
    }

    /// Whether the file is made, and one that is there is an error.
    pub fn create_new(&mut self, create_new: bool) -> &mut Self {
        self.0.create_new(create_new);
        self
    }

    /// Opens the file.
    ///
    /// # Errors
    ///
    /// What the system says; and options that do not fit each other.
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
    /// The ways to open a file.
    #[must_use]
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }
}
