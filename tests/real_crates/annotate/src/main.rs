//! Writes `#[patchable]` into the sources of a crate.
//!
//! `annotate items SRC` puts it on each function, impl, trait and inline module of each file, with the
//! dispatch alone. `annotate whole SRC` writes the crate as one file, each of its modules in braces, and
//! puts it on the modules, with the `std` shadow; items outside of a module get the dispatch.
//! Prints how many functions with a body the crate has.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Item};

const DISPATCH: &str = "#[::greenpatch::patchable(dispatch, lenient)] ";
/// The root is in no module, so its own code gets the shadow from an import of its own.
const ROOT: &str = "#[allow(unused_imports)] use ::greenpatch as std; ";
const SHADOW: &str = "#[::greenpatch::patchable(lenient)] ";

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let [_, mode, root] = args.as_slice() else {
        panic!("usage: annotate items|whole PATH/TO/lib.rs");
    };
    let root = Path::new(root);
    let mut counted = Functions::default();
    match mode.as_str() {
        "items" => {
            for file in files_of(root) {
                let text = fs::read_to_string(&file).expect("a module's file can be read");
                counted.visit_file(&parse(&text, &file));
                fs::write(&file, items(&text, &file)).expect("the copy can be written");
            }
        }
        "whole" => {
            for file in files_of(root) {
                let text = fs::read_to_string(&file).expect("a module's file can be read");
                counted.visit_file(&parse(&text, &file));
            }
            let text = whole(root, true);
            fs::write(root, text).expect("the copy can be written");
        }
        other => panic!("unknown mode {other}"),
    }
    println!("{}", counted.0);
}

fn parse(text: &str, file: &Path) -> syn::File {
    syn::parse_file(text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The files of a crate: its root's, and those of its modules.
fn files_of(file: &Path) -> Vec<PathBuf> {
    let mut found = vec![file.to_owned()];
    let text = fs::read_to_string(file).expect("a module's file can be read");
    let children = children(&parse(&text, file), file, false);
    found.extend(children.values().flat_map(|child| files_of(child)));
    found
}

/// The modules that `file` has in other files, by the place of their `;`; those with tests if asked for.
fn children(parsed: &syn::File, file: &Path, tests: bool) -> BTreeMap<(usize, usize), PathBuf> {
    let mut children = BTreeMap::new();
    find_children(&parsed.items, &folder_of(file), file, tests, &mut children);
    children
}

fn folder_of(file: &Path) -> PathBuf {
    let stem = file.file_stem().expect("a file has a name");
    if stem == "lib" || stem == "main" || stem == "mod" {
        file.parent().expect("a file is in a folder").to_owned()
    } else {
        file.with_extension("")
    }
}

fn find_children(
    items: &[Item],
    folder: &Path,
    file: &Path,
    tests: bool,
    children: &mut BTreeMap<(usize, usize), PathBuf>,
) {
    for item in items {
        let Item::Mod(module) = item else {
            continue;
        };
        if is_test_module(item) && !tests {
            continue;
        }
        if let Some((_, items)) = &module.content {
            find_children(
                items,
                &folder.join(module.ident.to_string()),
                file,
                tests,
                children,
            );
        } else if let Some(semi) = &module.semi {
            let given = module.attrs.iter().find_map(path_of);
            let name = module.ident.to_string();
            let candidates = match given {
                Some(path) => vec![file.parent().expect("in a folder").join(path)],
                None => vec![
                    folder.join(format!("{name}.rs")),
                    folder.join(&name).join("mod.rs"),
                ],
            };
            if let Some(found) = candidates.into_iter().find(|path| path.exists()) {
                let end = semi.span().start();
                children.insert((end.line, end.column), found);
            }
        }
    }
}

fn path_of(attr: &Attribute) -> Option<String> {
    let syn::Meta::NameValue(meta) = &attr.meta else {
        return None;
    };
    match &meta.value {
        syn::Expr::Lit(syn::ExprLit {
            lit: syn::Lit::Str(path),
            ..
        }) if attr.path().is_ident("path") => Some(path.value()),
        _ => None,
    }
}

/// What to write at which places of a text.
#[derive(Default)]
struct Edits(BTreeMap<usize, (usize, String)>);

impl Edits {
    fn insert(&mut self, text: &str, at: proc_macro2::LineColumn, what: &str) {
        self.0.insert(offset(text, at), (0, what.to_owned()));
    }

    fn apply(self, text: &str) -> String {
        let mut result = String::new();
        let mut done = 0;
        for (at, (removed, what)) in self.0 {
            result.push_str(&text[done..at]);
            result.push_str(&what);
            done = at + removed;
        }
        result.push_str(&text[done..]);
        result
    }
}

/// `proc_macro2` counts columns in characters.
fn offset(text: &str, at: proc_macro2::LineColumn) -> usize {
    let line: usize = text
        .split_inclusive('\n')
        .take(at.line - 1)
        .map(str::len)
        .sum();
    let rest = &text[line..];
    line + rest
        .char_indices()
        .nth(at.column)
        .map_or(rest.len(), |(index, _)| index)
}

/// The text of one file with every item in it annotated.
fn items(text: &str, file: &Path) -> String {
    let mut edits = Edits::default();
    annotate(&parse(text, file).items, DISPATCH, text, &mut edits);
    edits.apply(text)
}

fn annotate(items: &[Item], module: &str, text: &str, edits: &mut Edits) {
    for item in items {
        let (start, what) = match item {
            Item::Fn(item) => (item.span(), DISPATCH),
            Item::Impl(item) => (item.span(), DISPATCH),
            Item::Trait(item) => (item.span(), DISPATCH),
            Item::Mod(item) if item.content.is_some() => (item.span(), module),
            _ => continue,
        };
        if is_test_module(item) {
            continue;
        }
        edits.insert(text, start.start(), what);
    }
}

fn is_test_module(item: &Item) -> bool {
    match item {
        Item::Mod(item) => item.attrs.iter().any(|attr| {
            attr.path().is_ident("cfg")
                && attr
                    .parse_args::<syn::Ident>()
                    .is_ok_and(|name| name == "test")
        }),
        _ => false,
    }
}

/// The text of a crate as one file, its modules in braces and annotated.
fn whole(file: &Path, root: bool) -> String {
    let text = fs::read_to_string(file).expect("a module's file can be read");
    let parsed = parse(&text, file);
    let mut edits = Edits::default();
    for ((line, column), child) in children(&parsed, file, true) {
        let at = offset(&text, proc_macro2::LineColumn { line, column });
        edits
            .0
            .insert(at, (1, format!(" {{\n{}\n}}", whole(&child, false))));
    }
    if root {
        let uses = parsed
            .items
            .iter()
            .find(|item| matches!(item, Item::Use(_)));
        if let Some(first) = uses
            && !parsed.items.iter().any(binds_std)
        {
            edits.insert(&text, first.span().start(), ROOT);
        }
        for item in &parsed.items {
            if let Item::ExternCrate(item) = item
                && item.ident == "std"
            {
                let allowed = "#[allow(unused_extern_crates, unused_imports)] ";
                edits.insert(&text, item.span().start(), allowed);
                let at = offset(&text, item.ident.span().start());
                let green = match item.rename {
                    Some(_) => "greenpatch",
                    None => "greenpatch as std",
                };
                edits.0.insert(at, ("std".len(), green.to_owned()));
            }
        }
        for item in &parsed.items {
            let (start, what) = match item {
                Item::Mod(module) if brings_macros(module, file) => continue,
                Item::Mod(module) if !is_test_module(item) => (module.span(), SHADOW),
                Item::Fn(item) => (item.span(), DISPATCH),
                Item::Impl(item) => (item.span(), DISPATCH),
                Item::Trait(item) => (item.span(), DISPATCH),
                _ => continue,
            };
            edits.insert(&text, start.start(), what);
        }
    }
    for item in &parsed.items {
        without_paths(item, &text, &mut edits);
    }
    edits.apply(&text)
}

/// Whether an item is `extern crate std;`, as crates without std by default have it.
fn binds_std(item: &Item) -> bool {
    matches!(item, Item::ExternCrate(item) if item.ident == "std" && item.rename.is_none())
}

/// Whether other modules may use macros of this one, which would be expanded too late under an attribute.
fn brings_macros(module: &syn::ItemMod, file: &Path) -> bool {
    let exports = |items: &[Item]| {
        items.iter().any(|item| match item {
            Item::Macro(item) => item
                .attrs
                .iter()
                .any(|attr| attr.path().is_ident("macro_export")),
            _ => false,
        })
    };
    let alone = Item::Mod(module.clone());
    let mut files = BTreeMap::new();
    find_children(&[alone], &folder_of(file), file, false, &mut files);
    let exported = match &module.content {
        Some((_, items)) => exports(items),
        None => files.values().any(|file| {
            let text = fs::read_to_string(file).expect("a module's file can be read");
            exports(&parse(&text, file).items)
        }),
    };
    exported
        || module
            .attrs
            .iter()
            .any(|attr| attr.path().is_ident("macro_use"))
}

/// `#[path]` means nothing on a module in braces.
fn without_paths(item: &Item, text: &str, edits: &mut Edits) {
    let Item::Mod(module) = item else {
        return;
    };
    for attr in module.attrs.iter().filter(|attr| path_of(attr).is_some()) {
        let (start, end) = (
            offset(text, attr.span().start()),
            offset(text, attr.span().end()),
        );
        let before = edits
            .0
            .remove(&start)
            .map_or_else(String::new, |(_, what)| what);
        edits.0.insert(start, (end - start, before));
    }
}

/// Counts functions with a body, those in test modules and in bodies left out.
#[derive(Default)]
struct Functions(usize);

impl<'ast> Visit<'ast> for Functions {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test_module(item) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_fn(&mut self, _: &'ast syn::ItemFn) {
        self.0 += 1;
    }

    fn visit_impl_item_fn(&mut self, _: &'ast syn::ImplItemFn) {
        self.0 += 1;
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.0 += usize::from(item.default.is_some());
    }
}
