//! Carries the sources of greenpatch in the tool, so that it can build its copy of them anywhere.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// What of the workspace the copy is built from, beside `Cargo.toml` and `Cargo.lock`.
const FOLDERS: &[&str] = &["runtime/src", "macros/src"];
const FILES: &[&str] = &["Cargo.toml", "Cargo.lock", "README.md"];

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let root = fs::canonicalize(&root).expect("the folder above the package exists");
    let mut files: Vec<PathBuf> = FILES.iter().map(PathBuf::from).collect();
    for folder in FOLDERS {
        println!("cargo::rerun-if-changed={}", root.join(folder).display());
        collect(&root, Path::new(folder), &mut files);
    }
    // Manifests, build scripts, and what the sources include.
    for package in ["runtime", "macros"] {
        println!("cargo::rerun-if-changed={}", root.join(package).display());
        let entries = fs::read_dir(root.join(package)).expect("a package's folder can be read");
        for entry in entries {
            let path =
                Path::new(package).join(entry.expect("a folder's entry can be read").file_name());
            if root.join(&path).is_file() {
                files.push(path);
            }
        }
    }
    files.sort();
    let mut list = String::from("&[\n");
    for file in &files {
        let path = root.join(file);
        assert!(
            path.is_file(),
            "{} is missing: cargo-greenpatch is built in a checkout of greenpatch and contains its sources",
            path.display()
        );
        println!("cargo::rerun-if-changed={}", path.display());
        writeln!(list, "    ({file:?}, include_bytes!({path:?})),")
            .expect("a string can be written to");
    }
    list.push_str("]\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::write(out.join("carried.rs"), list).expect("OUT_DIR can be written to");
}

/// Adds the files below a folder, relative to the root.
fn collect(root: &Path, folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(root.join(folder)).unwrap_or_else(|error| {
        panic!(
            "{}: {error}: cargo-greenpatch is built in a checkout of greenpatch and contains its sources",
            root.join(folder).display()
        )
    });
    for entry in entries {
        let entry = entry.expect("a folder's entry can be read");
        let path = folder.join(entry.file_name());
        if entry.file_type().expect("an entry has a type").is_dir() {
            collect(root, &path, files);
        } else {
            files.push(path);
        }
    }
}
