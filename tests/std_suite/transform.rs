//! From one of std's test files to a module that lists its tests.
//!
//! The text is edited in place and keeps its lines, so that what the compiler and a panic say points
//! into std's own file. Two passes: items (what is left out goes, attributes of tests go, the macro
//! that makes two tests becomes them), then paths.

use crate::edit::{self, Edit};
use crate::left_out::LeftOut;
use crate::paths;
use crate::sources::TestFile;
use proc_macro2::{Span, TokenStream, TokenTree};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;
use syn::spanned::Spanned;
use syn::{Attribute, Item, ItemFn, ItemMacro, ItemUse, Meta, UseTree};

/// The macro of std's tests that makes a test for each kind of lock.
const BOTH_KINDS: &str = "nonpoison_and_poison_unwrap_test";

/// A module's text, and where its tests are.
#[derive(Debug, Default)]
pub(crate) struct Suite {
    /// The text of the module.
    pub(crate) text: String,
    /// The tests by name, each with the lines that belong to it alone.
    pub(crate) tests: BTreeMap<String, Vec<Range<usize>>>,
    /// The items that were left out: name and reason.
    pub(crate) left_out: Vec<(String, String)>,
}

impl Suite {
    /// The test that a line of the text belongs to.
    pub(crate) fn test_at(&self, line: usize) -> Option<&str> {
        self.tests
            .iter()
            .find(|(_, places)| places.iter().any(|lines| lines.contains(&line)))
            .map(|(name, _)| name.as_str())
    }

    /// Appends the function that lists the tests; `entries` are statements, each with its test.
    pub(crate) fn list(&mut self, entries: Vec<(String, String)>) {
        self.text.push_str(
            "\npub fn tests() -> Vec<crate::harness::Test> {\n    let mut tests = Vec::new();\n",
        );
        for (name, entry) in entries {
            let line = self.text.lines().count() + 1;
            self.text.push_str(&entry);
            self.text.push('\n');
            self.tests.entry(name).or_default().push(line..line + 1);
        }
        self.text.push_str("    tests\n}\n");
    }
}

/// Makes the module. `dropped` are tests that turned out not to compile.
///
/// # Errors
///
/// Says what could not be parsed.
pub(crate) fn transform(
    file: &TestFile,
    text: &str,
    left_out: &LeftOut,
    dropped: &[String],
) -> Result<Suite, String> {
    let parsed = syn::parse_file(text).map_err(|error| format!("{}: {error}", file.key))?;
    let mut pass = Pass {
        file,
        text,
        left_out,
        dropped,
        edits: Vec::new(),
        entries: Vec::new(),
        appended: String::new(),
        suite: Suite::default(),
    };
    for attr in &parsed.attrs {
        pass.blank(attr.span());
    }
    for item in &parsed.items {
        pass.item(item);
    }
    let Pass {
        edits,
        entries,
        appended,
        mut suite,
        ..
    } = pass;
    let mut text = edit::apply(text, edits);
    text.push_str(&appended);
    text.push_str(file.imports);
    suite.text = paths::rewrite(&text, file.super_is)
        .map_err(|error| format!("{}: after the first pass: {error}", file.key))?;
    suite.list(entries);
    Ok(suite)
}

struct Pass<'a> {
    file: &'a TestFile,
    text: &'a str,
    left_out: &'a LeftOut,
    dropped: &'a [String],
    edits: Vec<Edit>,
    entries: Vec<(String, String)>,
    appended: String,
    suite: Suite,
}

impl Pass<'_> {
    fn item(&mut self, item: &Item) {
        match item {
            Item::Fn(function)
                if function
                    .attrs
                    .iter()
                    .any(|attr| attr.path().is_ident("test")) =>
            {
                self.test_fn(function);
            }
            Item::Macro(mac) if mac.mac.path.is_ident(BOTH_KINDS) => {
                self.two_tests(mac);
            }
            Item::Const(constant) if constant.ident == "_" => {
                let name = format!("static_check_{}", constant.span().start().line);
                if self.skips(&name, item.span()) {
                    return;
                }
                self.insert(item.span().byte_range().start, format!("fn {name}() {{ "));
                self.insert(item.span().byte_range().end, " }".to_string());
                self.keep(&name, item.span(), &[]);
            }
            Item::Use(import) => self.import(import),
            _ => {}
        }
    }

    fn test_fn(&mut self, function: &ItemFn) {
        let name = function.sig.ident.to_string();
        if self.skips(&name, function.span()) {
            return;
        }
        for attr in &function.attrs {
            if is_of_the_harness(attr) {
                self.blank(attr.span());
            }
        }
        self.keep(&name, function.span(), &function.attrs);
    }

    /// `nonpoison_and_poison_unwrap_test!(name: x, test_body: { … });` becomes `poison_x`, in its
    /// place, and `nonpoison_x`, at the end of the module.
    fn two_tests(&mut self, item: &ItemMacro) {
        let mut name = None;
        let mut body = None;
        for token in item.mac.tokens.clone() {
            match token {
                TokenTree::Ident(ident) if ident != "name" && ident != "test_body" => {
                    name.get_or_insert(ident.to_string());
                }
                TokenTree::Group(group) => body = Some(group),
                _ => {}
            }
        }
        let (Some(name), Some(body)) = (name, body) else {
            return;
        };
        let outer = item.span().byte_range();
        let inner = body.span_open().byte_range().end..body.span_close().byte_range().start;

        let nonpoison = format!("nonpoison_{name}");
        if !self.is_left_out(&nonpoison) {
            let header =
                "use std::convert::identity as maybe_unwrap; use std::sync::nonpoison as locks;";
            let start = self.text.lines().count() + self.appended.lines().count();
            let text = &self.text[inner.clone()];
            write!(self.appended, "\nfn {nonpoison}() {{ {header}{text}}}\n").expect("a String");
            let end = self.text.lines().count() + self.appended.lines().count();
            self.suite
                .tests
                .entry(nonpoison.clone())
                .or_default()
                .push(start..end + 1);
            self.entries
                .push((nonpoison.clone(), entry(&nonpoison, &item.attrs)));
        }

        let poison = format!("poison_{name}");
        if self.skips(&poison, item.span()) {
            return;
        }
        let header = "use crate::harness::result_unwrap as maybe_unwrap; use std::sync as locks;";
        let start = item.mac.path.span().byte_range().start;
        self.replace(start..inner.start, format!("fn {poison}() {{ {header}"));
        self.replace(inner.end..outer.end, "}".to_string());
        self.keep(&poison, item.span(), &item.attrs);
    }

    /// Drops the imports that the table names.
    fn import(&mut self, import: &ItemUse) {
        let mut leaves = Vec::new();
        flatten(&import.tree, "", &mut leaves);
        let all = leaves.len();
        leaves.retain(|leaf| {
            let name = leaf.rsplit("::").next().unwrap_or(leaf);
            let name = name.split(" as ").next().unwrap_or(name);
            name != BOTH_KINDS && !self.left_out.import(&self.file.key, name)
        });
        if leaves.len() < all {
            let rest = if leaves.is_empty() {
                String::new()
            } else {
                format!("use {{{}}};", leaves.join(", "))
            };
            let start = import.use_token.span.byte_range().start;
            self.replace(start..import.span().byte_range().end, rest);
        }
    }

    /// Whether the test is left out; then it leaves the text, too.
    fn skips(&mut self, name: &str, span: Span) -> bool {
        let skips = self.is_left_out(name);
        if skips {
            self.blank(span);
        }
        skips
    }

    fn is_left_out(&mut self, name: &str) -> bool {
        if let Some(reason) = self.left_out.test(&self.file.key, name) {
            self.suite
                .left_out
                .push((name.to_string(), reason.to_string()));
            return true;
        }
        self.dropped.iter().any(|dropped| dropped == name)
    }

    fn keep(&mut self, name: &str, span: Span, attrs: &[Attribute]) {
        let lines = span.start().line..span.end().line + 1;
        self.suite
            .tests
            .entry(name.to_string())
            .or_default()
            .push(lines);
        self.entries.push((name.to_string(), entry(name, attrs)));
    }

    fn blank(&mut self, span: Span) {
        self.replace(span.byte_range(), String::new());
    }

    fn insert(&mut self, at: usize, text: String) {
        self.edits.push((at..at, text));
    }

    /// Replaces a range and keeps the number of lines.
    fn replace(&mut self, range: Range<usize>, mut by: String) {
        by.extend(self.text[range.clone()].chars().filter(|&c| c == '\n'));
        self.edits.push((range, by));
    }
}

/// The statement that puts a test on the list.
fn entry(name: &str, attrs: &[Attribute]) -> String {
    let mut cfg = String::new();
    let mut ignored = "false".to_string();
    let mut should_panic = "None".to_string();
    for attr in attrs {
        match &attr.meta {
            _ if is_target_thread_local(attr) => {}
            Meta::List(list) if list.path.is_ident("cfg") => {
                write!(cfg, "#[cfg({})] ", list.tokens).expect("a String");
            }
            Meta::List(list) if list.path.is_ident("cfg_attr") => {
                let Some((predicate, meta)) = conditional(list.tokens.clone()) else {
                    continue;
                };
                if meta.path().is_ident("ignore") {
                    write!(ignored, " || cfg!({predicate})").expect("a String");
                } else if meta.path().is_ident("should_panic") {
                    should_panic = format!(
                        "if cfg!({predicate}) {{ {} }} else {{ {should_panic} }}",
                        expected(&meta)
                    );
                }
            }
            meta if meta.path().is_ident("ignore") => ignored = "true".to_string(),
            meta if meta.path().is_ident("should_panic") => should_panic = expected(meta),
            _ => {}
        }
    }
    format!(
        "    {cfg}tests.push(crate::harness::Test {{ name: \"{name}\", \
         body: || crate::harness::Verdict::check({name}()), ignored: {ignored}, \
         should_panic: {should_panic} }});"
    )
}

/// The message that `#[should_panic]` expects, as an expression.
fn expected(meta: &Meta) -> String {
    let message = match meta {
        Meta::NameValue(pair) => {
            let value = &pair.value;
            quoted(&value.span())
        }
        Meta::List(list) => list
            .tokens
            .clone()
            .into_iter()
            .last()
            .and_then(|last| quoted(&last.span())),
        Meta::Path(_) => None,
    };
    format!("Some({})", message.unwrap_or_else(|| "\"\"".to_string()))
}

fn quoted(span: &Span) -> Option<String> {
    span.source_text().filter(|text| text.starts_with('"'))
}

/// Splits the tokens of a `cfg_attr` at its first comma.
fn conditional(tokens: TokenStream) -> Option<(TokenStream, Meta)> {
    let mut tokens = tokens.into_iter();
    let predicate = tokens
        .by_ref()
        .take_while(|token| !matches!(token, TokenTree::Punct(comma) if comma.as_char() == ','))
        .collect();
    let meta = syn::parse2(tokens.collect()).ok()?;
    Some((predicate, meta))
}

/// Whether the attribute is for the test harness, or needs a nightly compiler.
fn is_of_the_harness(attr: &Attribute) -> bool {
    let conditional = match &attr.meta {
        Meta::List(list) if list.path.is_ident("cfg_attr") => conditional(list.tokens.clone()),
        _ => None,
    };
    let path = conditional
        .as_ref()
        .map_or_else(|| attr.path(), |(_, meta)| meta.path());
    ["test", "ignore", "should_panic"]
        .iter()
        .any(|name| path.is_ident(name))
        || is_target_thread_local(attr)
}

/// `cfg(target_thread_local)` is unstable, and true wherever greenpatch runs.
fn is_target_thread_local(attr: &Attribute) -> bool {
    matches!(&attr.meta, Meta::List(list) if list.tokens.to_string() == "target_thread_local")
}

/// All leaves of an import, each as a separate path.
fn flatten(tree: &UseTree, prefix: &str, leaves: &mut Vec<String>) {
    match tree {
        UseTree::Path(path) => flatten(&path.tree, &format!("{prefix}{}::", path.ident), leaves),
        UseTree::Name(name) => leaves.push(format!("{prefix}{}", name.ident)),
        UseTree::Rename(name) => leaves.push(format!("{prefix}{} as {}", name.ident, name.rename)),
        UseTree::Glob(_) => leaves.push(format!("{prefix}*")),
        UseTree::Group(group) => {
            for tree in &group.items {
                flatten(tree, prefix, leaves);
            }
        }
    }
}

#[cfg(test)]
mod tests;
