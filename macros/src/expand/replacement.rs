//! What registers a replacement.

use super::place::method_group;
use super::site::site;
use crate::paths::{self, Private};
use crate::target::{Slot, Target};
use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

/// The value that registers `function` for `target`; its type is checked here.
pub(crate) fn replacement(
    target: &Target,
    function: &Ident,
    call: TokenStream,
    private: &Private,
) -> TokenStream {
    let slot = slot(target, private);
    let name = function.to_string();
    let site = site(&name, function.span(), private);
    // A miss is the path's fault, a wrong type the function's.
    let method = Ident::new("replacement", target.span());
    let import = uninstantiated(private);
    quote!({ #import #slot.#method(#call, #site) })
}

/// What tells that a generic function was named without its type arguments.
pub(crate) fn uninstantiated(private: &Private) -> TokenStream {
    quote!(#[allow(unused_imports)] use #private::Uninstantiated as _;)
}

/// The expression that a path to a patch point stands for: its slot.
pub(crate) fn slot(target: &Target, private: &Private) -> TokenStream {
    let span = target.span();
    match &target.slot {
        Slot::InModule { module, name } => quote_spanned! {span=>
            ({
                // Found only if the module has none.
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
            // A miss is the type's fault.
            let group = method_group(*key, private, ty.span());
            quote_spanned! {span=>
                <#group as #private::TraitPoint<_, #key, #of_trait, #of_method, #ty>>::POINT.point()
            }
        }
    }
}
