//! The tool is as transparent as cargo: messages, statuses, signals, folders, configuration.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Command;

use crate::support::{Folder, THREADS, finish, manifest};

#[test]
fn programs_end_as_with_cargo() {
    let source = r#"
        fn main() {
            match std::env::args().nth(1).as_deref() {
                Some("panic") => panic!("on purpose"),
                Some("thread") => drop(std::thread::spawn(|| panic!("in a thread")).join()),
                Some("exit") => std::process::exit(7),
                Some("abort") => std::process::abort(),
                _ => println!("{:?}", std::env::args().skip(1).collect::<Vec<_>>()),
            }
        }
    "#;
    let folder = Folder::new(
        "endings",
        &[
            ("Cargo.toml", &manifest("endings", "2024")),
            ("src/main.rs", source),
        ],
    );
    for arguments in ["panic", "thread", "exit", "abort", "a --b -- --native x"] {
        let green = folder.tool(&format!("run -q -- {arguments}")).output();
        let std = folder.cargo(&format!("run -q -- {arguments}")).output();
        assert_eq!(
            (green.status, &green.stdout),
            (std.status, &std.stdout),
            "{green:?} {std:?}"
        );
        let same = |text: &str| {
            // The number of the thread and the folder of the program differ.
            let text = text.replace("target/greenpatch/", "target/");
            let words = text
                .split_whitespace()
                .filter(|word| !word.starts_with('(') && !word.contains("/debug/"));
            words.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(same(&green.stderr), same(&std.stderr), "{arguments}");
    }
}

#[test]
fn a_signal_reaches_the_program_and_its_end_the_caller() {
    let source = "use std::io::Write;\nfn main() {\n println!(\"{}\", std::process::id()); std::io::stdout().flush().unwrap(); \
        loop { std::thread::sleep(std::time::Duration::from_secs(1000)) } }";
    let folder = Folder::new(
        "signals",
        &[
            ("Cargo.toml", &manifest("signals", "2024")),
            ("src/main.rs", source),
        ],
    );
    folder.tool("build -q").success();
    let mut child = folder.tool("run -q").start();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    assert_eq!(
        line.trim(),
        child.id().to_string(),
        "cargo becomes the program, as it does without the tool"
    );
    child.stdout = Some(output.into_inner());
    assert!(
        Command::new("kill")
            .args(["-TERM", line.trim()])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(finish(child).status, -15);
}

#[test]
fn paths_and_configuration_are_the_users() {
    let wrapper = "#!/bin/sh\necho x >> \"$NOTES\"\nexec \"$@\"\n";
    let source = format!(
        "{THREADS}
        fn main() {{
            assert!(std::env::var_os(\"RUSTC_WRAPPER\").is_none());
            println!(\"{{}} {{}}\", os_threads(2), cfg!(from_config));
        }}"
    );
    let folder = Folder::new(
        "a path with spaces",
        &[
            ("package/Cargo.toml", &manifest("spaced", "2021")),
            ("package/src/main.rs", &source),
            ("tools/wrap", wrapper),
            (
                ".cargo/config.toml",
                "[build]\nrustc-wrapper = \"./tools/wrap\"\nrustflags = [\"--cfg\", \"from_config\", \"--check-cfg\", \"cfg(from_config)\", \"-D\", \"warnings\"]\n",
            ),
        ],
    );
    folder
        .program("chmod")
        .arg("+x")
        .arg("tools/wrap")
        .success();
    let notes = folder.path("notes");
    let run = folder
        .tool("run -q --manifest-path")
        .arg(folder.path("package/Cargo.toml"))
        .env("NOTES", &notes)
        .env("CARGO_TARGET_DIR", folder.path("build here"));
    assert_eq!(run.success().stdout, "1 true\n");
    assert!(
        !fs::read_to_string(&notes).unwrap().is_empty(),
        "the user's own wrapper was called"
    );
    assert!(
        folder.path("build here/greenpatch").is_dir() && !folder.path("package/target").exists()
    );
    let run = folder
        .tool("run -q --target-dir")
        .arg(folder.path("there"))
        .env("RUSTC_WRAPPER", "");
    let output = run.folder(folder.path("package")).output();
    assert!(
        output.stderr.contains("RUSTC_WRAPPER") && output.status == 101,
        "{output:?}"
    );
    assert!(folder.path("there/greenpatch").is_dir());
}

#[test]
fn messages_are_cargos() {
    let folder = Folder::new(
        "messages",
        &[
            ("Cargo.toml", &manifest("messages", "2024")),
            ("src/main.rs", "fn main() { let unused = 1; }"),
        ],
    );
    let output = folder.tool("build --message-format=json").success();
    let messages: Vec<serde_json::Value> = output
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let reasons: Vec<_> = messages
        .iter()
        .map(|message| message["reason"].as_str().unwrap())
        .collect();
    assert_eq!(
        reasons,
        ["compiler-message", "compiler-artifact", "build-finished"]
    );
    let program = messages[1]["executable"].as_str().unwrap();
    assert!(
        program.contains("/target/greenpatch/") && program.ends_with("/debug/messages"),
        "{program}"
    );
    folder.write("src/main.rs", "fn main() { nothing() }");
    let output = folder.tool("check").output();
    assert_eq!(output.status, 101);
    assert!(
        output
            .stderr
            .contains("error[E0425]: cannot find function `nothing`"),
        "{output:?}"
    );
    assert!(
        !output.stderr.contains("--native"),
        "no hint where greenpatch has no part: {output:?}"
    );
    folder.write(
        "src/main.rs",
        "fn main() { let x: u32 = std::sync::Mutex::new(1); }",
    );
    let output = folder.tool("check").output();
    assert!(
        output
            .stderr
            .contains("note: `messages` was compiled with greenpatch in place of std"),
        "{output:?}"
    );
}

#[test]
fn what_was_built_is_not_built_again() {
    let folder = Folder::new(
        "fresh",
        &[
            ("Cargo.toml", &manifest("fresh", "2024")),
            ("src/main.rs", "fn main() {}"),
            ("src/lib.rs", ""),
        ],
    );
    assert!(
        folder
            .tool("build")
            .success()
            .stderr
            .contains("Compiling fresh")
    );
    let again = folder.tool("build").success().stderr;
    assert!(
        !again.contains("Compiling") && again.contains("Greenpatch 1 package green"),
        "{again}"
    );
    folder.tool("clippy -q -- -D warnings").success();
    assert!(!folder.tool("build").success().stderr.contains("Compiling"));
}

#[test]
fn questions_are_asked_again_only_when_something_has_changed() {
    let plain = manifest("asked", "2024");
    let folder = Folder::new(
        "questions",
        &[
            ("Cargo.toml", &plain),
            ("src/main.rs", "fn main() {}"),
            (
                "cargo",
                "#!/bin/sh\necho \"$1\" >> \"$CALLS\"\nexec \"$REAL\" \"$@\"\n",
            ),
        ],
    );
    folder.program("chmod").arg("+x").arg("cargo").success();
    let calls = folder.path("calls");
    let asked = |flags: &str| {
        let run = folder.tool("build -q").env("CARGO", folder.path("cargo"));
        run.env("REAL", env::var_os("CARGO").unwrap())
            .env("CALLS", &calls)
            .env("RUSTFLAGS", flags)
            .success();
        let text = fs::read_to_string(&calls).unwrap();
        fs::remove_file(&calls).unwrap();
        text.lines().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(asked(""), "config metadata build");
    assert_eq!(asked(""), "build");
    assert_eq!(asked("--cfg other"), "config metadata build");
    assert_eq!(asked("--cfg other"), "build");
    assert_eq!(asked(""), "build");
    folder.write(
        "Cargo.toml",
        &format!("{plain}[package.metadata.greenpatch]\nworkers = 2\n"),
    );
    assert_eq!(asked(""), "metadata build");
    assert_eq!(asked(""), "build");
    folder.write(".cargo/config.toml", "[build]\njobs = 1\n");
    assert_eq!(asked(""), "config metadata build");
    assert_eq!(asked(""), "build");
}

#[test]
fn an_editor_gets_cargos_messages_about_the_users_files() {
    let folder = Folder::new(
        "editor",
        &[
            ("Cargo.toml", &manifest("edited", "2024")),
            (
                "src/lib.rs",
                "pub fn number() -> u32 {\n    let unused = 1;\n    7\n}\n",
            ),
            (
                "src/main.rs",
                "fn main() {\n    let text: &str = edited::number();\n    nothing(text);\n}\n",
            ),
        ],
    );
    // As rust-analyzer calls it: `check.overrideCommand` in its settings.
    let line = "check --quiet --workspace --message-format=json --all-targets --keep-going";
    let messages = |output: &str| {
        let mut messages = Vec::new();
        for line in output.lines() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            if line["reason"] == "compiler-message" {
                messages.push((line["target"].clone(), line["message"].clone()));
            }
        }
        messages.sort_by_key(|message| format!("{message:?}"));
        messages
    };
    let ours = folder.tool(line).output();
    let theirs = folder.cargo(line).output();
    assert_eq!(ours.status, theirs.status);
    let (ours, theirs) = (messages(&ours.stdout), messages(&theirs.stdout));
    assert_eq!(ours, theirs);
    let mut places: Vec<_> = ours
        .iter()
        .flat_map(|(_, message)| message["spans"].as_array().unwrap())
        .filter(|span| span["is_primary"] == true)
        .map(|span| {
            format!(
                "{}:{}",
                span["file_name"].as_str().unwrap(),
                span["line_start"]
            )
        })
        .collect();
    places.sort();
    places.dedup();
    assert_eq!(places, ["src/lib.rs:2", "src/main.rs:2", "src/main.rs:3"]);
}

#[test]
fn a_wrapper_in_the_environment_compiles_every_unit() {
    let folder = Folder::new(
        "wrapped",
        &[
            ("Cargo.toml", &manifest("wrapped", "2024")),
            ("src/lib.rs", "pub fn f() {}"),
            (
                "src/main.rs",
                &format!(
                    "{THREADS}\nfn main() {{ wrapped::f(); println!(\"{{}}\", os_threads(2)); }}"
                ),
            ),
            // As sccache is called: with rustc and its arguments.
            (
                "wrap",
                "#!/bin/sh\necho \"$*\" >> \"$NOTES\"\nexec \"$@\"\n",
            ),
        ],
    );
    folder.program("chmod").arg("+x").arg("wrap").success();
    let notes = folder.path("notes");
    let run = folder.tool("run -q").env("NOTES", &notes);
    let run = run.env("RUSTC_WRAPPER", folder.path("wrap"));
    assert_eq!(run.success().stdout, "1\n");
    let notes = fs::read_to_string(&notes).unwrap();
    for source in ["src/lib.rs", "src/main.rs"] {
        let unit = |line: &&str| line.contains(source) && line.contains("--extern std=");
        assert_eq!(notes.lines().filter(unit).count(), 1, "{source}: {notes}");
    }
}

#[test]
fn a_debugger_stops_in_the_users_sources() {
    let source = "fn work(number: u32) -> u32 {\n    let double = number * 2;\n    double + 1\n}\n\
                  fn main() {\n    let thread = std::thread::spawn(|| work(20));\n    println!(\"{}\", thread.join().unwrap());\n}\n";
    let folder = Folder::new(
        "debugged",
        &[
            ("Cargo.toml", &manifest("debugged", "2024")),
            ("src/main.rs", source),
        ],
    );
    if Command::new("gdb").arg("--version").output().is_err() {
        eprintln!("left out: there is no gdb");
        return;
    }
    let output = folder.tool("build --message-format=json").success();
    let program = output.stdout.lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(str::to_owned)
    });
    let mut debugger = folder.program("gdb").arg("-batch").arg("-nx");
    for command in [
        "break src/main.rs:3",
        "run",
        "backtrace",
        "print double",
        "continue",
    ] {
        debugger = debugger.arg("-ex").arg(command);
    }
    let output = debugger.arg(program.unwrap()).success();
    for text in [
        "src/main.rs:3",
        "debugged::work (number=20)",
        "debugged::main::{closure",
        "$1 = 40",
        "exited normally",
    ] {
        assert!(output.stdout.contains(text), "{text}: {output:?}");
    }
}
