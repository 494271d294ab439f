//! `#[replaces(path)]`: a function that takes the place of a patch point's original.

use crate::args::{PointArgs, ReplacesArgs};
use crate::errors::Errors;
use crate::expand;
use crate::item::{Annotated, Function};
use crate::paths::{self, Private};
use crate::shim::shim;
use crate::source_module;
use crate::target::Target;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::FnArg;

/// Expands `#[replaces(..)]`.
pub(crate) fn replaces(args: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let args = ReplacesArgs::parse(args)?;
    let private = Private::of(&args.krate());
    match crate::item::parse(item)? {
        Annotated::Function(function) => {
            check(&function, &args)?;
            on_function(&function, &args, &private)
        }
        Annotated::Module(module) => source_module::expand(module, &args, &private),
        other => Err(syn::Error::new_spanned(
            &other,
            "expected a function, or an inline module of functions",
        )),
    }
}

/// Expands `patch_point!(..)`.
pub(crate) fn point(path: TokenStream) -> syn::Result<TokenStream> {
    let args = PointArgs::parse(path)?;
    let target = Target::read(&args.target)?;
    let private = Private::of(&args.krate());
    let slot = expand::slot(&target, &private);
    // A miss is the path's fault.
    let method = Ident::new("handle", target.span());
    let import = expand::uninstantiated(&private);
    Ok(quote!({ #import #slot.#method() }))
}

fn check(function: &Function, args: &ReplacesArgs) -> syn::Result<()> {
    let mut errors = Errors::default();
    if let Some(FnArg::Receiver(receiver)) = function.sig.inputs.first() {
        errors.at(
            receiver,
            "a replacement is a free function; take the receiver as a first argument, \
             as in `this: &Type`",
        );
    }
    let options = [
        args.auto.as_ref(),
        args.implements.as_ref().map(|(name, _)| name),
        args.feature.as_ref().map(|(name, _)| name),
    ];
    for option in options.into_iter().flatten() {
        errors.at(
            option,
            format!("option `{option}` is for a module of replacements; remove it"),
        );
    }
    for param in &function.sig.generics.params {
        if !matches!(param, syn::GenericParam::Lifetime(_)) {
            errors.at(
                param,
                "a replacement cannot be generic over types: it replaces one instantiation, as in \
                 `#[replaces(path::function::<u32>)]`; name the type",
            );
        }
    }
    errors.finish(())
}

fn on_function(
    function: &Function,
    args: &ReplacesArgs,
    private: &Private,
) -> syn::Result<TokenStream> {
    let target = Target::read(&args.target)?;
    let name = &function.sig.ident;
    let cfg = crate::attrs::cfgs(&function.attrs);
    let shim_name = paths::hidden("shim");
    let shim = shim(function, &shim_name, private)?;
    let call = match &shim {
        None => name.to_token_stream(),
        Some(_) => shim_name.to_token_stream(),
    };
    let value = expand::replacement(&target, name, call, private);
    Ok(quote! {
        #function
        #(#cfg)*
        const _: () = {
            #shim
            #private::inventory::submit! { #value }
        };
    })
}
