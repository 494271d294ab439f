//! Rewrites the paths that do not use the imports at the top of a module.
//!
//! `::std::…` ignores imports, so it is rewritten, except in `macro_rules!`, which may be used in any
//! module, and in the arguments of macros that quote code or turn it into text.

use super::import::{brings_macros, import_macros};
use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Ident, ItemUse, Path};

/// Macros that take code and must receive it unchanged.
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

/// Returns `tokens`, in which `::std` refers to the same crate as `std`.
pub(super) fn redirect(tokens: TokenStream, krate: &Path) -> TokenStream {
    walk(tokens, false, krate)
}

fn walk(tokens: TokenStream, in_braces: bool, krate: &Path) -> TokenStream {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut output = Vec::with_capacity(trees.len());
    let mut index = 0;
    let mut changed = TokenStream::new();
    while index < trees.len() {
        if let Some(end) = quoting(&trees[index..]) {
            output.extend(trees[index..index + end].iter().cloned());
            index += end;
        } else if in_braces && let Some(end) = glob(&trees[index..]) {
            let import = trees[index..index + end].iter().cloned().collect();
            changed.extend(output.drain(..));
            changed.extend(walk(import, false, krate));
            changed.extend(import_macros(&krate.to_token_stream(), |_| true));
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
                    let in_braces = group.delimiter() == Delimiter::Brace;
                    let inner = walk(group.stream(), in_braces, krate);
                    let mut inner = Group::new(group.delimiter(), inner);
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

/// Returns the number of token trees in `quote! {…}`, `macro_rules! name {…}` and the like, if one starts here.
pub(crate) fn quoting(trees: &[TokenTree]) -> Option<usize> {
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

/// Returns the number of token trees in `use std::prelude::v1::*;`, if it starts here. In a body, the names of a glob are
/// ambiguous with those of the compiler's prelude.
fn glob(trees: &[TokenTree]) -> Option<usize> {
    if !matches!(trees, [TokenTree::Ident(word), ..] if word == "use") {
        return None;
    }
    let ends = |tree: &TokenTree| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ';');
    let end = 1 + trees.iter().position(ends)?;
    let import: TokenStream = trees[..end].iter().cloned().collect();
    let import: ItemUse = syn::parse2(import).ok()?;
    brings_macros(&import.tree).then_some(end)
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

/// Returns whether `::` after `before` continues a path instead of starting one.
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
