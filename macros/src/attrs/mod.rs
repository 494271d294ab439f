//! Distributes the attributes of a function: to the dispatcher, which has its name, to the original, which has its
//! body, or to both.

mod conditional;
mod inlining;

use self::conditional::conditional;
use crate::errors::Reason;
use quote::ToTokens;
use syn::{Attribute, Meta, Path, parse_quote};

/// A function's attributes, sorted.
#[derive(Default)]
pub(crate) struct Sorted {
    pub(crate) dispatcher: Vec<Attribute>,
    pub(crate) original: Vec<Attribute>,
    /// The `cfg` attributes, which the hidden items need as well.
    pub(crate) cfg: Vec<Attribute>,
}

/// The function that receives an attribute.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Dispatcher,
    Original,
    Both,
    /// Its meaning is unknown, so the function is left unchanged.
    Unknown,
}

/// Sorts `attrs`, or returns the reason why one of them prevents rewriting the function.
pub(crate) fn sort(attrs: &[Attribute]) -> Result<Sorted, Reason> {
    let mut sorted = Sorted::default();
    let inlined = !attrs.iter().any(|attr| inlining::rules_out(&attr.meta));
    for attr in attrs {
        let (mut dispatcher, original) = split(&attr.meta)?;
        if !inlined && inlining::forbids(&attr.meta) {
            dispatcher.clone_from(&original);
        }
        let with = |meta| Attribute {
            meta,
            ..attr.clone()
        };
        if attr.path().is_ident("cfg") {
            sorted.cfg.push(attr.clone());
        }
        if attr.path().is_ident("deprecated") {
            // A deprecated function may use deprecated items.
            sorted.original.push(parse_quote!(#[allow(deprecated)]));
        }
        sorted.dispatcher.extend(dispatcher.map(with));
        sorted.original.extend(original.map(with));
    }
    if inlined {
        let inline = inlining::inline(&sorted.dispatcher);
        sorted.dispatcher.extend(inline);
    }
    Ok(sorted)
}

/// Returns the `cfg` attributes among `attrs`, for the hidden items beside an item.
pub(crate) fn cfgs(attrs: &[Attribute]) -> Vec<Attribute> {
    attrs
        .iter()
        .filter(|attr| attr.path().is_ident("cfg"))
        .cloned()
        .collect()
}

/// Returns whether `attrs` contains an attribute with the path `name`.
pub(crate) fn has(attrs: &[Attribute], name: &str) -> bool {
    attrs.iter().any(|attr| attr.path().is_ident(name))
}

/// Returns an error if `attrs` contains an attribute that could replace the whole item.
pub(crate) fn unknown(attrs: &[Attribute]) -> Result<(), Reason> {
    attrs
        .iter()
        .try_for_each(|attr| split(&attr.meta).map(drop))
}

/// Returns the form of an attribute on the dispatcher and on the original.
fn split(meta: &Meta) -> Result<(Option<Meta>, Option<Meta>), Reason> {
    if meta.path().is_ident("cfg_attr") {
        let Some((condition, metas)) = conditional(meta) else {
            return Err(unknown_reason(meta));
        };
        let (mut dispatcher, mut original) = (Vec::new(), Vec::new());
        for meta in metas {
            let (one, other) = split(&meta)?;
            dispatcher.extend(one);
            original.extend(other);
        }
        let list = |metas: Vec<Meta>| -> Option<Meta> {
            (!metas.is_empty()).then(|| parse_quote!(cfg_attr(#condition, #(#metas),*)))
        };
        return Ok((list(dispatcher), list(original)));
    }
    if meta.path().is_ident("expect") {
        // One function becomes two, and the expectation would fail in one of them.
        let allow = match meta {
            Meta::List(list) => {
                let lints = &list.tokens;
                parse_quote!(allow(#lints))
            }
            other => other.clone(),
        };
        return Ok((Some(allow.clone()), Some(allow)));
    }
    match place(meta) {
        Place::Dispatcher => Ok((Some(meta.clone()), None)),
        Place::Original => Ok((None, Some(meta.clone()))),
        Place::Both => Ok((Some(meta.clone()), Some(meta.clone()))),
        Place::Unknown => Err(unknown_reason(meta)),
    }
}

fn unknown_reason(meta: &Meta) -> Reason {
    let name = crate::paths::text(meta.path());
    Reason::new(
        meta.path(),
        format!(
            "the attribute `{name}` would see what is made of this item, not the item; write \
             `#[patchable]` on the item itself, below that attribute, or leave the item out with \
             `#[patchable(skip)]`"
        ),
    )
}

fn place(meta: &Meta) -> Place {
    let path = meta.path();
    if let Meta::List(list) = meta
        && path.is_ident("unsafe")
    {
        return syn::parse2::<Meta>(list.tokens.clone())
            .map_or(Place::Unknown, |inner| place(&inner));
    }
    if path.segments.len() > 1 {
        return match first(path).as_str() {
            "clippy" | "rustfmt" | "rust_analyzer" => Place::Both,
            "diagnostic" => Place::Dispatcher,
            _ if is_replaces(path) => Place::Dispatcher,
            _ => Place::Unknown,
        };
    }
    match first(path).as_str() {
        _ if inlining::forbids(meta) => Place::Original,
        "doc" | "deprecated" | "must_use" | "no_mangle" | "export_name" | "link_section"
        | "replaces" => Place::Dispatcher,
        "cfg"
        | "inline"
        | "cold"
        | "track_caller"
        | "allow"
        | "warn"
        | "deny"
        | "forbid"
        | "rustfmt"
        | "coverage"
        | "automatically_derived" => Place::Both,
        _ => Place::Unknown,
    }
}

fn first(path: &Path) -> String {
    path.segments[0].ident.to_string()
}

fn is_replaces(path: &Path) -> bool {
    path.segments
        .last()
        .is_some_and(|last| last.ident == "replaces")
}

/// Removes `#[patchable(..)]` from `attrs`, by whatever path it is written.
pub(crate) fn take_patchable(attrs: &mut Vec<Attribute>) -> Vec<Attribute> {
    let (taken, rest) = std::mem::take(attrs)
        .into_iter()
        .partition(|attr: &Attribute| {
            attr.path()
                .segments
                .last()
                .is_some_and(|last| last.ident == "patchable")
        });
    *attrs = rest;
    taken
}

/// Returns whether `attr` is `#[will_patch]` or `#[did_patch]`, by whatever path it is written.
pub(crate) fn is_hook(attr: &Attribute) -> bool {
    attr.path()
        .segments
        .last()
        .is_some_and(|last| last.ident == "will_patch" || last.ident == "did_patch")
}

/// Returns the options in the parentheses of an attribute.
pub(crate) fn options(attr: &Attribute) -> syn::Result<proc_macro2::TokenStream> {
    match &attr.meta {
        Meta::Path(_) => Ok(proc_macro2::TokenStream::new()),
        Meta::List(list) => Ok(list.tokens.clone()),
        Meta::NameValue(meta) => Err(syn::Error::new_spanned(
            meta.value.to_token_stream(),
            "expected options in parentheses, as in `#[patchable(strict)]`",
        )),
    }
}

#[cfg(test)]
mod tests;
