//! Whether a dispatcher is inlined.
//!
//! The user's `inline` attributes apply to the body, which is the original's. The dispatcher is inlined unless
//! an attribute rules it out: then a caller tests the slot itself, and calls the original as it would call the function
//! without the macro.

use super::conditional::conditional;
use proc_macro2::TokenStream;
use quote::quote;
use std::borrow::Cow;
use syn::{Attribute, Ident, Meta, parse_quote};

/// The attributes with which a dispatcher is not inlined: it is cold, or other code depends on its symbol or its
/// section. rustc reports an `inline` beside a symbol as unused.
const RULE_OUT: [&str; 4] = ["cold", "no_mangle", "export_name", "link_section"];

/// Returns whether a dispatcher with the attribute `meta` is not inlined in any configuration.
pub(super) fn rules_out(meta: &Meta) -> bool {
    RULE_OUT.iter().any(|name| safe(meta).path().is_ident(name))
}

/// Returns whether `meta` is `inline(never)`.
pub(super) fn forbids(meta: &Meta) -> bool {
    matches!(
        meta,
        Meta::List(list) if list.path.is_ident("inline")
            && list.parse_args::<Ident>().is_ok_and(|arg| arg == "never")
    )
}

/// Returns the `inline` to add to a dispatcher with `attrs`, none of which rules it out, or `None` if it has one.
pub(super) fn inline(attrs: &[Attribute]) -> Option<Attribute> {
    if attrs.iter().any(|attr| attr.path().is_ident("inline")) {
        return None;
    }
    let mut unless = Vec::new();
    for attr in attrs {
        conditions(&attr.meta, &[], &mut unless);
    }
    Some(match unless.as_slice() {
        [] => parse_quote!(#[inline]),
        _ => parse_quote!(#[cfg_attr(not(any(#(#unless),*)), inline)]),
    })
}

/// Adds to `unless` the conditions, combined with those in `under`, on which `meta` is `inline` or rules it out.
fn conditions(meta: &Meta, under: &[&Meta], unless: &mut Vec<TokenStream>) {
    if let Some((condition, metas)) = conditional(meta) {
        let under = [under, &[&condition]].concat();
        for meta in &metas {
            conditions(meta, &under, unless);
        }
    } else if meta.path().is_ident("inline") || rules_out(meta) {
        unless.push(match under {
            [condition] => quote!(#condition),
            several => quote!(all(#(#several),*)),
        });
    }
}

/// Returns the attribute in `unsafe(..)`, or `meta` itself.
fn safe(meta: &Meta) -> Cow<'_, Meta> {
    match meta {
        Meta::List(list) if list.path.is_ident("unsafe") => {
            list.parse_args().map_or(Cow::Borrowed(meta), Cow::Owned)
        }
        _ => Cow::Borrowed(meta),
    }
}
