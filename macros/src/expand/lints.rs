//! The lints that are allowed on generated items.
//!
//! A lint that points at a token of the expansion is not reported, because the expansion belongs to another crate. The
//! lints here point at the user's tokens, which the expansion repeats: the signature and its types. They are
//! reported once, for the dispatcher.

use crate::check::TraitNames;
use crate::paths;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

/// Returns the lints on a second signature. The body of the user's function is below them, so they contain none that
/// could be about code in it, as `deprecated` is.
pub(super) fn allowed_on_original(name: &Ident) -> TokenStream {
    let name = paths::plain(name);
    let by_name = match name.as_str() {
        "is_empty" => quote!(clippy::len_zero,),
        "clone_from" => quote!(clippy::assigning_clones,),
        // An item with such a name may be unused, and so may everything inside it.
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

/// Returns the lints that look for a method's body in the impl of a trait, which the expansion moves elsewhere.
pub(super) fn allowed_on_impl(names: Option<&TraitNames>) -> TokenStream {
    match names.map(TraitNames::trait_name) {
        Some("Clone") => quote!(#[allow(clippy::non_canonical_clone_impl)]),
        Some("PartialOrd") => quote!(#[allow(clippy::non_canonical_partial_ord_impl)]),
        _ => TokenStream::new(),
    }
}

/// Returns the lints on the user's types, for an item that contains no code of the user. With `dead_code`, because an
/// unused method is not reported if the hidden items beside it are unused as well.
pub(super) fn allowed() -> TokenStream {
    quote!(#[allow(clippy::borrowed_box, dead_code, deprecated, elided_lifetimes_in_paths)])
}

/// Returns the lints on the user's types and on a signature that consists of them.
pub(super) fn allowed_on_signature() -> TokenStream {
    let allowed = allowed();
    quote! {
        #allowed
        #[allow(clippy::ptr_arg, mismatched_lifetime_syntaxes, private_bounds, private_interfaces)]
    }
}
