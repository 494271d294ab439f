//! Declared parameters in the form that an expansion needs.

use crate::check::Declared;
use crate::paths::Private;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{GenericParam, WherePredicate};

/// Returns `::<A, B>`, or nothing without names.
pub(super) fn turbofish(names: &[Ident]) -> Option<TokenStream> {
    (!names.is_empty()).then(|| quote!(::<#(#names),*>))
}

/// Returns `where …`, or nothing without predicates.
pub(super) fn clause(predicates: &[WherePredicate]) -> Option<TokenStream> {
    (!predicates.is_empty()).then(|| quote!(where #(#predicates),*))
}

/// Returns the parameters without their bounds.
pub(super) fn unbounded(declared: &Declared, private: &Private) -> Vec<TokenStream> {
    let params = declared.params.iter().map(|param| match param {
        GenericParam::Type(param) => {
            let name = &param.ident;
            quote!(#name: ?#private::Sized)
        }
        other => other.to_token_stream(),
    });
    params.collect()
}

/// Returns the fields of a type that has the parameters, which are also their values.
pub(super) fn phantoms(declared: &Declared, private: &Private) -> TokenStream {
    let types = declared.params.iter().filter_map(|param| match param {
        GenericParam::Type(param) => Some(&param.ident),
        _ => None,
    });
    quote!(#(#private::PhantomData::<#types>),*)
}
