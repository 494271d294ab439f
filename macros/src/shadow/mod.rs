//! The shadow of an annotated module, in which the name `std` refers to greenpatch, and the names of some of std's macros
//! to greenpatch's: imports at the top of the module, and changes to four forms of import in it that would conflict with
//! these.

mod import;
mod redirect;

pub(crate) use redirect::quoting;

use self::import::{brings_macros, import_macros};
use crate::attrs;
use crate::imports::{Leaf, leaves};
use crate::item::Annotated;
use proc_macro2::TokenStream;
use quote::quote;
use std::collections::HashSet;
use syn::{Ident, Item, Path, UseTree, Visibility};

/// The imports at the top of a module, and the crate that `::std` refers to in it.
#[derive(Default)]
pub(crate) struct Shadow {
    imports: TokenStream,
    /// The greenpatch crate, if `::std` refers to it.
    krate: Option<Path>,
}

impl Shadow {
    /// Makes `std` refer to `krate` in a module of `items`, in which the macros `around` are in scope.
    pub(crate) fn cast(items: &mut [Annotated], around: &OwnMacros, krate: &Path) -> Self {
        let mut clashes = Clashes::default();
        for item in items.iter_mut() {
            clashes.resolve(item, krate);
        }
        let std = (!clashes.std).then(|| quote!(#[allow(unused_imports)] use #krate as std;));
        let macros = clashes.imports(around, &quote!(#krate));
        Shadow {
            imports: quote!(#std #macros),
            krate: Some(krate.clone()),
        }
    }

    /// Makes `std` refer to std again in a module of `items` that would import the shadow through a glob.
    pub(crate) fn lift(items: &[Annotated], around: &OwnMacros) -> Self {
        let has_glob = items.iter().any(|item| match item {
            Annotated::Use(item) => leaves(&item.tree).iter().any(|leaf| leaf.bound.is_none()),
            _ => false,
        });
        let mut clashes = Clashes::default();
        for item in items {
            clashes.find(item);
        }
        let std = (!clashes.std && !clashes.std_itself).then(|| {
            quote!(
                #[allow(unused_imports)]
                use ::std;
            )
        });
        let macros = clashes.imports(around, &quote!(::std));
        Shadow {
            imports: if has_glob {
                quote!(#std #macros)
            } else {
                TokenStream::new()
            },
            krate: None,
        }
    }

    pub(crate) fn is_cast(&self) -> bool {
        self.krate.is_some()
    }

    /// Returns the imports.
    pub(crate) fn imports(&self) -> &TokenStream {
        &self.imports
    }

    /// Returns `tokens`, in which `::std` refers to the same crate as `std`.
    pub(crate) fn redirect(&self, tokens: TokenStream) -> TokenStream {
        match &self.krate {
            Some(krate) => redirect::redirect(tokens, krate),
            None => tokens,
        }
    }
}

/// The macros that the user's code defines around a place. An import of the same name there would be ambiguous.
#[derive(Clone, Default)]
pub(crate) struct OwnMacros(HashSet<String>);

impl OwnMacros {
    /// Adds the macros that `items` define for their module and its children.
    pub(crate) fn with(&self, items: &[Annotated]) -> Self {
        let mut all = self.clone();
        all.find(items);
        all
    }

    fn find(&mut self, items: &[Annotated]) {
        for item in items {
            match item {
                Annotated::Other(Item::Macro(item)) => self.0.extend(defined(item)),
                Annotated::Module(item) if attrs::has(&item.attrs, "macro_use") => {
                    if let Some((_, items)) = &item.content {
                        self.find(items);
                    }
                }
                _ => {}
            }
        }
    }
}

fn defined(item: &syn::ItemMacro) -> Option<String> {
    item.ident.as_ref().map(Ident::to_string)
}

/// The names of the shadow that the user's items already bind.
#[derive(Default)]
struct Clashes {
    std: bool,
    /// `std` is bound by an import of std itself.
    std_itself: bool,
    macros: HashSet<String>,
}

impl Clashes {
    /// Returns imports of the macros that are not bound.
    fn imports(&self, around: &OwnMacros, from: &TokenStream) -> TokenStream {
        import_macros(from, |name| {
            !self.macros.contains(name) && !around.0.contains(name)
        })
    }

    fn resolve(&mut self, item: &mut Annotated, krate: &Path) {
        self.find(item);
        match item {
            Annotated::Use(import) if brings_macros(&import.tree) => {
                // The shadow's import may bind the names that it was written for.
                import
                    .attrs
                    .push(syn::parse_quote!(#[allow(unused_imports)]));
            }
            Annotated::Use(import) if import.tree_has_std_itself() => {
                let attrs = &import.attrs;
                let vis = &import.vis;
                without_std_itself(&mut import.tree);
                if !matches!(vis, Visibility::Inherited) {
                    // Another module may import it from here, so it replaces the shadow's import.
                    self.std = true;
                    let moved = quote!(#(#attrs)* #vis use #krate as std; #import);
                    *item = Annotated::Other(Item::Verbatim(moved));
                }
            }
            Annotated::ExternCrate(import) if import.ident == "std" => {
                let vis = &import.vis;
                let cfg = attrs::cfgs(&import.attrs);
                let name = import
                    .rename
                    .as_ref()
                    .map_or(&import.ident, |(_, name)| name);
                let moved = if name != "std" || !matches!(vis, Visibility::Inherited) {
                    self.std |= name == "std";
                    quote!(#(#cfg)* #[allow(unused_imports)] #vis use #krate as #name;)
                } else {
                    TokenStream::new()
                };
                *item = Annotated::Other(Item::Verbatim(moved));
            }
            _ => {}
        }
    }

    fn find(&mut self, item: &Annotated) {
        match item {
            Annotated::Use(import) => {
                for leaf in leaves(&import.tree) {
                    let path: Vec<_> = leaf.path.iter().map(Ident::to_string).collect();
                    if leaf.bound.as_ref().is_some_and(|name| name == "std") {
                        if path == ["std"] {
                            self.std_itself = true;
                        } else {
                            self.std = true;
                        }
                    }
                    // Through the shadow, `use std::thread_local` already imports greenpatch's macro.
                    self.macros
                        .extend(leaf.bound.as_ref().map(Ident::to_string));
                }
            }
            Annotated::ExternCrate(import) => {
                let name = import
                    .rename
                    .as_ref()
                    .map_or(&import.ident, |(_, name)| name);
                if name == "std" {
                    if import.ident == "std" {
                        self.std_itself = true;
                    } else {
                        self.std = true;
                    }
                }
            }
            Annotated::Module(item) => self.std |= item.ident == "std",
            Annotated::Trait(item) => self.std |= item.ident == "std",
            Annotated::Other(Item::Struct(item)) => self.std |= item.ident == "std",
            Annotated::Other(Item::Enum(item)) => self.std |= item.ident == "std",
            Annotated::Other(Item::Type(item)) => self.std |= item.ident == "std",
            Annotated::Other(Item::Macro(item)) => self.macros.extend(defined(item)),
            _ => {}
        }
    }
}

trait StdItself {
    fn tree_has_std_itself(&self) -> bool;
}

impl StdItself for syn::ItemUse {
    fn tree_has_std_itself(&self) -> bool {
        leaves(&self.tree).iter().any(Leaf::is_std_itself)
    }
}

/// Input: `{std::{self, io}, std}`. Output: `{std::{io}, }`.
fn without_std_itself(tree: &mut UseTree) {
    fn walk(tree: &mut UseTree, in_std: bool) -> bool {
        match tree {
            UseTree::Name(tree) => tree.ident != if in_std { "self" } else { "std" },
            UseTree::Rename(tree) => {
                !(tree.rename == "std" && tree.ident == if in_std { "self" } else { "std" })
            }
            UseTree::Path(tree) if !in_std && tree.ident == "std" => {
                if let UseTree::Group(group) = &mut *tree.tree {
                    keep(group, true);
                }
                true
            }
            UseTree::Group(group) if !in_std => {
                keep(group, false);
                true
            }
            _ => true,
        }
    }
    fn keep(group: &mut syn::UseGroup, in_std: bool) {
        group.items = std::mem::take(&mut group.items)
            .into_iter()
            .filter_map(|mut tree| walk(&mut tree, in_std).then_some(tree))
            .collect();
    }
    if !walk(tree, false) {
        *tree = UseTree::Group(syn::UseGroup {
            brace_token: Default::default(),
            items: Default::default(),
        });
    }
}
