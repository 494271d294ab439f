//! The lints that are allowed on generated items.

use crate::check::TraitNames;
use crate::paths;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

/// The lints that a second function with the user's signature would set off a second time, and those
/// that go by its name.
pub(super) fn allowed_on_original(name: &Ident) -> TokenStream {
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
pub(super) fn allowed_on_impl(names: Option<&TraitNames>) -> TokenStream {
    match names.map(TraitNames::trait_name) {
        Some("Clone") => quote!(#[allow(clippy::non_canonical_clone_impl)]),
        Some("PartialOrd") => quote!(#[allow(clippy::non_canonical_partial_ord_impl)]),
        _ => TokenStream::new(),
    }
}

/// The lints that generated items would set off, for no fault of the user.
pub(super) fn allowed() -> TokenStream {
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
