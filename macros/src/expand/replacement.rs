//! The registration of a replacement, and the expression for a patch point.

use super::place::method_group;
use super::site::site;
use super::slot;
use crate::check::{Replacement, Slot, Target};
use crate::item::Function;
use crate::paths::{self, Private};
use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

/// Writes a function that replaces a patch point's original.
pub(super) fn expand(
    function: &Function,
    replacement: &Replacement,
    private: &Private,
) -> TokenStream {
    let cfg = &replacement.cfg;
    let shim = shim(replacement, private);
    let value = value(replacement, private);
    quote! {
        #function
        #(#cfg)*
        const _: () = {
            #shim
            #private::inventory::submit! { #value }
        };
    }
}

/// Writes the value of `patch_point!(..)`.
pub(crate) fn expand_point(target: &Target, private: &Private) -> TokenStream {
    let slot = slot_of(target, private);
    // The error for a path without a patch point is at the path.
    let method = Ident::new("handle", target.span());
    let import = uninstantiated(private);
    quote!({ #import #slot.#method() })
}

/// Returns the function of the slot's type around the replacement, if it needs one.
pub(super) fn shim(replacement: &Replacement, private: &Private) -> Option<TokenStream> {
    let slot = replacement.shim.as_ref()?;
    let name = shim_name(replacement);
    Some(slot::shim(slot, &name, &replacement.function, private))
}

fn shim_name(replacement: &Replacement) -> Ident {
    paths::hidden(format_args!("shim_{}", paths::plain(&replacement.function)))
}

/// Returns the value that registers the replacement. The call checks its type.
pub(super) fn value(replacement: &Replacement, private: &Private) -> TokenStream {
    let Replacement {
        target, function, ..
    } = replacement;
    let slot = slot_of(target, private);
    let site = site(&function.to_string(), function.span(), private);
    let call = match replacement.shim {
        None => function.clone(),
        Some(_) => shim_name(replacement),
    };
    // The error for a path without a patch point is at the path, the error for a wrong type at the function.
    let method = Ident::new("replacement", target.span());
    let import = uninstantiated(private);
    quote!({ #import #slot.#method(#call, #site) })
}

/// Returns the import by which a generic function without type arguments is reported.
fn uninstantiated(private: &Private) -> TokenStream {
    quote!(#[allow(unused_imports)] use #private::Uninstantiated as _;)
}

/// Returns the expression for the slot at a path.
fn slot_of(target: &Target, private: &Private) -> TokenStream {
    let span = target.span();
    match &target.slot {
        Slot::InModule { module, name } => quote_spanned! {span=>
            ({
                // Used only if the module has no item of that name.
                #[allow(non_upper_case_globals, dead_code)]
                const #name: #private::NoPatchPoint =
                    #private::NoPatchPoint(#private::PhantomData);
                {
                    #[allow(unused_imports)]
                    use #module::*;
                    #name
                }
            })
        },
        Slot::OfType { patch, name } => {
            let missing = paths::hidden("Missing");
            quote_spanned! {span=>
            ({
                #[allow(non_upper_case_globals, dead_code)]
                trait #missing {
                    const #name: #private::NoPatchPoint =
                        #private::NoPatchPoint(#private::PhantomData);
                }
                impl<T: ?#private::Sized> #missing for T {}
                #patch
            })
            }
        }
        Slot::Bare(patch) => patch.clone(),
        Slot::OfTrait {
            ty,
            key,
            of_trait,
            of_method,
        } => {
            let of_trait = match of_trait {
                None => quote!(_),
                Some(types) => quote!((#(#private::PhantomData<#types>,)*)),
            };
            let of_method = quote!((#(#private::PhantomData<#of_method>,)*));
            // The error for a type without a patch point is at the type.
            let group = method_group(*key, private, ty.span());
            quote_spanned! {span=>
                <#group as #private::TraitPoint<_, #key, #of_trait, #of_method, #ty>>::POINT.point()
            }
        }
    }
}
