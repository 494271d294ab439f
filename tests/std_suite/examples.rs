//! The examples in std's documentation as tests, named after the item that they document.

use crate::left_out::LeftOut;
use crate::sources::TestFile;
use crate::transform::Suite;
use std::collections::HashMap;
use std::fmt::Write as _;

/// Makes a module of all examples that stable Rust can compile.
pub(crate) fn transform(
    file: &TestFile,
    text: &str,
    left_out: &LeftOut,
    dropped: &[String],
) -> Suite {
    let mut suite = Suite::default();
    let mut entries = Vec::new();
    for (index, example) in collect(text).into_iter().enumerate() {
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
    suite
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
            writeln!(function, "{code}crate::harness::Verdict::check(main());").expect("a String");
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

/// All examples of a source file. The file is read by lines and not parsed, since std's own syntax is often newer than
/// what parsers support.
fn collect(text: &str) -> Vec<Example> {
    let mut examples = Vec::new();
    let mut counts: HashMap<String, usize> = HashMap::new();
    let mut add = |item: String, docs: &mut String| {
        for (tags, code) in code_blocks(&std::mem::take(docs)) {
            let count = counts.entry(item.clone()).or_default();
            *count += 1;
            let name = match *count {
                1 => item.clone(),
                n => format!("{item}.{n}"),
            };
            examples.push(Example { name, tags, code });
        }
    };
    let mut owner = String::new();
    let mut docs = String::new();
    let mut of_module = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let code = line.trim_start();
        if let Some(doc) = code.strip_prefix("//!") {
            of_module.push_str(doc.strip_prefix(' ').unwrap_or(doc));
            of_module.push('\n');
        } else if let Some(doc) = code.strip_prefix("///") {
            docs.push_str(doc.strip_prefix(' ').unwrap_or(doc));
            docs.push('\n');
        } else if code.is_empty() || code.starts_with("//") || code.starts_with("#[") {
            // An attribute of several lines ends on a line of its own.
            if code.starts_with("#[") && !code.contains(']') {
                lines.by_ref().find(|line| line.trim_end().ends_with(']'));
            }
        } else {
            if line.starts_with("impl") || line.starts_with("unsafe impl") {
                let mut header = line.to_string();
                while !header.contains('{') {
                    let Some(next) = lines.next() else { break };
                    header.push_str(next);
                }
                owner = format!("{}::", self_type(&header));
            } else if !line.starts_with([' ', '}', ')']) {
                owner.clear();
            }
            add(format!("{owner}{}", item_name(code)), &mut docs);
        }
    }
    add("mod".to_string(), &mut of_module);
    examples
}

/// The last segment of the type that an `impl` is for.
fn self_type(header: &str) -> String {
    let header = header.split(['{', '\n']).next().unwrap_or(header);
    let header = header
        .split(" where")
        .next()
        .unwrap_or(header)
        .replace("->", "  ");
    let after = match header.rsplit_once(" for ") {
        Some((_, after)) => after,
        None => {
            let mut depth = 0;
            let start = header.find("impl").map_or(0, |at| at + "impl".len());
            let skipped = header[start..].find(|c: char| {
                depth += i32::from(c == '<') - i32::from(c == '>');
                depth == 0 && c != '>'
            });
            &header[start + skipped.unwrap_or(0)..]
        }
    };
    let path = after.trim_start().trim_start_matches('&');
    let path = path
        .split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'))
        .next();
    path.unwrap_or("impl")
        .rsplit("::")
        .next()
        .unwrap_or("impl")
        .to_string()
}

/// The name of the item that a line begins.
fn item_name(line: &str) -> String {
    const KEYWORDS: [&str; 8] = [
        "fn",
        "struct",
        "enum",
        "trait",
        "type",
        "mod",
        "static",
        "macro_rules!",
    ];
    let mut words = line.split([' ', '(', '<', '{', ':', ';', ',']);
    let first = words.clone().next().unwrap_or(line);
    match words.by_ref().find(|word| KEYWORDS.contains(word)) {
        Some("macro_rules!") => format!("{}!", words.next().unwrap_or("")),
        Some(_) => words.next().unwrap_or("").to_string(),
        None => first.to_string(),
    }
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
            imports: "",
            examples: true,
        };
        let source = "//! ```\n//! m();\n//! ```\n\
            impl<F: FnOnce() -> T, const N: usize> Thing<T, N>\nwhere\n    T: [const] Clone,\n{\n    /// ```\n    /// #![feature(f)]\n/// ```\n/// ```\n/// t()?;\n/// # Ok::<(), E>(())\n/// ```\n\
                #[stable(\n        since = \"1\",\n        x = \"y\"]\n    pub fn go() {}\n}\n";
        let suite = transform(&file, source, &LeftOut::default(), &[]);
        let names: Vec<&String> = suite.tests.keys().collect();
        assert_eq!(names, ["Thing::go.2", "mod"]);
        assert_eq!(
            suite.left_out,
            [("Thing::go".into(), "needs #![feature(f)]".into())]
        );
        assert!(suite.text.contains("inner().unwrap();"), "{}", suite.text);
    }
}
