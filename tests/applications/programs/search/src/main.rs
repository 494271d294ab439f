//! Searches files for a pattern with many threads, as ripgrep does: ignore, regex and walkdir.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

use ignore::{WalkBuilder, WalkState};
use regex::Regex;

/// A tree of files, some of them to be ignored.
fn tree(root: &Path, files: usize) {
    for number in 0..files {
        let folder = root.join(format!("{}/{}", number % 5, number % 3));
        fs::create_dir_all(&folder).expect("a writable folder");
        let ending = if number % 10 == 0 { "log" } else { "txt" };
        let text = format!("line one\nthe number is {number}\nlast line\n").repeat(20);
        fs::write(folder.join(format!("{number}.{ending}")), text).expect("a writable file");
    }
    fs::write(root.join(".ignore"), "*.log\n").expect("a writable file");
}

/// The lines that match, as paths with numbers.
fn search(root: &Path, pattern: &Regex) -> Vec<(PathBuf, usize)> {
    let found = Mutex::new(Vec::new());
    WalkBuilder::new(root).threads(4).build_parallel().run(|| {
        Box::new(|entry| {
            let entry = entry.expect("the tree can be read");
            if entry.file_type().is_some_and(|kind| kind.is_file()) {
                let text = fs::read_to_string(entry.path()).expect("a text");
                let lines = text.lines().enumerate();
                let matching = lines.filter(|(_, line)| pattern.is_match(line));
                let path = entry.path().strip_prefix(root).expect("below the root");
                let mut found = found.lock().expect("no thread panics");
                found.extend(matching.map(|(number, _)| (path.to_owned(), number + 1)));
            }
            WalkState::Continue
        })
    });
    let mut found = found.into_inner().expect("no thread panics");
    found.sort();
    found
}

fn main() {
    let measure = std::env::args().nth(1).is_some();
    let root = std::env::temp_dir().join(format!("search-{}", std::process::id()));
    let files = if measure { 3_000 } else { 100 };
    tree(&root, files);
    let pattern = Regex::new(r"number is \d*7$").expect("a pattern");
    let start = Instant::now();
    let found = search(&root, &pattern);
    let taken = start.elapsed().as_secs_f64();
    let all = walkdir::WalkDir::new(&root).into_iter().count();
    fs::remove_dir_all(&root).expect("the tree can be removed");
    if measure {
        println!("{:.0} files/s", files as f64 / taken);
        return;
    }
    println!("{all} entries, {} matches", found.len());
    for (path, line) in found.iter().step_by(20) {
        println!("{}:{line}", path.display());
    }
}
