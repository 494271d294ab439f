//! The errors of the macros for code that they cannot rewrite: one rule a file.

#[test]
fn errors() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/*.rs");
}
