//! `cargo greenpatch test`.

use crate::support::{Folder, Run, THREADS, manifest};

#[test]
fn tests_and_examples_in_documentation_run_with_greenpatch() {
    let library = format!(
        "{THREADS}
        /// ```
        /// assert!(testing::is_green());
        /// assert_eq!(testing::os_threads(3), 1);
        /// ```
        pub fn documented() {{}}

        #[cfg(test)]
        mod tests {{
            #[test]
            fn inside() {{ assert!(super::is_green()); }}
            #[test]
            #[should_panic(expected = \"on purpose\")]
            fn panics() {{ panic!(\"on purpose\") }}
        }}"
    );
    let folder = Folder::new(
        "testing",
        &[
            ("Cargo.toml", &manifest("testing", "2024")),
            ("src/lib.rs", &library),
            (
                "tests/outside.rs",
                "#[test]\nfn outside() { assert!(testing::is_green()); }",
            ),
        ],
    );
    let output = folder.tool("test").success();
    let passed = output
        .stdout
        .lines()
        .filter(|line| line.starts_with("test result: ok. "));
    let passed: Vec<_> = passed.map(|line| line.split(' ').nth(3).unwrap()).collect();
    assert_eq!(passed, ["2", "1", "1"], "{output:?}");
    folder.write(
        "tests/outside.rs",
        "#[test]\nfn outside() { println!(\"said\"); assert!(!testing::is_green()); }",
    );
    let output = folder.tool("test --test outside").output();
    assert_eq!(output.status, 101);
    assert!(
        output.stdout.contains("---- outside stdout ----\nsaid\n"),
        "{output:?}"
    );
}

/// Tests of each kind, with output from threads that they start.
const KINDS: &str = r#"
    fn say(text: &'static str) {
        println!("{text} here");
        std::thread::spawn(move || println!("{text} on a thread")).join().unwrap();
    }
    #[test] fn passes() { say("passes"); }
    #[test] fn named() { assert_eq!(std::thread::current().name(), Some("named")); }
    #[test] fn fails() { say("fails"); panic!("on purpose"); }
    #[test] fn fails_by_error() -> Result<(), String> { say("error"); Err("no".to_owned()) }
    #[test] fn succeeds() -> Result<(), String> { Ok(()) }
    #[test] #[should_panic] fn panics() { std::panic::panic_any(1); }
    #[test] #[should_panic(expected = "this")] fn panics_otherwise() { panic!("that"); }
    #[test] #[should_panic] fn does_not_panic() {}
    #[test] #[ignore = "for now"] fn ignored() { panic!(); }
    #[test] fn fails_on_a_thread() { std::thread::spawn(|| panic!("elsewhere")).join().unwrap(); }
    mod inner { #[test] fn passes() {} }
"#;

#[test]
fn the_harness_is_as_ever() {
    let folder = Folder::new(
        "harness",
        &[
            ("Cargo.toml", &manifest("harness", "2021")),
            ("src/lib.rs", KINDS),
        ],
    );
    let same = |text: &str| {
        let lines = text.lines().map(|line| {
            // The number of a thread and the time differ.
            let line = line.split(" finished in ").next().unwrap();
            match line.split_once("' (") {
                Some((start, rest)) if line.starts_with("thread '") => {
                    format!("{start}' {}", rest.split_once(") ").unwrap().1)
                }
                _ => line.to_owned(),
            }
        });
        lines.collect::<Vec<_>>()
    };
    for line in [
        "--test-threads=1",
        "--test-threads=1 --show-output --include-ignored",
        "--test-threads=1 --nocapture passes",
        "--exact inner::passes",
        "--list",
        "--skip fails --skip panic --quiet",
        "--no-such-option",
    ] {
        let line = format!("test -q --lib -- {line}");
        let (green, std) = (folder.tool(&line).output(), folder.cargo(&line).output());
        assert_eq!(green.status, std.status, "{line}: {green:?} {std:?}");
        assert_eq!(same(&green.stdout), same(&std.stdout), "{line}");
    }
    let mut results = [folder.tool("test --lib"), folder.cargo("test --lib")].map(|run| {
        let output = run.output();
        let lines = same(&output.stdout).into_iter();
        lines
            .filter(|line| line.starts_with("test "))
            .collect::<Vec<_>>()
    });
    results.iter_mut().for_each(|lines| lines.sort());
    assert_eq!(results[0], results[1]);
}

#[test]
fn bodies_run_on_green_threads_unless_asked_otherwise() {
    let source = format!(
        "{THREADS}
        fn here(text: &str) {{
            let place = os_thread();
            let threads = os_threads(3);
            let name = std::fs::read_to_string(format!(\"/proc/{{}}/comm\", place.display())).unwrap();
            println!(\"{{text}}: {{threads}} {{}}\", name.trim());
        }}
        #[test] fn first() {{ here(\"first\"); }}
        #[test] fn leaves_a_thread() {{
            std::thread::spawn(|| loop {{ std::thread::sleep(std::time::Duration::from_secs(1)) }});
        }}
        #[test] fn second() {{ here(\"second\"); }}"
    );
    let folder = Folder::new(
        "bodies",
        &[
            ("Cargo.toml", &manifest("bodies", "2024")),
            ("src/lib.rs", &source),
        ],
    );
    let here = |run: Run| {
        let output = run.success();
        let said = output
            .stdout
            .split("first: ")
            .nth(1)
            .unwrap()
            .lines()
            .next();
        said.unwrap().to_owned()
    };
    let line = "test --lib -- --nocapture --test-threads=1";
    assert_eq!(here(folder.tool(line)), "1 greenpatch-test");
    assert_eq!(here(folder.tool(line).env("GREENPATCH", "off")), "4 first");
    let workers = here(folder.tool(line).env("GREENPATCH_WORKERS", "1"));
    assert_eq!(workers, "1 greenpatch-0");
    let each = here(folder.tool(line).env("GREENPATCH_WORKERS", "per-core"));
    assert!(each.contains(" greenpatch-"), "{each}");
    let line = "test --lib --bodies native -- --nocapture --test-threads=1";
    assert_eq!(here(folder.tool(line)), "2 first");
    folder.write(
        "Cargo.toml",
        &format!(
            "{}[package.metadata.greenpatch]\nbodies = \"native\"\n",
            manifest("bodies", "2024")
        ),
    );
    let line = "test --lib -- --nocapture --test-threads=1";
    assert_eq!(here(folder.tool(line)), "2 first");
    let line = "test --lib --bodies=green -- --nocapture --test-threads=1";
    assert_eq!(here(folder.tool(line)), "1 greenpatch-test");
    let message = folder.tool("test --bodies grey").refusal();
    assert_eq!(message, "--bodies grey: expected `green` or `native`");
}

#[test]
fn many_tests_share_a_few_os_threads() {
    let tests: String = (0..200)
        .map(|number| format!("#[test] fn test_{number}() {{ std::thread::spawn(|| ()); }}\n"))
        .collect();
    let last = "#[test] fn z_last() {
        let tasks = std::fs::read_dir(\"/proc/self/task\").unwrap();
        println!(\"tasks: {}\", tasks.count());
    }";
    let folder = Folder::new(
        "many",
        &[
            ("Cargo.toml", &manifest("many", "2024")),
            ("src/lib.rs", &format!("{tests}{last}")),
        ],
    );
    let output = folder
        .tool("test --lib -- --nocapture --test-threads=2")
        .success();
    let tasks = output
        .stdout
        .lines()
        .find_map(|line| line.strip_prefix("tasks: "));
    let tasks: usize = tasks.unwrap().parse().unwrap();
    assert!(tasks < 20, "{tasks} OS threads");
}
