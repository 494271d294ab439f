//! Tests of the checker itself, on crates of a few lines.

use std::collections::BTreeMap;

use crate::heads;
use crate::imports::Imports;
use crate::tree::Tree;

/// Returns the circles of a crate, given by its files, as pairs of files.
fn circles(files: &[(&str, &str)]) -> Vec<String> {
    let found = described(files).into_keys();
    found.map(|(one, other)| format!("{one} {other}")).collect()
}

fn described(files: &[(&str, &str)]) -> BTreeMap<(String, String), String> {
    imports(files).circles()
}

fn imports(files: &[(&str, &str)]) -> Imports {
    Imports::of(&tree(files))
}

fn tree(files: &[(&str, &str)]) -> Tree {
    let owned = files
        .iter()
        .map(|(path, text)| (path.to_string(), text.to_string()));
    Tree::of_sources(&owned.collect(), "lib.rs")
}

/// Returns the imports of a crate, each as "from to line".
fn all(files: &[(&str, &str)]) -> Vec<String> {
    let tree = tree(files);
    let path = |file: usize| tree.files[file].path.clone();
    let imports = Imports::of(&tree);
    let each = imports.all();
    let mut all: Vec<String> = each
        .map(|(from, to, line)| format!("{} {} {line}", path(from), path(to)))
        .collect();
    all.sort();
    all
}

#[test]
fn through_braces() {
    let files = [
        ("lib.rs", "mod a; mod b;"),
        (
            "a.rs",
            "use std::fmt;\nuse crate::{b::{self, B}};\npub struct A(B);",
        ),
        ("b.rs", "\n\nuse crate::{a::{A as _}};\npub struct B;"),
    ];
    assert_eq!(circles(&files), ["a.rs b.rs"]);
    let told = described(&files).into_values().next().unwrap();
    assert!(told.contains("a.rs imports b.rs at line 2"), "{told}");
    assert!(told.contains("b.rs imports a.rs at line 3"), "{told}");
}

#[test]
fn through_super_and_a_path_in_code() {
    let files = [
        ("lib.rs", "mod f;"),
        ("f/mod.rs", "mod a; mod b;"),
        ("f/a.rs", "pub fn a() { super::b::b() }"),
        ("f/b.rs", "use super::a;\npub fn b() { a::a() }"),
    ];
    assert_eq!(circles(&files), ["f/a.rs f/b.rs"]);
}

#[test]
fn a_child_that_names_its_parent() {
    let child = "use super::Parent;\npub struct Child;\nimpl Parent {}";
    let showing = [
        ("lib.rs", "mod f;"),
        (
            "f/mod.rs",
            "mod child;\npub(crate) use child::Child;\npub struct Parent;",
        ),
        ("f/child.rs", child),
    ];
    assert_eq!(circles(&showing), [""; 0]);
    let using = [
        ("lib.rs", "mod f;"),
        (
            "f/mod.rs",
            "mod child;\npub(crate) use child::Child;\npub struct Parent(child::Child);",
        ),
        ("f/child.rs", child),
    ];
    assert_eq!(circles(&using), ["f/child.rs f/mod.rs"]);
    let importing = [
        ("lib.rs", "mod f;"),
        (
            "f/mod.rs",
            "mod child;\nuse child::Child;\npub struct Parent(Child);",
        ),
        ("f/child.rs", child),
    ];
    assert_eq!(circles(&importing), ["f/child.rs f/mod.rs"]);
}

#[test]
fn a_re_export_leads_to_the_file_that_defines() {
    let files = [
        ("lib.rs", "mod f; mod g;"),
        (
            "f/mod.rs",
            "mod a; mod b;\npub(crate) use a::A; pub(crate) use self::b::B;",
        ),
        ("f/a.rs", "pub struct A;"),
        ("f/b.rs", "use super::A;\npub struct B(A);"),
        ("g.rs", "use crate::f;\n\npub fn g(_: f::B) {}"),
    ];
    assert_eq!(circles(&files), [""; 0]);
    assert_eq!(all(&files), ["f/b.rs f/a.rs 1", "g.rs f/b.rs 3"]);
}

#[test]
fn a_re_export_of_another_folder_is_an_import() {
    let files = [
        ("lib.rs", "mod f; mod g;"),
        ("f/mod.rs", "mod a;\npub(crate) use crate::g::G;"),
        ("f/a.rs", "use super::G;"),
        ("g.rs", "pub struct G;"),
    ];
    assert_eq!(all(&files), ["f/a.rs f/mod.rs 1", "f/mod.rs g.rs 2"]);
}

#[test]
fn three_files() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c; mod d;"),
        ("a.rs", "use crate::b::B; pub struct A;"),
        ("b.rs", "pub struct B(crate::c::C);"),
        ("c.rs", "use super::a::A; pub struct C;"),
        ("d.rs", "use crate::a::A;"),
    ];
    assert_eq!(circles(&files), ["a.rs b.rs", "a.rs c.rs", "b.rs c.rs"]);
}

#[test]
fn tests_are_not_counted() {
    let files = [
        (
            "lib.rs",
            "mod a; mod b; #[cfg(all(test, loom))] mod missing;",
        ),
        (
            "a.rs",
            "#[cfg(test)] mod tests { use crate::b::B; }
             #[cfg(any(test, all(test, loom)))] use crate::b::B;
             #[cfg(all(test, not(loom)))] fn f() { crate::b::f() }
             impl A { #[cfg(test)] fn g() { crate::b::f() } }
             mod tests; mod models; pub struct A;",
        ),
        ("b.rs", "use crate::a::A; pub struct B;"),
    ];
    assert_eq!(circles(&files), [""; 0]);
}

#[test]
fn what_is_compiled_without_tests_is_counted() {
    let files = [
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "#[cfg(not(test))] use crate::b::B; pub struct A;"),
        (
            "b.rs",
            "#[cfg(any(test, loom))] use crate::a::A; pub struct B;",
        ),
    ];
    assert_eq!(circles(&files), ["a.rs b.rs"]);
}

#[test]
fn comments_strings_and_quotes_are_not_counted() {
    let files = [
        ("lib.rs", "mod a; mod b;"),
        (
            "a.rs",
            "//! See [`crate::b::B`].
             // use crate::b::B;
             /* crate::b::f() */
             /// `crate::b::f`
             const A: &str = \"use crate::b::B; crate::b::f()\";
             fn a() { quote!(crate::b::f()); stringify!(crate::b::f()); }
             #[macro_export] macro_rules! shown { () => { $crate::b::f() } }
             pub(in crate::a) struct B;",
        ),
        ("b.rs", "use crate::a::A;"),
    ];
    assert_eq!(circles(&files), [""; 0]);
}

#[test]
fn arguments_of_macros_and_attributes_are_counted() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c; mod d; mod e;"),
        (
            "a.rs",
            "use crate::b;\nfn a() { assert!(x.b::<u8>() == b::f()); }",
        ),
        ("b.rs", "pub fn f() {}"),
        ("c.rs", "#[replaces(crate::b::f)]\nfn c() {}"),
        (
            "d.rs",
            "macro_rules! m { ($x:ident) => { $x::y(); $crate::b::f() } }",
        ),
        (
            "e.rs",
            "fn e() { println!(\"\", a = ::std::b::f(), c = self::std::b()); }",
        ),
    ];
    let expected = ["a.rs b.rs 1", "c.rs b.rs 1", "d.rs b.rs 1"];
    assert_eq!(all(&files), expected);
}

#[test]
fn macros_in_textual_scope_are_counted() {
    let files = [
        ("lib.rs", "mod f;"),
        (
            "f/mod.rs",
            "macro_rules! m { () => {} }\nmod a;\nfn f() { a::a() }",
        ),
        ("f/a.rs", "pub fn a() { m!() }"),
    ];
    assert_eq!(circles(&files), ["f/a.rs f/mod.rs"]);
}

#[test]
fn inline_modules_functions_and_chosen_files() {
    let files = [
        (
            "lib.rs",
            "extern crate self as own;
             #[cfg_attr(unix, path = \"x.rs\")] #[cfg_attr(not(unix), path = \"y.rs\")] mod imp;
             #[path = \"hidden.rs\"] pub mod __hidden; mod a;",
        ),
        ("x.rs", "pub fn f() {}"),
        ("y.rs", "pub fn f() {}"),
        ("hidden.rs", "pub fn h() {}"),
        (
            "a.rs",
            "mod inner {\n use super::super::imp;\n fn f() { imp::f() }\n}
             fn g() {\n use ::own::__hidden::h;\n h() }",
        ),
    ];
    assert_eq!(
        all(&files),
        ["a.rs hidden.rs 6", "a.rs x.rs 2", "a.rs y.rs 2"]
    );
}

#[test]
fn crates_loom_and_unsafe_code_are_found() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c;"),
        (
            "a.rs",
            "use mio::Poll;\nfn a() { if cfg!(loom) {} unsafe { f() } }",
        ),
        (
            "b.rs",
            "fn b() { let v = [::mio::A]; }\n#[cfg(all(test, loom))] mod tests {}",
        ),
        (
            "c.rs",
            "// mio::A\nmacro_rules! c { () => {\n #[cfg(not(loom))] unsafe impl X for Y {} } }",
        ),
    ];
    let tree = tree(&files);
    let found = |file: &str| {
        tree.files
            .iter()
            .position(|known| known.path == file)
            .unwrap()
    };
    let [a, b, c] = [found("a.rs"), found("b.rs"), found("c.rs")];
    let external = Imports::of(&tree).external;
    let names_mio = |file: usize| external.get(&(file, "mio".to_string())).copied();
    assert_eq!(
        [names_mio(a), names_mio(b), names_mio(c)],
        [Some(1), Some(1), None]
    );
    let loom = |file: usize| tree.files[file].loom;
    assert_eq!([loom(a), loom(b), loom(c)], [Some(2), None, Some(3)]);
    let unsafe_code = |file: usize| tree.files[file].unsafe_code;
    assert_eq!(
        [unsafe_code(a), unsafe_code(b), unsafe_code(c)],
        [Some(2), None, Some(3)]
    );
}

#[test]
fn a_head_on_four_lines_or_on_one() {
    let modules = ["seam", "sync", "hub"].map(String::from).into();
    let four = "//! Title.\n//!\n//! Layer: one.\n//! Called by: users, and\n//! `hub`.\n//! Calls: `seam::park`\n//! Never: `sync`.";
    let one =
        "//! Layer: one. Called by: users, `hub`. Calls: `seam`, `std`. Never: x.\n//!\n//! `sync`";
    for head in [four, one] {
        let names = |label: &str| heads::named(&heads::statement(head, label).unwrap(), &modules);
        assert_eq!(names("Called by:"), ["hub".to_string()].into());
        assert_eq!(names("Calls:"), ["seam".to_string()].into());
    }
    assert_eq!(heads::statement("use x; // Calls: `hub`", "Calls:"), None);
}
