//! Settings in manifests and in the environment.

use crate::support::{Folder, THREADS, manifest};

const SAY: &str = r#"
    fn main() {
        println!("{}", os_threads(4));
    }
"#;

#[test]
fn the_manifest_says_what_is_patched_and_the_environment_overrides_it() {
    let plain = manifest("settings", "2024");
    let folder = Folder::new(
        "settings",
        &[
            ("Cargo.toml", &plain),
            ("src/main.rs", &format!("{THREADS}{SAY}")),
        ],
    );
    assert_eq!(folder.tool("run -q").success().stdout, "1\n");
    folder.write(
        "Cargo.toml",
        &format!("{plain}[package.metadata.greenpatch]\nfeatures = [\"net\"]\n"),
    );
    assert_eq!(folder.tool("run -q").success().stdout, "5\n");
    for (value, threads) in [
        ("thread", "1"),
        ("+thread,-net", "1"),
        ("on", "5"),
        ("-net", "5"),
    ] {
        let output = folder.tool("run -q").env("GREENPATCH", value).success();
        assert_eq!(output.stdout.trim(), threads, "{value}");
    }
    folder.write(
        "Cargo.toml",
        &format!("{plain}[workspace.metadata.greenpatch]\nworkers = 2\n"),
    );
    let output = folder.tool("run -q").success().stdout;
    assert!(
        ["2\n", "3\n"].contains(&output.as_str()),
        "main and one or two workers: {output}"
    );
    folder.write(
        "Cargo.toml",
        &format!("{plain}[workspace.metadata.greenpatch]\nfeatures = []\n"),
    );
    assert_eq!(folder.tool("run -q").success().stdout, "5\n");
    folder.write("Cargo.toml", &plain);
    assert_eq!(folder.tool("run -q").success().stdout, "1\n");
}

#[test]
fn what_is_no_setting_is_said_in_one_line() {
    let plain = manifest("wrong", "2024");
    let folder = Folder::new(
        "wrong settings",
        &[("Cargo.toml", &plain), ("src/main.rs", "fn main() {}")],
    );
    for (name, value, message) in [
        (
            "GREENPATCH",
            "treads",
            "no feature \"treads\"; expected on, off, or some of",
        ),
        (
            "GREENPATCH",
            "thread,+net",
            "names with + or - and names without do not mix",
        ),
        (
            "GREENPATCH_WORKERS",
            "0",
            "expected a whole number from 1, or per-core",
        ),
        (
            "GREENPATCH_STACK_SIZE",
            "big",
            "expected a whole number from 1",
        ),
    ] {
        let output = folder.tool("run -q").env(name, value).output();
        assert_eq!(output.status, 2, "{output:?}");
        let line = format!("greenpatch: {name}={value}: {message}");
        assert!(output.stderr.starts_with(&line), "{output:?}");
        assert_eq!(output.stderr.lines().count(), 1, "{output:?}");
    }
    folder.write(
        "Cargo.toml",
        &format!("{plain}[package.metadata.greenpatch]\nworker = 2\n"),
    );
    assert_eq!(
        folder.tool("build").refusal(),
        "the package wrong: metadata.greenpatch.worker: no such setting; expected features, workers, stack-size, bodies or native"
    );
}

#[test]
fn packages_stay_on_std_where_that_is_asked_for() {
    let root = manifest("app", "2024");
    let dependency = "[dependencies]\nkept = { path = \"kept\" }\n";
    let folder = Folder::new(
        "native",
        &[
            ("Cargo.toml", &format!("{root}{dependency}")),
            (
                "src/main.rs",
                "fn main() { println!(\"{}\", kept::what()) }",
            ),
            (
                "kept/Cargo.toml",
                "[package]\nname = \"kept\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
            ),
            (
                "kept/src/lib.rs",
                "pub fn what() -> &'static str { std::any::type_name::<std::sync::Mutex<()>>() }",
            ),
        ],
    );
    let what = |line: &str| folder.tool(line).success().stdout;
    assert!(what("run -q").starts_with("greenpatch::"));
    assert!(what("run -q --native kept").starts_with("std::"));
    assert!(what("run -q").starts_with("greenpatch::"));
    folder.write(
        "Cargo.toml",
        &format!("{root}{dependency}[package.metadata.greenpatch]\nnative = [\"kept\"]\n"),
    );
    assert!(what("run -q").starts_with("std::"));
    let report = folder.tool("doctor --report").success();
    assert!(
        report
            .stdout
            .contains("native   kept 0.1.0: keeps std, as asked: all that it waits for blocks"),
        "{report:?}"
    );
    assert!(
        report.stderr.contains("on std as asked: kept"),
        "{report:?}"
    );
}

#[test]
fn the_report_says_what_still_blocks() {
    let folder = Folder::new(
        "report",
        &[
            (
                "Cargo.toml",
                &format!(
                    "{}links = \"z\"\nbuild = \"build.rs\"\n\n[workspace]\n",
                    manifest("waits", "2024")
                        .replace("[workspace]\n", "")
                        .trim_end()
                        .to_owned()
                        + "\n"
                ),
            ),
            ("build.rs", "fn main() {}"),
            (
                "src/lib.rs",
                "// libc::poll\nmod libc { pub unsafe fn usleep(_: u32) {} }\n\
                 pub fn waits() {\n    unsafe { libc::usleep(1) }\n}\n\
                 pub const TEXT: &str = \"libc::read()\";\n",
            ),
            (
                "tests/test.rs",
                "#[test] fn reads() { unsafe { libc::read() } }",
            ),
        ],
    );
    let doctor = |line: &str| folder.tool(line).success();
    let full = doctor("doctor --report");
    assert_eq!(
        full.stdout,
        "green    waits 0.1.0: compiled with greenpatch in place of std\n\
         \u{20}        blocks: calls `usleep` of the C library, which waits, first in src/lib.rs:4\n\
         \u{20}        blocks: links the C library `z`\n"
    );
    let lines: Vec<_> = full.stderr.lines().map(str::trim).collect();
    assert_eq!(
        lines,
        [
            "Greenpatch 1 package green",
            "Blocks waits below std may hold an OS thread: waits (usleep)",
            "Blocks so may the C libraries of: waits (z)",
        ]
    );
    let json: serde_json::Value =
        serde_json::from_str(&doctor("doctor --report=json").stdout).unwrap();
    let blocks = &json["crates"][0]["blocks"];
    let expected = serde_json::json!([
        { "cause": "libc", "name": "usleep", "file": "src/lib.rs", "line": 4 },
        { "cause": "links", "name": "z", "file": null, "line": null },
    ]);
    assert_eq!(*blocks, expected);
    let built = folder.tool("check").success();
    assert!(built.stderr.contains("(usleep)"), "{built:?}");
}
