//! Writes the expansion. What comes in was checked, so nothing can go wrong here.

mod place;
mod point;
mod replacement;
mod slot;

pub(crate) use place::in_trait;
pub(crate) use replacement::{replacement, slot, uninstantiated};

use crate::check::{
    Checked, CheckedImpl, CheckedMember, CheckedModule, CheckedTrait, PassedOver, SlotType,
    TraitNames,
};
use crate::paths::{self, Private};
use place::Place;
use point::Expanded;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::GenericParam;

/// A function of the slot's type that calls `replacement`, which has the type that was written.
pub(crate) fn shim(
    slot: &SlotType,
    name: &Ident,
    replacement: &Ident,
    private: &Private,
) -> TokenStream {
    slot::shim(slot, name, replacement, private)
}

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
            // It has a shadow of its own, or none.
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

/// What the paths to the slots of functions find that have none, and an error says so.
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

/// A type or const parameter without its bounds.
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

/// Where a function was written. `line!()` would say the line of the outermost macro, which is one for
/// all functions of a module; it is the way out where there is no compiler to ask.
pub(crate) fn site(name: &str, span: Span, private: &Private) -> TokenStream {
    let (file, line) = if proc_macro::is_available() {
        let span = span.unwrap();
        let (file, line) = (span.file(), span.line() as u32);
        (quote!(#file), quote!(#line))
    } else {
        let file = quote_spanned!(span=> #private::file!());
        (file, quote_spanned!(span=> #private::line!()))
    };
    quote! {
        #private::Site {
            module: #private::module_path!(),
            name: #name,
            file: #file,
            line: #line,
        }
    }
}

/// The lints that a second function with the user's signature would set off a second time, and those
/// that go by its name.
fn allowed_on_original(name: &Ident) -> TokenStream {
    let name = paths::plain(name);
    let by_name = match name.as_str() {
        "is_empty" => quote!(clippy::len_zero,),
        "clone_from" => quote!(clippy::assigning_clones,),
        // What is called so may go unused, and what is inside of it too.
        name if name.starts_with('_') => quote!(dead_code,),
        _ => TokenStream::new(),
    };
    quote! {
        #[allow(
            #by_name
            clippy::inline_always,
            clippy::must_use_candidate,
            clippy::needless_lifetimes,
            clippy::redundant_pub_crate,
            clippy::result_unit_err,
            clippy::return_self_not_must_use,
            clippy::too_many_arguments,
            clippy::type_complexity,
            mismatched_lifetime_syntaxes,
            private_bounds,
            private_interfaces,
            unreachable_pub
        )]
    }
}

/// The lints that look for a method's body in the impl of a trait, where it no longer is.
fn allowed_on_impl(names: Option<&TraitNames>) -> TokenStream {
    match names.map(TraitNames::trait_name) {
        Some("Clone") => quote!(#[allow(clippy::non_canonical_clone_impl)]),
        Some("PartialOrd") => quote!(#[allow(clippy::non_canonical_partial_ord_impl)]),
        _ => TokenStream::new(),
    }
}

/// The lints that generated items would set off, for no fault of the user.
pub(crate) fn allowed() -> TokenStream {
    quote! {
        #[allow(
            clippy::borrowed_box,
            clippy::ptr_arg,
            dead_code,
            deprecated,
            elided_lifetimes_in_paths,
            mismatched_lifetime_syntaxes,
            missing_copy_implementations,
            missing_debug_implementations,
            non_snake_case,
            non_upper_case_globals,
            private_bounds,
            private_interfaces,
            unnameable_types,
            unreachable_pub,
            unused_parens
        )]
    }
}
