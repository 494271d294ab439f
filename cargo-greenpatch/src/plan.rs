//! The file that the subcommand writes for the wrappers, in the folder of the links by which they are called.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Context, Failure};
use crate::files;

/// The file's name.
const NAME: &str = "plan.json";

/// Incremented with each change of what wrappers do, so that earlier builds are not reused.
pub(crate) const FORMAT: u32 = 3;

/// How crates are compiled.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// The library of greenpatch.
    pub(crate) greenpatch: PathBuf,
    /// The folders with what it depends on.
    pub(crate) dependencies: Vec<PathBuf>,
    /// The library that stands for `std` in the programs of a package, by the folder of its manifest.
    pub(crate) launch: BTreeMap<PathBuf, Launch>,
    /// The object file that is linked into programs.
    pub(crate) entry: PathBuf,
    /// The object file for programs in which panics abort.
    pub(crate) aborting_entry: PathBuf,
    /// Packages that keep std.
    pub(crate) native: Vec<String>,
    /// The folders of the packages that are compiled for the target, by their names.
    pub(crate) folders: BTreeMap<String, PathBuf>,
    /// The program that stands before rustc by the user's own configuration.
    pub(crate) wrapper: Option<String>,
    /// rustdoc.
    pub(crate) rustdoc: String,
}

/// What a package's programs get for `std`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Launch {
    /// The library.
    pub(crate) library: PathBuf,
    /// The library that stands for `test` in tests, unless their bodies stay where the harness runs them.
    pub(crate) bodies: Option<PathBuf>,
    /// A file that changes whenever one of the libraries is another, for cargo to watch.
    pub(crate) watched: PathBuf,
}

impl Plan {
    /// Reads the plan beside the link that a wrapper was called by.
    pub(crate) fn read(called_as: &Path) -> Result<Plan, Failure> {
        let path = called_as.with_file_name(NAME);
        let doing = || format!("could not read {}", path.display());
        let text = fs::read(&path).context(doing)?;
        serde_json::from_slice(&text).context(doing)
    }

    /// Writes it into a folder.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), Failure> {
        let text = serde_json::to_vec_pretty(self).context(|| "a path is not UTF-8".to_owned())?;
        files::write(&folder.join(NAME), text)
    }
}
