//! Reads one page of rustdoc's output.
//!
//! rustdoc's HTML is not a stable format, so this asks little of it: sections with an id and a class,
//! the declaration in `<code>`, the mark `stab unstable`, the link called Source. The tests of this file
//! state all that it relies on; if a toolchain changes that, the coverage test finds too few items and
//! fails.

use std::collections::BTreeMap;

/// What a page, or a section of it, documents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Item {
    /// `struct`, `fn`, `method`, `impl`, …
    pub(crate) kind: String,
    /// The declaration as text; for a method with the header of its impl before it.
    pub(crate) declaration: String,
    /// Whether the source is std's.
    pub(crate) is_of_std: bool,
}

/// One page: the item itself under the empty name, its members under theirs.
pub(crate) type Page = BTreeMap<String, Item>;

/// Reads the page of an item of this kind and name; `None` if the item is unstable.
pub(crate) fn page(kind: &str, name: &str, html: &str) -> Option<Page> {
    let content = html
        .split_once("<section id=\"main-content\"")
        .map_or(html, |(_, rest)| rest);
    // Members by `Deref` or by blanket impls are not the item's own.
    let content = until(
        content,
        &["<h2 id=\"deref-methods", "<h2 id=\"blanket-implementations"],
    );
    let (heading, body) = split_after(content, "<pre class=\"rust item-decl\"><code>")?;
    let (declaration, body) = body.split_once("</code>")?;
    let info = until(body, &["<details", "<h2", "<section"]);
    if is_unstable(info) {
        return None;
    }
    let is_of_std = source_is_std(heading);
    let mut page = Page::new();
    let item = Item {
        kind: kind.to_string(),
        declaration: text(declaration),
        is_of_std,
    };
    page.insert(String::new(), item);
    // An alias shows the members of what it names.
    if kind != "type" {
        sections(body, name, kind == "trait", is_of_std, &mut page);
    }
    if kind == "trait" {
        implementors(body, is_of_std, &mut page);
    }
    Some(page)
}

/// Reads the methods, variants, fields and impls of a page.
fn sections(body: &str, item: &str, is_trait: bool, page_is_of_std: bool, page: &mut Page) {
    let mut header = String::new();
    for part in body.split("<section id=\"").skip(1) {
        let Some((section, after)) = part.split_once("</section>") else {
            continue;
        };
        let Some((id, rest)) = section.split_once("\" class=\"") else {
            continue;
        };
        let Some((class, rest)) = rest.split_once('"') else {
            continue;
        };
        let declaration = rest
            .split_once("class=\"code-header\">")
            .map(|(_, code)| text(until(code, &["</h3>", "</h4>"])))
            .unwrap_or_default();
        if class == "impl" {
            header.clone_from(&declaration);
        }
        if is_unstable(until(
            after,
            &["<details", "<h2", "<div class=\"impl-items"],
        )) {
            continue;
        }
        let is_of_std = if rest.contains("class=\"src") || rest.contains("class=\"src rightside") {
            source_is_std(rest)
        } else {
            page_is_of_std
        };
        let (name, declaration) = match (class, id.split_once('.')) {
            ("impl", _) => {
                let other = || impl_for_another(&declaration, item).filter(|_| !is_trait);
                match impl_name(&declaration, item).or_else(other) {
                    Some(name) => (name, declaration),
                    None => continue,
                }
            }
            ("method", Some(("method" | "tymethod", name))) if header.is_empty() => {
                (name.to_string(), declaration)
            }
            ("method", Some(("method" | "tymethod", name))) if !header.contains(" for ") => {
                (name.to_string(), format!("{header} {{ {declaration} }}"))
            }
            ("variant", Some((_, name))) => (name.to_string(), declaration),
            ("structfield section-header" | "structfield", Some((_, name))) => {
                (name.to_string(), declaration)
            }
            _ => continue,
        };
        let kind = class.split(' ').next().unwrap_or(class).to_string();
        page.insert(
            name,
            Item {
                kind,
                declaration,
                is_of_std,
            },
        );
    }
}

/// `impl From<Item> for Other`, of the header of an impl for another type that names the item.
fn impl_for_another(header: &str, item: &str) -> Option<String> {
    let (before, target) = header.split_once(" for ")?;
    let mut words = before.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    let target = target.split(" where ").next()?;
    // Names of generic parameters are arbitrary; the impls of interest have none.
    let names_it = before.starts_with("impl ") && words.any(|word| word == item);
    names_it.then(|| format!("{before} for {target}"))
}

/// What implements a trait, as `impl for Target`; the declaration says whether this is listed twice: both for std's
/// type and for the one of greenpatch that has its name.
fn implementors(body: &str, is_of_std: bool, page: &mut Page) {
    for part in body.split("<section id=\"impl-").skip(1) {
        let header = part
            .split_once("class=\"code-header\">")
            .map(|(_, code)| text(until(code, &["</h3>"])))
            .unwrap_or_default();
        let Some((_, target)) = header.split_once(" for ") else {
            continue;
        };
        let target = target.split(" where ").next().unwrap_or(target);
        let name = format!("impl for {}", without_paths(target));
        let seen = page.contains_key(&name);
        page.insert(
            name,
            Item {
                kind: "impl".to_string(),
                declaration: if seen { "twice" } else { "once" }.to_string(),
                is_of_std,
            },
        );
    }
}

/// `&'a surface::of_std::fs::File` as `&File`: rustdoc writes the path of what has the name of something else.
fn without_paths(ty: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || "_:'".contains(c);
    let mut result = String::new();
    let mut rest = ty;
    while let Some(c) = rest.chars().next() {
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if word.is_empty() {
            result.push(c);
            rest = &rest[c.len_utf8()..];
        } else if word.starts_with('\'') && result.ends_with('&') {
            rest = after.trim_start();
        } else {
            result.push_str(word.rsplit("::").next().unwrap_or(word));
            rest = after;
        }
    }
    result
}

/// `impl Trait`, of the header of an impl of a trait for the item or a reference to it.
fn impl_name(header: &str, item: &str) -> Option<String> {
    let (before, target) = header.split_once(" for ")?;
    let reference = target.starts_with('&');
    let is_of_item = target
        .split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '\''))
        .find(|word| !word.is_empty() && !word.starts_with('\''))
        == Some(item);
    if !is_of_item {
        return None;
    }
    let mut depth = 0_i32;
    let before = before
        .strip_prefix("unsafe ")
        .unwrap_or(before)
        .strip_prefix("impl")?;
    let generics = before.replace("->", "  ");
    let end = generics.find(|c: char| {
        depth += i32::from(c == '<') - i32::from(c == '>');
        depth == 0 && c != '>'
    })?;
    let for_reference = if reference { " for &" } else { "" };
    Some(format!("impl {}{for_reference}", before[end..].trim()))
}

fn is_unstable(info: &str) -> bool {
    info.contains("class=\"stab unstable\"")
}

fn source_is_std(html: &str) -> bool {
    html.contains("class=\"src") && html.contains("://doc.rust-lang.org/")
}

fn until<'a>(html: &'a str, ends: &[&str]) -> &'a str {
    let end = ends
        .iter()
        .filter_map(|end| html.find(end))
        .min()
        .unwrap_or(html.len());
    &html[..end]
}

fn split_after<'a>(html: &'a str, mark: &str) -> Option<(&'a str, &'a str)> {
    html.split_once(mark)
}

/// HTML as plain text on one line.
fn text(html: &str) -> String {
    let mut plain = String::new();
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        plain.push_str(before);
        let (tag, after) = tag.split_once('>').unwrap_or((tag, ""));
        // Where a `where` begins there is a tag and no space.
        if tag.starts_with("div") || tag.starts_with("/div") {
            plain.push(' ');
        }
        rest = after;
    }
    plain.push_str(rest);
    let plain = plain
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&#39;", "'")
        .replace("&quot;", "\"")
        .replace("&nbsp;", " ")
        .replace('ⓘ', " ")
        .replace("&amp;", "&");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<section id=\"main-content\" class=\"content\"><h1>Struct</h1>\
        <a class=\"src\" href=\"https://doc.rust-lang.org/x\">Source</a>\
        <pre class=\"rust item-decl\"><code>pub struct M&lt;T&gt;<div class=\"where\">where\n    T: ?<a href=\"s\">Sized</a>,</div></code></pre>\
        <details><h2 id=\"implementations\"></h2>\
        <section id=\"impl-M\" class=\"impl\"><a class=\"src rightside\" href=\"../src/own\">Source</a><h3 class=\"code-header\">impl&lt;T&gt; M&lt;T&gt;</h3></section></summary><div class=\"impl-items\">\
        <section id=\"method.lock\" class=\"method\"><h4 class=\"code-header\">pub fn <a>lock</a>(&amp;self)</h4></section></summary>\
        <section id=\"method.new\" class=\"method\"><h4 class=\"code-header\">pub fn new()</h4></section><span class=\"item-info\"><div class=\"stab unstable\"></div></span></summary>\
        <section id=\"impl-From\" class=\"impl\"><h3 class=\"code-header\">impl&lt;T, F: Fn() -&gt; T&gt; From&lt;F&gt; for M&lt;T&gt;</h3></section></summary>\
        <section id=\"method.from\" class=\"method trait-impl\"><h4 class=\"code-header\">fn from()</h4></section>\
        <section id=\"impl-I\" class=\"impl\"><h3 class=\"code-header\">impl&lt;'a, T&gt; Into for &amp;'a M&lt;T&gt;</h3></section></summary>\
        <section id=\"impl-O\" class=\"impl\"><h3 class=\"code-header\">impl From&lt;M&gt; for Other</h3></section></summary>\
        <h2 id=\"deref-methods-T\"></h2><section id=\"method.not\" class=\"method\"><h4 class=\"code-header\">fn not()</h4></section>";

    #[test]
    fn a_page_gives_the_item_its_methods_and_impls() {
        let page = page("struct", "M", PAGE).expect("a stable item");
        let names: Vec<&str> = page.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "",
                "impl From<F>",
                "impl From<M> for Other",
                "impl Into for &",
                "lock"
            ]
        );
        assert_eq!(page[""].declaration, "pub struct M<T> where T: ?Sized,");
        assert_eq!(
            page["lock"].declaration,
            "impl<T> M<T> { pub fn lock(&self) }"
        );
        assert!(page[""].is_of_std);
    }

    #[test]
    fn a_trait_says_what_implements_it() {
        let html = "<section id=\"main-content\"><pre class=\"rust item-decl\"><code>pub trait R</code></pre>\
            <section id=\"impl-R-for-Arc\" class=\"impl\"><h3 class=\"code-header\">impl R for Arc&lt;File&gt;</h3></section>\
            <section id=\"impl-R-for-F\" class=\"impl\"><h3 class=\"code-header\">impl R for a::File</h3></section>\
            <section id=\"impl-R-for-F-1\" class=\"impl\"><h3 class=\"code-header\">impl R for b::File</h3></section>\
            <section id=\"impl-R-for-R\" class=\"impl\"><h3 class=\"code-header\">impl&lt;'a&gt; R for &amp;'a b::File</h3></section>";
        let page = page("trait", "R", html).expect("a stable item");
        let said = |name: &str| page[name].declaration.as_str();
        assert_eq!(
            (said("impl for Arc<File>"), said("impl for File")),
            ("once", "twice")
        );
    }

    #[test]
    fn an_unstable_item_is_no_item() {
        let unstable = PAGE.replace(
            "</code></pre>",
            "</code></pre><span class=\"item-info\"><div class=\"stab unstable\"></div></span>",
        );
        assert_eq!(page("struct", "M", &unstable), None);
    }
}
