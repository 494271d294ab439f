//! `cargo greenpatch test`.

use crate::support::{Folder, THREADS, manifest};

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
