//! Writes the expansion. Its input is checked, so it cannot fail.

mod lints;
mod parameters;
mod place;
mod point;
mod replacement;
mod site;
mod slot;
mod source_module;

pub(crate) use replacement::expand_point;

use crate::check::{
    Checked, CheckedImpl, CheckedMember, CheckedModule, CheckedTrait, PassedOver, Replaces,
};
use crate::paths::{self, Private};
use lints::{allowed, allowed_on_impl};
use place::Place;
use point::Expanded;
use site::site;

use proc_macro2::TokenStream;
use quote::quote;
use syn::GenericParam;

/// Writes a checked item.
pub(crate) fn expand(checked: &Checked, private: &Private) -> TokenStream {
    match checked {
        Checked::AsIs(item, passed_over) => {
            let records = records(passed_over, private);
            let markers = markers(passed_over, private);
            quote!(#item #markers #records)
        }
        Checked::Function(point) => point::expand(point, &Place::Free, private).inside,
        Checked::Impl(item) => implementation(item, private),
        Checked::Trait(item) => definition(item, private),
        Checked::Module(item) => module(item, private),
    }
}

/// Writes a checked item with `#[replaces(..)]`.
pub(crate) fn expand_replaces(checked: &Replaces, private: &Private) -> TokenStream {
    match checked {
        Replaces::Function(function, replacement) => {
            replacement::expand(function, replacement, private)
        }
        Replaces::Module(module) => source_module::expand(module, private),
    }
}

fn implementation(checked: &CheckedImpl, private: &Private) -> TokenStream {
    let place = match &checked.names {
        None => Place::Inherent(&checked.owner),
        Some(names) => Place::TraitImpl(&checked.owner, names),
    };
    let Expanded { inside, outside } = members(&checked.members, &place, private);
    let markers = if checked.open {
        markers(&checked.passed_over, private)
    } else {
        TokenStream::new()
    };
    let allowed = allowed_on_impl(checked.names.as_ref());
    let item = checked.item.with(quote!(#inside #markers));
    let records = records(&checked.passed_over, private);
    quote!(#allowed #item #outside #records)
}

fn definition(checked: &CheckedTrait, private: &Private) -> TokenStream {
    let place = Place::Trait(&checked.owner, &checked.item);
    let Expanded { inside, outside } = members(&checked.members, &place, private);
    let item = checked.item.with(inside);
    let records = records(&checked.passed_over, private);
    quote!(#item #outside #records)
}

fn members(members: &[CheckedMember], place: &Place<'_>, private: &Private) -> Expanded {
    let mut all = Expanded {
        inside: TokenStream::new(),
        outside: TokenStream::new(),
    };
    for member in members {
        match member {
            CheckedMember::AsIs(member) => all.inside.extend(member.clone()),
            CheckedMember::Function(point) => {
                let expanded = point::expand(point, place, private);
                all.inside.extend(expanded.inside);
                all.outside.extend(expanded.outside);
            }
        }
    }
    all
}

fn module(checked: &CheckedModule, private: &Private) -> TokenStream {
    let shadow = &checked.shadow;
    let mut items = shadow.imports().clone();
    for item in &checked.items {
        let tokens = expand(item, private);
        items.extend(match item {
            // The module has its own shadow, or none.
            Checked::Module(_) => tokens,
            _ => shadow.redirect(tokens),
        });
    }
    checked.item.with(&checked.inner, items)
}

fn records(passed_over: &[PassedOver], private: &Private) -> TokenStream {
    passed_over
        .iter()
        .map(|function| {
            let cfg = &function.cfg;
            let reason = &function.reason;
            let site = site(&function.name, function.ident.span(), private);
            quote! {
                #(#cfg)*
                const _: () = {
                    #private::inventory::submit! { #private::PassedOver::new(#site, #reason) }
                };
            }
        })
        .collect()
}

/// Returns the items that the paths to the slots of passed-over functions resolve to. Their use is a compile error.
fn markers(passed_over: &[PassedOver], private: &Private) -> TokenStream {
    let allowed = allowed();
    passed_over
        .iter()
        .map(|function| {
            let PassedOver { cfg, vis, .. } = function;
            let patch = paths::patch(&function.ident);
            let params: Vec<_> = function
                .generics
                .params
                .iter()
                .filter_map(parameter)
                .collect();
            let item = if params.is_empty() {
                quote!(const #patch: #private::NoSlot = #private::NoSlot(#private::PhantomData);)
            } else {
                quote!(const fn #patch<#(#params),*>() -> #private::NoSlot {
                    #private::NoSlot(#private::PhantomData)
                })
            };
            quote! {
                #(#cfg)*
                #[doc(hidden)]
                #allowed
                #vis #item
            }
        })
        .collect()
}

/// Returns a type or const parameter without its bounds.
fn parameter(param: &GenericParam) -> Option<TokenStream> {
    match param {
        GenericParam::Lifetime(_) => None,
        GenericParam::Type(param) => {
            let name = &param.ident;
            Some(quote!(#name: ?::core::marker::Sized))
        }
        GenericParam::Const(param) => {
            let (name, ty) = (&param.ident, &param.ty);
            Some(quote!(const #name: #ty))
        }
    }
}
