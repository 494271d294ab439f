use super::*;

fn file(super_is: Option<&'static str>) -> TestFile {
    TestFile {
        key: "f".into(),
        path: "f.rs".into(),
        super_is,
        imports: "",
        examples: false,
    }
}

fn suite(text: &str, table: &str, dropped: &[String]) -> Suite {
    let table = LeftOut::parse(table).expect("a well-formed table");
    transform(&file(Some("std::thread")), text, &table, dropped).expect("the text parses")
}

/// The lines of a text that are not empty.
fn lines(suite: &Suite) -> Vec<&str> {
    suite.text.lines().filter(|line| !line.is_empty()).collect()
}

#[test]
fn tests_are_listed_with_what_their_attributes_say() {
    let text = "#![feature(f)]\n#[test]\n#[cfg(unix)]\n#[cfg_attr(miri, ignore)]\nfn a() {}\n\
        #[test]\n#[should_panic = \"boom\"]\nfn b() {}\n#[test]\n#[should_panic(expected = \"bang\")]\n#[ignore]\nfn c() {}\n";
    let suite = suite(text, "", &[]);
    assert!(!suite.text.contains("feature"));
    assert!(!suite.text.contains("#[test]"));
    let find = |start: &str| {
        let line = suite
            .text
            .lines()
            .find(|line| line.contains(start))
            .expect("an entry");
        line.to_string()
    };
    let a = find("name: \"a\"");
    assert!(a.contains("#[cfg(unix)]"), "{a}");
    assert!(
        a.contains("ignored: false || cfg!(miri), should_panic: None"),
        "{a}"
    );
    assert!(find("name: \"b\"").contains("should_panic: Some(\"boom\")"));
    let c = find("name: \"c\"");
    assert!(
        c.contains("ignored: true, should_panic: Some(\"bang\")"),
        "{c}"
    );
}

#[test]
fn lines_stay_where_they_were() {
    let text = "#[test]\nfn gone() {\n    x();\n}\n\n#[test]\nfn kept() {}\n";
    let suite = suite(text, "== why\nf: gone\n", &[]);
    assert_eq!(suite.text.lines().nth(6), Some("fn kept() {}"));
    assert_eq!(suite.test_at(7), Some("kept"));
    assert_eq!(suite.test_at(2), None);
    assert_eq!(suite.left_out, [("gone".to_string(), "why".to_string())]);
}

#[test]
fn what_does_not_compile_leaves_without_being_called_left_out() {
    let suite = suite(
        "#[test]\nfn a() {}\n#[test]\nfn b() {}\n",
        "",
        &["a".to_string()],
    );
    assert_eq!(suite.tests.keys().collect::<Vec<_>>(), ["b"]);
    assert!(suite.left_out.is_empty());
    assert!(!suite.text.contains("fn a()"));
}

#[test]
fn paths_inside_std_become_paths_to_it() {
    let text = "use crate::sync::{Arc, poison::Mutex};\nuse std::sync::poison::RwLock;\n\
        fn helper() { super::sleep(crate::time::ZERO); m!(crate::x); crate::common::test_rng() }\n";
    let suite = suite(text, "", &[]);
    assert_eq!(
        lines(&suite)[..3],
        [
            "use std::sync::{Arc, poison::Mutex};",
            "use std::sync::RwLock;",
            "fn helper() { std::thread::sleep(std::time::ZERO); m!(std::x); crate::harness::common::test_rng() }",
        ]
    );
}

#[test]
fn imports_that_do_not_exist_are_dropped() {
    let text =
        "use std::{a::{B, New}, c as d};\nuse std::New;\n#[cfg(unix)]\nuse std::{Other, New};\n";
    let suite = suite(text, "== why\nf: use New\n", &[]);
    assert_eq!(
        lines(&suite)[..3],
        [
            "use {std::a::B, std::c as d};",
            "#[cfg(unix)]",
            "use {std::Other};"
        ]
    );
}

#[test]
fn the_macro_for_both_kinds_of_lock_makes_two_tests() {
    let text = "nonpoison_and_poison_unwrap_test!(\n    name: x,\n    test_body: {\n        use locks::Mutex;\n    }\n);\nfn after() {}\n";
    let both = suite(text, "", &[]);
    assert_eq!(
        both.tests.keys().collect::<Vec<_>>(),
        ["nonpoison_x", "poison_x"]
    );
    assert_eq!(both.text.lines().nth(6), Some("fn after() {}"));
    let one = suite(text, "== unstable\nf: nonpoison_x\n", &[]);
    assert_eq!(one.tests.keys().collect::<Vec<_>>(), ["poison_x"]);
    assert!(one.text.contains("use std::sync as locks;"));
}

#[test]
fn a_check_at_compile_time_is_a_test() {
    let suite = suite("\nconst _: () = {\n    check();\n};\n", "", &[]);
    assert_eq!(suite.test_at(3), Some("static_check_2"));
    assert!(
        suite
            .text
            .contains("fn static_check_2() { const _: () = {\n    check();\n}; }")
    );
}
