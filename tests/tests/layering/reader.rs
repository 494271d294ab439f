//! Reads one file: its modules, its `use` trees, and every path in its code.
//!
//! Code for tests is skipped, as are comments, strings, the arguments of `quote!` and similar macros, and the body of an
//! exported macro, which names this crate from outside. Arguments of other macros and of attributes are read as tokens.

use proc_macro2::{Ident, Span, TokenStream};
use syn::visit::{self, Visit};
use syn::{
    Attribute, Block, ExprUnsafe, Field, ImplItem, Item, ItemMod, ItemUse, Macro, Meta, Path, Stmt,
    TraitItem, UseTree, Variant, Visibility,
};

use crate::conditions::{given_paths, is_for_tests, mentions};
use crate::tokens::plain;
use crate::tree::{Import, Mention, Name, Tree};

/// Macros with arguments that are code of another crate, or no code.
const QUOTES: &[&str] = &[
    "quote",
    "quote_spanned",
    "parse_quote",
    "parse_quote_spanned",
    "stringify",
];

/// `mod name;`
pub(crate) struct Declared {
    pub(crate) name: String,
    pub(crate) parent: usize,
    /// The inline modules that contain it in its file.
    pub(crate) within: Vec<String>,
    /// The paths in `#[path]`, also within `cfg_attr`.
    pub(crate) paths: Vec<String>,
}

/// Reads the file of a module, adds its content to the tree, and returns the files that it declares.
pub(crate) fn read(tree: &mut Tree, module: usize) -> Vec<Declared> {
    let file = &tree.files[tree.modules[module].file];
    let parsed = syn::parse_file(&file.text).unwrap_or_else(|error| {
        let line = error.span().start().line;
        panic!("{}:{line}: {error}", file.path)
    });
    let mut reader = Reader {
        file: tree.modules[module].file,
        tree,
        module,
        within: Vec::new(),
        blocks: 0,
        declared: Vec::new(),
    };
    if !is_for_tests(&parsed.attrs) {
        reader.visit_file(&parsed);
    }
    reader.declared
}

pub(crate) struct Reader<'a> {
    tree: &'a mut Tree,
    file: usize,
    module: usize,
    within: Vec<String>,
    /// The number of enclosing blocks.
    blocks: usize,
    declared: Vec<Declared>,
}

impl Reader<'_> {
    fn inline_or_declared(&mut self, item: &ItemMod) {
        for attribute in &item.attrs {
            self.visit_attribute(attribute);
        }
        let name = plain(&item.ident);
        let Some((_, items)) = &item.content else {
            self.declared.push(Declared {
                name,
                parent: self.module,
                within: self.within.clone(),
                paths: item.attrs.iter().flat_map(given_paths).collect(),
            });
            return;
        };
        let place = Some((self.module, name.clone()));
        let inner = self.tree.add_module(place, self.file);
        let outer = std::mem::replace(&mut self.module, inner);
        self.within.push(name);
        for item in items {
            self.visit_item(item);
        }
        self.within.pop();
        self.module = outer;
    }

    fn import(&mut self, item: &ItemUse) {
        for attribute in &item.attrs {
            self.visit_attribute(attribute);
        }
        let public = match &item.vis {
            Visibility::Inherited => false,
            Visibility::Restricted(restricted) => !restricted.path.is_ident("self"),
            _ => true,
        };
        let mut leaves = Vec::new();
        flatten(&item.tree, &mut Vec::new(), &mut leaves);
        for (parts, name, line) in leaves {
            let path = Name {
                parts,
                external: item.leading_colon.is_some(),
                line,
            };
            self.tree.modules[self.module].imports.push(Import {
                path,
                name,
                public,
                local: self.blocks > 0,
            });
        }
    }

    fn define(&mut self, name: &Ident) {
        if self.blocks == 0 {
            let items = &mut self.tree.modules[self.module].items;
            items.insert(plain(name), self.file);
        }
    }

    fn define_macro(&mut self, name: &Ident, exported: bool) {
        self.define(name);
        let macros = &mut self.tree.modules[self.module].macros;
        macros.insert(plain(name), self.file);
        if exported {
            self.tree.modules[0].items.insert(plain(name), self.file);
        }
    }

    pub(crate) fn mention(
        &mut self,
        parts: Vec<String>,
        external: bool,
        line: usize,
        is_macro: bool,
    ) {
        self.tree.mentions.push(Mention {
            module: self.module,
            name: Name {
                parts,
                external,
                line,
            },
            is_macro,
        });
    }

    pub(crate) fn note_unsafe(&mut self, span: Span) {
        let line = span.start().line;
        self.tree.files[self.file].unsafe_code.get_or_insert(line);
    }

    pub(crate) fn note_loom(&mut self, tokens: &TokenStream, span: Span) {
        if mentions(tokens, "loom") {
            let line = span.start().line;
            self.tree.files[self.file].loom.get_or_insert(line);
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if is_for_tests(attributes(item)) {
            return;
        }
        match item {
            Item::Mod(item) => return self.inline_or_declared(item),
            Item::Use(item) => return self.import(item),
            Item::Macro(item) => {
                if let Some(name) = &item.ident {
                    let is_export =
                        |attribute: &Attribute| attribute.path().is_ident("macro_export");
                    let exported = item.attrs.iter().any(is_export);
                    self.define_macro(name, exported);
                    if exported {
                        return;
                    }
                }
            }
            Item::ExternCrate(item) => {
                if let (true, Some((_, name))) = (item.ident == "self", &item.rename) {
                    self.tree.own_name = Some(plain(name));
                }
            }
            Item::Impl(item) => {
                if let Some(word) = &item.unsafety {
                    self.note_unsafe(word.span);
                }
            }
            Item::Const(item) => self.define(&item.ident),
            Item::Enum(item) => self.define(&item.ident),
            Item::Fn(item) => self.define(&item.sig.ident),
            Item::Static(item) => self.define(&item.ident),
            Item::Struct(item) => self.define(&item.ident),
            Item::Trait(item) => self.define(&item.ident),
            Item::TraitAlias(item) => self.define(&item.ident),
            Item::Type(item) => self.define(&item.ident),
            Item::Union(item) => self.define(&item.ident),
            Item::Verbatim(tokens) => self.tokens(tokens.clone()),
            _ => {}
        }
        visit::visit_item(self, item);
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let attributes = match item {
            ImplItem::Const(item) => &item.attrs,
            ImplItem::Fn(item) => &item.attrs,
            ImplItem::Type(item) => &item.attrs,
            ImplItem::Macro(item) => &item.attrs,
            _ => return visit::visit_impl_item(self, item),
        };
        if !is_for_tests(attributes) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &'ast TraitItem) {
        let attributes = match item {
            TraitItem::Const(item) => &item.attrs,
            TraitItem::Fn(item) => &item.attrs,
            TraitItem::Type(item) => &item.attrs,
            TraitItem::Macro(item) => &item.attrs,
            _ => return visit::visit_trait_item(self, item),
        };
        if !is_for_tests(attributes) {
            visit::visit_trait_item(self, item);
        }
    }

    fn visit_field(&mut self, field: &'ast Field) {
        if !is_for_tests(&field.attrs) {
            visit::visit_field(self, field);
        }
    }

    fn visit_variant(&mut self, variant: &'ast Variant) {
        if !is_for_tests(&variant.attrs) {
            visit::visit_variant(self, variant);
        }
    }

    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        let attributes = match statement {
            Stmt::Local(local) => &local.attrs,
            Stmt::Macro(called) => &called.attrs,
            _ => return visit::visit_stmt(self, statement),
        };
        if !is_for_tests(attributes) {
            visit::visit_stmt(self, statement);
        }
    }

    fn visit_block(&mut self, block: &'ast Block) {
        self.blocks += 1;
        visit::visit_block(self, block);
        self.blocks -= 1;
    }

    fn visit_expr_unsafe(&mut self, block: &'ast ExprUnsafe) {
        self.note_unsafe(block.unsafe_token.span);
        visit::visit_expr_unsafe(self, block);
    }

    // How far a name is seen is no use of the module that it is seen in.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        let Meta::List(list) = &attribute.meta else {
            return;
        };
        let is_cfg = list.path.is_ident("cfg") || list.path.is_ident("cfg_attr");
        if is_cfg {
            self.note_loom(&list.tokens, list.path.segments[0].ident.span());
        }
        self.tokens(list.tokens.clone());
    }

    fn visit_macro(&mut self, called: &'ast Macro) {
        let name = &called.path.segments.last().unwrap().ident;
        if called.path.segments.len() == 1 {
            self.mention(vec![plain(name)], false, name.span().start().line, true);
        }
        self.visit_path(&called.path);
        if name == "cfg" {
            self.note_loom(&called.tokens, name.span());
        }
        if !QUOTES.contains(&plain(name).as_str()) {
            self.tokens(called.tokens.clone());
        }
    }

    fn visit_path(&mut self, path: &'ast Path) {
        let parts: Vec<String> = path
            .segments
            .iter()
            .map(|part| plain(&part.ident))
            .collect();
        if parts.len() > 1 {
            let line = path.segments[0].ident.span().start().line;
            self.mention(parts, path.leading_colon.is_some(), line, false);
        }
        visit::visit_path(self, path);
    }
}

/// Returns the leaves of a `use` tree: path, name and line of each.
fn flatten(
    tree: &UseTree,
    before: &mut Vec<String>,
    leaves: &mut Vec<(Vec<String>, Option<String>, usize)>,
) {
    let mut leaf = |ident: &Ident, name: Option<String>| {
        let mut parts = before.clone();
        if ident != "self" || parts.is_empty() {
            parts.push(plain(ident));
        }
        let name = name.or_else(|| parts.last().cloned());
        leaves.push((parts, name, ident.span().start().line));
    };
    match tree {
        UseTree::Name(used) => leaf(&used.ident, None),
        UseTree::Rename(used) => leaf(&used.ident, Some(plain(&used.rename))),
        UseTree::Glob(used) => {
            let line = used.star_token.spans[0].start().line;
            leaves.push((before.clone(), None, line));
        }
        UseTree::Path(used) => {
            before.push(plain(&used.ident));
            flatten(&used.tree, before, leaves);
            before.pop();
        }
        UseTree::Group(used) => {
            for tree in &used.items {
                flatten(tree, before, leaves);
            }
        }
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
