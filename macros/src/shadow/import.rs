//! The import of greenpatch's macros in place of std's.

use crate::imports::leaves;
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Ident, UseTree};

/// The macros that greenpatch provides in place of std's.
const MACROS: &[&str] = &[
    "thread_local",
    "print",
    "println",
    "eprint",
    "eprintln",
    "dbg",
];

/// Returns an import of the macros for which `wanted` returns `true`.
pub(super) fn import_macros(from: &TokenStream, wanted: impl Fn(&str) -> bool) -> TokenStream {
    let macros = MACROS
        .iter()
        .filter(|name| wanted(name))
        .map(|name| Ident::new(name, Span::call_site()));
    quote!(#[allow(unused_imports)] use #from::{#(#macros),*};)
}

/// Returns whether a `use` is a glob of std's root or of one of its preludes, which contain the macros.
pub(super) fn brings_macros(tree: &UseTree) -> bool {
    leaves(tree).iter().any(|leaf| {
        let path: Vec<_> = leaf.path.iter().map(Ident::to_string).collect();
        let path: Vec<_> = path.iter().map(String::as_str).collect();
        leaf.bound.is_none() && matches!(path.as_slice(), ["std"] | ["std", "prelude", _])
    })
}
