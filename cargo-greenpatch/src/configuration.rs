//! What cargo reads its configuration from.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::arguments::Request;

/// All that cargo's configuration comes from.
#[derive(Hash)]
pub(crate) struct Sources {
    /// With what they hold.
    files: Vec<(PathBuf, Vec<u8>)>,
    /// The variables that cargo and rustc read.
    environment: Vec<(OsString, OsString)>,
}

impl Sources {
    /// Those of a folder, or of the current one. `None` if there are further ones: `--config` and `include`.
    pub(crate) fn of(folder: Option<&Path>, request: &Request) -> Option<Sources> {
        if !request.configuration.is_empty() {
            return None;
        }
        let folder = std::path::absolute(folder.unwrap_or(Path::new("."))).ok()?;
        let home = match env::var_os("CARGO_HOME").filter(|home| !home.is_empty()) {
            Some(home) => std::path::absolute(home).ok()?,
            None => env::home_dir()?.join(".cargo"),
        };
        let folders = folder.ancestors().map(|folder| folder.join(".cargo"));
        let mut files = Vec::new();
        for folder in folders.chain([home]) {
            for name in ["config", "config.toml"] {
                let path = folder.join(name);
                if let Ok(content) = fs::read(&path) {
                    files.push((path, content));
                }
            }
        }
        if files.iter().any(|(_, content)| includes(content)) {
            return None;
        }
        let mut environment: Vec<_> = env::vars_os().collect();
        environment.retain(|(name, _)| {
            let name = name.as_encoded_bytes();
            name.starts_with(b"CARGO") || name.starts_with(b"RUST")
        });
        environment.sort();
        Some(Sources { files, environment })
    }
}

fn includes(content: &[u8]) -> bool {
    let word = b"include";
    content.windows(word.len()).any(|part| part == word)
}
