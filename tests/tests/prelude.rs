//! greenpatch's preludes: bare names mean its macros, also in a crate that is compiled with greenpatch as its `std`.
#![forbid(unsafe_code)]
#![deny(warnings)]
#![allow(missing_docs, unreachable_pub)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Compiles only where each bare name is greenpatch's: a glob import of another macro makes a name of the prelude
/// ambiguous. greenpatch's root has its own.
const PROGRAM: &str = r#"
use std::cell::Cell;

thread_local! {
    static NUMBER: Cell<u32> = Cell::new(1);
}

mod same {
    use std::*;

    thread_local! {
        pub static OTHER: u8 = 2;
    }

    pub fn print() {
        print!("one ");
        println!("line");
        eprint!("another ");
        eprintln!("line");
        assert_eq!(dbg!(7), 7);
    }
}

mod by_hand {
    #[allow(unused_imports)]
    use std::prelude::EDITION::*;
    pub use std::prelude::v1::*;

    pub fn print() {
        println!("{}", String::from("by hand"));
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Derived(Option<Vec<u8>>);

fn main() {
    std::patch_all().unwrap();
    NUMBER.with(|number| number.set(2));
    let number = std::thread::spawn(|| NUMBER.with(|number| number.get())).join();
    assert_eq!(number.unwrap(), 1);
    let green: &std::thread::LocalKey<u8> = &same::OTHER;
    assert_eq!(green.with(|value| *value), 2);
    let key = std::any::type_name::<std::thread::LocalKey<u8>>();
    assert!(key.starts_with("greenpatch::"), "{}", key);
    same::print();
    by_hand::print();
    assert_eq!(Derived(None).clone(), Derived(None));
    assert!(vec![1].iter().any(|&n| n == 1));
    println!();
    println!("{} {}", 1, "done");
}
"#;

/// Returns the library as cargo has built it for these tests, and the folder of its dependencies.
fn library() -> (PathBuf, PathBuf) {
    let deps = env::current_exe().expect("a test has an executable");
    let deps = deps.parent().expect("it is in a folder").to_owned();
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "build",
            "--offline",
            "--package",
            "greenpatch",
            "--message-format=json",
        ])
        .args(
            if deps
                .parent()
                .is_some_and(|profile| profile.ends_with("release"))
            {
                &["--release"][..]
            } else {
                &[]
            },
        )
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    let messages = String::from_utf8_lossy(&output.stdout);
    let (_, path) = messages
        .split('"')
        .filter(|text| text.ends_with(".rlib"))
        .filter_map(|text| {
            text.rsplit_once("/libgreenpatch")
                .map(|_| (text.len(), text))
        })
        .next_back()
        .unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let path = PathBuf::from(path);
    let deps = path.parent().expect("it is in a folder").join("deps");
    (path, deps)
}

fn compile_and_run(edition: &str, library: &Path, deps: &Path) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("prelude");
    fs::create_dir_all(&folder).unwrap();
    let source = folder.join(format!("program_{edition}.rs"));
    let program = source.with_extension("");
    let prelude = format!("rust_{edition}");
    fs::write(&source, PROGRAM.replace("EDITION", &prelude)).unwrap();
    let compiled = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args([
            "--edition",
            edition,
            "-Dwarnings",
            "-Cdebuginfo=0",
            "--extern",
        ])
        .arg(format!("std={}", library.display()))
        .arg(format!("-Ldependency={}", deps.display()))
        .arg("-o")
        .args([&program, &source])
        .output()
        .expect("rustc runs");
    let text = String::from_utf8_lossy(&compiled.stderr);
    assert!(compiled.status.success(), "edition {edition}: {text}");
    let ran = Command::new(&program).output().expect("the program starts");
    let (stdout, stderr) = (
        String::from_utf8_lossy(&ran.stdout),
        String::from_utf8_lossy(&ran.stderr),
    );
    assert!(ran.status.success(), "edition {edition}: {stdout}{stderr}");
    assert_eq!(stdout, "one line\nby hand\n\n1 done\n", "edition {edition}");
    assert!(
        stderr.starts_with("another line\n["),
        "edition {edition}: {stderr}"
    );
    assert!(stderr.ends_with("] 7 = 7\n"), "edition {edition}: {stderr}");
}

#[test]
fn greenpatch_as_the_std_of_a_crate_of_each_edition() {
    let (library, deps) = library();
    for edition in ["2015", "2018", "2021", "2024"] {
        compile_and_run(edition, &library, &deps);
    }
}
