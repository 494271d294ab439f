//! The examples in std's documentation as tests, named after the item that they document.

use crate::left_out::LeftOut;
use crate::sources::TestFile;
use crate::transform::Suite;
use std::collections::HashMap;
use std::fmt::Write as _;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, Lit, Meta, Type};

/// Makes a module of all examples that stable Rust can compile.
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
    let mut collector = Collector::default();
    collector.examples_of("mod", &parsed.attrs);
    collector.visit_file(&parsed);

    let mut suite = Suite::default();
    let mut entries = Vec::new();
    for (index, example) in collector.examples.into_iter().enumerate() {
        let name = example.name.clone();
        let reason = example
            .left_out()
            .or_else(|| left_out.test(&file.key, &name).map(str::to_string));
        if let Some(reason) = reason {
            suite.left_out.push((name, reason));
            continue;
        }
        if dropped.contains(&name) {
            continue;
        }
        let start = suite.text.lines().count() + 1;
        suite.text.push_str(&example.function(index));
        let end = suite.text.lines().count();
        entries.push((name.clone(), example.entry(index)));
        suite.tests.entry(name).or_default().push(start..end + 1);
    }
    suite.list(entries);
    Ok(suite)
}

#[derive(Debug)]
struct Example {
    name: String,
    tags: Vec<String>,
    code: String,
}

impl Example {
    /// Why the example cannot be a test.
    fn left_out(&self) -> Option<String> {
        let features: Vec<&str> = self
            .code
            .lines()
            .filter_map(|line| line.trim().strip_prefix("#![feature("))
            .map(|rest| rest.trim_end_matches(")]"))
            .collect();
        if !features.is_empty() {
            return Some(format!("needs #![feature({})]", features.join(", ")));
        }
        let tag = |start: &str| self.tags.iter().any(|tag| tag.starts_with(start));
        if tag("compile_fail") {
            return Some("an example that must not compile".to_string());
        }
        tag("ignore").then(|| "an example that std itself ignores".to_string())
    }

    /// The example as rustdoc would wrap it, but for the name.
    fn function(&self, index: usize) -> String {
        let code: String = self
            .code
            .lines()
            .filter(|line| !line.starts_with("#!["))
            .fold(String::new(), |mut code, line| {
                code.push_str(line);
                code.push('\n');
                code
            });
        let mut function = format!("fn example_{index}() {{\n");
        if code.lines().any(|line| line.starts_with("fn main()")) {
            write!(function, "{code}crate::harness::Verdict::check(main());\n").expect("a String");
        } else if code.trim_end().ends_with("(())") {
            let returns = "core::result::Result<(), impl core::fmt::Debug>";
            write!(
                function,
                "fn inner() -> {returns} {{\n{code}}}\ninner().unwrap();\n"
            )
            .expect("a String");
        } else {
            function.push_str(&code);
        }
        function.push_str("}\n");
        function
    }

    fn entry(&self, index: usize) -> String {
        let tag = |name: &str| self.tags.iter().any(|tag| tag == name);
        let body = if tag("no_run") {
            format!("|| {{ let _ = example_{index} as fn(); }}")
        } else {
            format!("example_{index}")
        };
        let should_panic = if tag("should_panic") {
            "Some(\"\")"
        } else {
            "None"
        };
        format!(
            "    tests.push(crate::harness::Test {{ name: \"{}\", body: {body}, ignored: false, \
             should_panic: {should_panic} }});",
            self.name
        )
    }
}

#[derive(Default)]
struct Collector {
    examples: Vec<Example>,
    counts: HashMap<String, usize>,
    /// The type or trait whose items are being visited.
    owner: Option<String>,
}

impl Collector {
    fn examples_of(&mut self, item: &str, attrs: &[Attribute]) {
        let documented = match &self.owner {
            Some(owner) => format!("{owner}::{item}"),
            None => item.to_string(),
        };
        for (tags, code) in code_blocks(&documentation(attrs)) {
            let count = self.counts.entry(documented.clone()).or_default();
            *count += 1;
            let name = match *count {
                1 => documented.clone(),
                n => format!("{documented}.{n}"),
            };
            self.examples.push(Example { name, tags, code });
        }
    }

    fn inside(&mut self, owner: String, visit: impl FnOnce(&mut Self)) {
        let outer = self.owner.replace(owner);
        visit(self);
        self.owner = outer;
    }
}

impl<'ast> Visit<'ast> for Collector {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.examples_of(&item.sig.ident.to_string(), &item.attrs);
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.examples_of(&item.ident.to_string(), &item.attrs);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.examples_of(&item.ident.to_string(), &item.attrs);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.examples_of(&item.ident.to_string(), &item.attrs);
    }

    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        if let Some(ident) = &item.ident {
            self.examples_of(&format!("{ident}!"), &item.attrs);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.examples_of(&format!("mod {}", item.ident), &item.attrs);
        visit::visit_item_mod(self, item);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.examples_of(&item.ident.to_string(), &item.attrs);
        self.inside(item.ident.to_string(), |this| {
            visit::visit_item_trait(this, item)
        });
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let owner = match &*item.self_ty {
            Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
            _ => None,
        };
        self.inside(owner.unwrap_or_else(|| "impl".to_string()), |this| {
            visit::visit_item_impl(this, item);
        });
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.examples_of(&item.sig.ident.to_string(), &item.attrs);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.examples_of(&item.sig.ident.to_string(), &item.attrs);
    }
}

/// The text of all doc comments, without the space that follows each `///`.
fn documentation(attrs: &[Attribute]) -> String {
    let mut text = String::new();
    for attr in attrs {
        let Meta::NameValue(pair) = &attr.meta else {
            continue;
        };
        let Expr::Lit(literal) = &pair.value else {
            continue;
        };
        if let (true, Lit::Str(doc)) = (pair.path.is_ident("doc"), &literal.lit) {
            let doc = doc.value();
            text.push_str(doc.strip_prefix(' ').unwrap_or(&doc));
            text.push('\n');
        }
    }
    text
}

/// The blocks of Rust in a piece of documentation: tags and code, with the hidden lines.
fn code_blocks(text: &str) -> Vec<(Vec<String>, String)> {
    const KNOWN: [&str; 7] = [
        "rust",
        "should_panic",
        "no_run",
        "ignore",
        "compile_fail",
        "edition",
        "E0",
    ];
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.trim_start().strip_prefix("```") else {
            continue;
        };
        let tags: Vec<String> = info
            .split([',', ' '])
            .filter(|tag| !tag.is_empty())
            .map(str::to_string)
            .collect();
        let mut code = String::new();
        for line in lines
            .by_ref()
            .take_while(|line| !line.trim_start().starts_with("```"))
        {
            let trimmed = line.trim_start();
            let shown = match trimmed.strip_prefix("# ") {
                Some(hidden) => hidden,
                None if trimmed == "#" => "",
                None => trimmed
                    .strip_prefix('#')
                    .filter(|rest| rest.starts_with('#'))
                    .unwrap_or(line),
            };
            code.push_str(shown);
            code.push('\n');
        }
        if tags
            .iter()
            .all(|tag| KNOWN.iter().any(|known| tag.starts_with(known)))
        {
            blocks.push((tags, code));
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_rust_are_found_with_their_tags() {
        let blocks = code_blocks(
            "```\n# use a;\nb();\n```\n\n```text\nno\n```\n```no_run,E0001\nc();\n```\n",
        );
        let no_run = vec!["no_run".to_string(), "E0001".to_string()];
        assert_eq!(
            blocks,
            [
                (vec![], "use a;\nb();\n".to_string()),
                (no_run, "c();\n".to_string())
            ]
        );
    }

    #[test]
    fn an_example_bears_the_name_of_what_it_documents() {
        let file = TestFile {
            key: "doc/x".into(),
            path: "x.rs".into(),
            super_is: None,
            examples: true,
        };
        let source = "//! ```\n//! m();\n//! ```\n\
            impl<T> Thing<T> {\n/// ```\n/// #![feature(f)]\n/// ```\n/// ```\n/// t()?;\n/// # Ok::<(), E>(())\n/// ```\n\
            pub fn go() {}\n}\n";
        let suite = transform(&file, source, &LeftOut::default(), &[]).expect("parses");
        let names: Vec<&String> = suite.tests.keys().collect();
        assert_eq!(names, ["Thing::go.2", "mod"]);
        assert_eq!(
            suite.left_out,
            [("Thing::go".into(), "needs #![feature(f)]".into())]
        );
        assert!(suite.text.contains("inner().unwrap();"), "{}", suite.text);
    }
}
