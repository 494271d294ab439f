//! In an annotated module the name `std` means greenpatch: two imports on top of it, and four forms
//! of import in it that would clash with them, changed or taken out.
//!
//! `::std::…` goes past any import, so it is rewritten, but neither in `macro_rules!`, whose users may
//! be anywhere, nor in the arguments of what quotes code or turns it into text.

use crate::imports::{Leaf, leaves};
use crate::item::Annotated;
use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Ident, Item, Path, UseTree, Visibility};

/// What to put on top of a module, and where `::std` leads in it.
#[derive(Default)]
pub(crate) struct Shadow {
    imports: TokenStream,
    /// The greenpatch crate, if `::std` is to lead there.
    krate: Option<Path>,
}

impl Shadow {
    /// Makes `std` mean `krate` in a module of `items`.
    pub(crate) fn cast(items: &mut [Annotated], krate: &Path) -> Self {
        let mut clashes = Clashes::default();
        for item in items.iter_mut() {
            clashes.resolve(item, krate);
        }
        let std = (!clashes.std).then(|| quote!(#[allow(unused_imports)] use #krate as std;));
        let thread_local = (!clashes.thread_local)
            .then(|| quote!(#[allow(unused_imports)] use #krate::thread_local;));
        Shadow {
            imports: quote!(#std #thread_local),
            krate: Some(krate.clone()),
        }
    }

    /// Makes `std` mean std again in a module of `items` that would get the shadow through a glob.
    pub(crate) fn lift(items: &[Annotated]) -> Self {
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
        let thread_local = (!clashes.thread_local).then(|| {
            quote!(
                #[allow(unused_imports)]
                use ::std::thread_local;
            )
        });
        Shadow {
            imports: if has_glob {
                quote!(#std #thread_local)
            } else {
                TokenStream::new()
            },
            krate: None,
        }
    }

    pub(crate) fn is_cast(&self) -> bool {
        self.krate.is_some()
    }

    /// The imports that it takes.
    pub(crate) fn imports(&self) -> &TokenStream {
        &self.imports
    }

    /// `tokens` with `::std` leading where `std` does.
    pub(crate) fn redirect(&self, tokens: TokenStream) -> TokenStream {
        match &self.krate {
            Some(krate) => redirect(tokens, krate),
            None => tokens,
        }
    }
}

/// Which of the two names the user's items already bind.
#[derive(Default)]
struct Clashes {
    std: bool,
    /// By an import of std under its own name.
    std_itself: bool,
    thread_local: bool,
}

impl Clashes {
    fn resolve(&mut self, item: &mut Annotated, krate: &Path) {
        self.find(item);
        match item {
            Annotated::Use(import) if import.tree_has_std_itself() => {
                let attrs = &import.attrs;
                let vis = &import.vis;
                without_std_itself(&mut import.tree);
                if !matches!(vis, Visibility::Inherited) {
                    // Somebody may import it from here, so it stays, and takes our import's place.
                    self.std = true;
                    let moved = quote!(#(#attrs)* #vis use #krate as std; #import);
                    *item = Annotated::Other(Item::Verbatim(moved));
                }
            }
            Annotated::ExternCrate(import) if import.ident == "std" => {
                let vis = &import.vis;
                let cfg = crate::attrs::cfgs(&import.attrs);
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
                    // `use std::thread_local` is ours already, through the shadow.
                    self.thread_local |= leaf.bound.is_some_and(|name| name == "thread_local");
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
            Annotated::Other(Item::Macro(item)) => {
                self.thread_local |= item
                    .ident
                    .as_ref()
                    .is_some_and(|name| name == "thread_local");
            }
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

/// Macros whose arguments are code to be kept as it is.
const QUOTING: &[&str] = &[
    "macro_rules",
    "stringify",
    "quote",
    "quote_spanned",
    "parse_quote",
    "parse_quote_spanned",
    "concat_idents",
    "include_str",
];

fn redirect(tokens: TokenStream, krate: &Path) -> TokenStream {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut output = Vec::with_capacity(trees.len());
    let mut index = 0;
    let mut changed = TokenStream::new();
    while index < trees.len() {
        if let Some(end) = quoting(&trees[index..]) {
            output.extend(trees[index..index + end].iter().cloned());
            index += end;
        } else if let Some(span) = absolute_std(&trees[index..])
            && !continues_path(&trees[..index])
        {
            changed.extend(output.drain(..));
            changed.extend(respanned(krate, span));
            index += 3;
        } else {
            output.push(match &trees[index] {
                TokenTree::Group(group) => {
                    let mut inner = Group::new(group.delimiter(), redirect(group.stream(), krate));
                    inner.set_span(group.span());
                    TokenTree::Group(inner)
                }
                other => other.clone(),
            });
            index += 1;
        }
    }
    changed.extend(output);
    changed
}

/// The number of trees in `quote! {…}`, `macro_rules! name {…}` and the like, if they start here.
fn quoting(trees: &[TokenTree]) -> Option<usize> {
    let [TokenTree::Ident(name), TokenTree::Punct(bang), rest @ ..] = trees else {
        return None;
    };
    if bang.as_char() != '!' || !QUOTING.iter().any(|quoting| name == quoting) {
        return None;
    }
    match rest {
        [TokenTree::Group(_), ..] => Some(3),
        [TokenTree::Ident(_), TokenTree::Group(_), ..] => Some(4),
        _ => None,
    }
}

fn absolute_std(trees: &[TokenTree]) -> Option<proc_macro2::Span> {
    match trees {
        [
            TokenTree::Punct(first),
            TokenTree::Punct(second),
            TokenTree::Ident(std),
            ..,
        ] if first.as_char() == ':'
            && first.spacing() == Spacing::Joint
            && second.as_char() == ':'
            && std == "std" =>
        {
            Some(std.span())
        }
        _ => None,
    }
}

/// Whether `::` after `before` goes on with a path instead of starting one.
fn continues_path(before: &[TokenTree]) -> bool {
    match before {
        [.., TokenTree::Punct(first), TokenTree::Punct(last)] if last.as_char() == '>' => {
            !(first.spacing() == Spacing::Joint && matches!(first.as_char(), '-' | '='))
                && last.spacing() == Spacing::Joint
        }
        [.., TokenTree::Ident(last)] => {
            let name = last.to_string();
            matches!(name.as_str(), "crate" | "self" | "super" | "Self")
                || syn::parse_str::<Ident>(&name).is_ok()
        }
        [.., TokenTree::Group(group)] => group.delimiter() == Delimiter::None,
        _ => false,
    }
}

fn respanned(krate: &Path, span: proc_macro2::Span) -> TokenStream {
    krate
        .to_token_stream()
        .into_iter()
        .map(|mut tree| {
            tree.set_span(span.resolved_at(tree.span()));
            tree
        })
        .collect()
}
