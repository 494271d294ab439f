//! The results, as stored in `records.json`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// Everything, by name.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Records {
    pub(crate) programs: BTreeMap<String, Program>,
    pub(crate) crates: BTreeMap<String, Published>,
}

/// An application.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Program {
    pub(crate) date: String,
    pub(crate) compiler: String,
    /// What it names in its manifest, with versions.
    pub(crate) direct: Vec<String>,
    /// All that it is built from, with versions.
    pub(crate) graph: BTreeSet<String>,
    pub(crate) std: Run,
    pub(crate) greenpatch: Run,
    /// Whether both printed the same.
    pub(crate) same: bool,
    /// What one unit of the figures below is.
    pub(crate) unit: Option<String>,
}

/// A program built and run in one way.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) compiles: bool,
    pub(crate) success: bool,
    pub(crate) hung: bool,
    pub(crate) os_threads: usize,
    /// Units a second, of each run.
    pub(crate) figures: Vec<f64>,
}

/// A published crate.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Published {
    pub(crate) date: String,
    pub(crate) compiler: String,
    pub(crate) version: String,
    pub(crate) std: Suite,
    pub(crate) greenpatch: Suite,
}

/// A crate's own tests, built and run in one way.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Suite {
    pub(crate) compiles: bool,
    pub(crate) success: bool,
    pub(crate) passed: u64,
    pub(crate) failed: BTreeSet<String>,
    pub(crate) ignored: u64,
    /// Tests that did not end.
    pub(crate) hung: BTreeSet<String>,
    /// Test programs that ended otherwise than by themselves.
    pub(crate) died: BTreeSet<String>,
}

impl Program {
    /// Whether greenpatch makes a difference.
    pub(crate) fn differs(&self) -> bool {
        !self.same || !self.std.success || !self.greenpatch.success
    }
}

impl Published {
    /// Whether greenpatch makes a difference.
    pub(crate) fn differs(&self) -> bool {
        self.std != self.greenpatch
    }
}

impl Records {
    pub(crate) fn read(path: &Path) -> Result<Records, String> {
        if !path.exists() {
            return Ok(Records::default());
        }
        let text = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// Changes the records. Other runs may have changed them since this one began.
    pub(crate) fn update(path: &Path, change: impl FnOnce(&mut Records)) -> Result<(), String> {
        let mut records = Records::read(path)?;
        change(&mut records);
        let mut text = serde_json::to_string_pretty(&records).map_err(|error| error.to_string())?;
        text.push('\n');
        fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
    }
}
