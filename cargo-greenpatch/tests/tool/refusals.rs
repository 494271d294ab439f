//! What cannot be done is said in one line.

use crate::support::{Folder, manifest};

fn empty(name: &str) -> Folder {
    Folder::new(
        name,
        &[
            ("Cargo.toml", &manifest("empty", "2024")),
            ("src/main.rs", "fn main() {}"),
        ],
    )
}

#[test]
fn a_crate_that_is_not_in_the_graph_cannot_stay_on_std() {
    let message = empty("no such crate")
        .tool("build --native nothing")
        .refusal();
    assert_eq!(
        message,
        "`nothing` is to keep std, but there is no such package in the graph"
    );
}

#[test]
fn a_target_that_is_not_installed_or_not_linux_with_glibc_is_refused() {
    let folder = empty("targets");
    let message = folder
        .tool("build --target x86_64-pc-windows-msvc")
        .refusal();
    assert_eq!(
        message,
        "the target x86_64-pc-windows-msvc: programs are built for Linux alone"
    );
    let message = folder
        .tool("build --target x86_64-unknown-linux-musl")
        .refusal();
    assert_eq!(
        message,
        "the target x86_64-unknown-linux-musl: programs are built with glibc alone"
    );
    let message = folder
        .tool("build --target s390x-unknown-linux-gnu")
        .refusal();
    assert_eq!(
        message,
        "the target s390x-unknown-linux-gnu: its std is not installed; `rustup target add s390x-unknown-linux-gnu` does that"
    );
    let message = folder.tool("build --target no-such-target").refusal();
    assert!(message.contains("no-such-target"), "{message}");
    folder.write(
        ".cargo/config.toml",
        "[build]\ntarget = [\"a-b-c\", \"d-e-f\"]\n",
    );
    let message = folder.tool("build").refusal();
    assert_eq!(
        message,
        "build.target names a-b-c, d-e-f: build for one at a time, with `--target`"
    );
}

#[test]
fn programs_that_are_missing_are_named() {
    let folder = empty("no cargo");
    let message = folder
        .tool("build")
        .env("CARGO", "/no/such/cargo")
        .refusal();
    assert!(
        message.starts_with("could not run `/no/such/cargo`: "),
        "{message}"
    );
    let message = folder
        .tool("build")
        .env("RUSTC", "/no/such/rustc")
        .refusal();
    assert!(
        message.starts_with("could not run `/no/such/rustc`: "),
        "{message}"
    );
}

#[test]
fn an_old_compiler_is_refused() {
    let folder = empty("old");
    folder.write("rustc", "#!/bin/sh\necho 'rustc 1.80.0'\necho 'host: x86_64-unknown-linux-gnu'\necho 'release: 1.80.0'\n");
    folder.program("chmod").arg("+x").arg("rustc").success();
    let message = folder
        .tool("build")
        .env("RUSTC", folder.path("rustc"))
        .refusal();
    assert_eq!(message, "rustc 1.80.0: greenpatch needs 1.95 or later");
}

#[test]
fn another_version_of_greenpatch_is_refused() {
    let folder = empty("other version");
    folder.write(
        "Cargo.toml",
        &format!(
            "{}[dependencies]\ngreenpatch = {{ path = \"greenpatch\" }}\n",
            manifest("empty", "2024")
        ),
    );
    folder.write(
        "greenpatch/Cargo.toml",
        "[package]\nname = \"greenpatch\"\nversion = \"9.9.9\"\n",
    );
    folder.write("greenpatch/src/lib.rs", "");
    let message = folder.tool("build").refusal();
    assert!(
        message.starts_with("the program links greenpatch 9.9.9, and this is cargo-greenpatch "),
        "{message}"
    );
}

#[test]
fn a_dynamic_library_of_rusts_own_form_is_refused() {
    let folder = empty("dylib");
    folder.write(
        "Cargo.toml",
        &format!(
            "{}[lib]\ncrate-type = [\"dylib\"]\n",
            manifest("empty", "2024")
        ),
    );
    folder.write("src/lib.rs", "");
    let message = folder.tool("build").refusal();
    assert!(
        message.starts_with("`empty` is a Rust dynamic library (crate-type dylib)"),
        "{message}"
    );
}

#[test]
fn cargos_own_errors_are_cargos() {
    let folder = Folder::new("no manifest", &[("Cargo.toml", "[package]\nname = 1\n")]);
    let ours = folder.tool("build").output();
    let theirs = folder.cargo("build").output();
    assert_eq!((ours.status, &ours.stderr), (theirs.status, &theirs.stderr));
    let folder = empty("no package");
    let ours = folder.tool("build -p nothing").output();
    let theirs = folder.cargo("build -p nothing").output();
    assert_eq!(ours.status, theirs.status);
    assert!(ours.stderr.ends_with(&theirs.stderr), "{ours:?} {theirs:?}");
}

#[test]
fn a_crate_that_does_not_exist_is_not_installed() {
    let folder = empty("not installed");
    let run = folder.tool("install no-such-crate-of-this-name --root");
    let message = run.arg(folder.path("root")).refusal();
    assert!(
        message.starts_with("no matching package named `no-such-crate-of-this-name` found"),
        "{message}"
    );
    assert!(!message.contains("greenpatch-installed"), "{message}");
}

#[test]
fn a_program_that_does_not_compile_is_explained_by_rustc() {
    let folder = empty("fails to build");
    folder.write("src/main.rs", "fn main() { nothing() }");
    let ours = folder.tool("build").output();
    let theirs = folder.cargo("build").output();
    assert_eq!(ours.status, theirs.status);
    let errors = |text: &str| {
        let lines = text.lines().skip_while(|line| !line.starts_with("error"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(!errors(&theirs.stderr).is_empty());
    assert_eq!(errors(&ours.stderr), errors(&theirs.stderr));
}
