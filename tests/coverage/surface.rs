//! What std and greenpatch offer, as rustdoc sees it.
//!
//! One small crate re-exports the modules of both, and rustdoc reads their metadata: this needs
//! neither std's sources nor a nightly toolchain, and it is exactly the toolchain that runs the test.

use crate::html::{self, Page};
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The modules of std that greenpatch is compared with, and the macros. The rest of the root is a glob import of
/// std's, and the preludes are lists of names that are in these modules.
const NAMES: [&str; 16] = [
    "thread",
    "sync",
    "panic",
    "hint",
    "fs",
    "io",
    "net",
    "os",
    "process",
    "time",
    "thread_local",
    "print",
    "println",
    "eprint",
    "eprintln",
    "dbg",
];

/// All items of one of the two crates by path, such as `sync::Mutex`.
pub(crate) type Surface = BTreeMap<String, Page>;

/// The items of std and of greenpatch.
///
/// # Panics
///
/// Panics if cargo cannot document the small crate.
pub(crate) fn both() -> (Surface, Surface) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("coverage");
    let runtime = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime");
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let manifest = format!(
        "[package]\nname = \"surface\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\ngreenpatch = {{ path = {runtime:?} }}\n"
    );
    let mut source = String::from("#![allow(warnings)]\n");
    for (module, root) in [("of_std", "::std"), ("of_greenpatch", "::greenpatch")] {
        source.push_str(&format!("pub mod {module} {{\n"));
        for name in NAMES {
            source.push_str(&format!(
                "    #[doc(inline)]\n    pub use {root}::{name};\n"
            ));
        }
        source.push_str("}\n");
    }
    fs::create_dir_all(folder.join("src")).expect("a writable target folder");
    fs::write(folder.join("Cargo.toml"), manifest).expect("a writable target folder");
    fs::write(folder.join("src/lib.rs"), source).expect("a writable target folder");
    // The versions are the workspace's, and cargo needs no network to choose them.
    fs::copy(workspace.join("Cargo.lock"), folder.join("Cargo.lock")).expect("the lock file");

    let target = folder.join("target");
    let documentation = target.join("doc/surface");
    let _ = fs::remove_dir_all(&documentation);
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["doc", "--no-deps", "--quiet", "--target-dir"])
        .arg(&target)
        .env_remove("RUSTDOCFLAGS")
        .current_dir(&folder)
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "cargo doc failed:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    (
        read(&documentation.join("of_std")),
        read(&documentation.join("of_greenpatch")),
    )
}

fn read(root: &Path) -> Surface {
    let mut surface = Surface::new();
    let mut hidden = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let index = fs::read_to_string(folder.join("index.html")).unwrap_or_default();
        hidden.extend(
            unstable_modules(&index)
                .into_iter()
                .map(|name| folder.join(name)),
        );
        let mut entries: Vec<PathBuf> = fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("cannot read {}: {error}", folder.display()))
            .map(|entry| entry.expect("a readable folder").path())
            .collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                if !hidden.contains(&path) {
                    folders.push(path);
                }
            } else if let Some((name, page)) = read_page(root, &path) {
                surface.insert(name, page);
            }
        }
    }
    surface
}

/// Reads a page called `KIND.NAME.html`; others are indices or redirections.
fn read_page(root: &Path, path: &Path) -> Option<(String, Page)> {
    let file = path.file_name()?.to_str()?.strip_suffix(".html")?;
    let (kind, name) = file.split_once('.')?;
    if name.ends_with('!') {
        return None;
    }
    let page = html::page(kind, name, &fs::read_to_string(path).ok()?)?;
    let mut name = name.to_string();
    if kind == "macro" {
        // The module `panic` also brings in the macro of that name, which belongs to the root.
        if !NAMES.contains(&name.as_str()) || name == "panic" {
            return None;
        }
        name.push('!');
    }
    let folder = path
        .parent()?
        .strip_prefix(root)
        .ok()?
        .to_str()?
        .replace('/', "::");
    let separator = if folder.is_empty() { "" } else { "::" };
    Some((format!("{folder}{separator}{name}"), page))
}

/// The modules that an index marks as unstable.
fn unstable_modules(index: &str) -> Vec<String> {
    index
        .split("<dt><a class=\"mod\" href=\"")
        .skip(1)
        .filter_map(|entry| entry.split_once("</dt>"))
        .filter(|(entry, _)| entry.contains("class=\"stab unstable\""))
        .filter_map(|(entry, _)| entry.split_once("/index.html"))
        .map(|(name, _)| name.to_string())
        .collect()
}
