//! `#[replaces(path)]`: a function that takes the place of a patch point's original.

use crate::args::ReplacesArgs;
use crate::errors::Errors;
use crate::expand;
use crate::item::{Annotated, Function};
use crate::paths::{self, Private};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{FnArg, Path, PathArguments, TypePath};

/// A path to a patch point, read.
pub(crate) struct Target {
    /// The same path with the name of the slot: `p::fetch__PATCH`.
    pub(crate) patch: TypePath,
    pub(crate) slot: Slot,
    span: Span,
}

/// How the slot is looked for, such that a miss can be told.
pub(crate) enum Slot {
    /// `p::fetch`: a value of a module.
    InModule { module: Path, name: Ident },
    /// `p::Type::go`: a value of a type.
    OfType { name: Ident },
    /// `fetch`: whatever is in scope.
    Bare,
}

impl Target {
    /// Reads the path of a function.
    pub(crate) fn read(path: &TypePath) -> Self {
        let mut patch = path.clone();
        let last = patch
            .path
            .segments
            .last_mut()
            .expect("a path has a segment");
        last.ident = paths::patch(&last.ident);
        let name = last.ident.clone();
        let slot = match path.path.segments.len() {
            1 => Slot::Bare,
            length => {
                let before = &path.path.segments[length - 2];
                let upper = before.ident.to_string().starts_with(char::is_uppercase);
                if upper || path.qself.is_some() || before.arguments != PathArguments::None {
                    Slot::OfType { name }
                } else {
                    let mut module = path.path.clone();
                    module.segments.pop();
                    module.segments.pop_punct();
                    Slot::InModule { module, name }
                }
            }
        };
        Target {
            patch,
            slot,
            span: path.path.segments.last().expect("as above").ident.span(),
        }
    }

    pub(crate) fn span(&self) -> Span {
        Span::call_site().located_at(self.span)
    }
}

/// Expands `#[replaces(..)]`.
pub(crate) fn replaces(args: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let args = ReplacesArgs::parse(args)?;
    let private = Private::of(&args.krate());
    match crate::item::parse(item)? {
        Annotated::Function(function) => {
            check(&function, &args)?;
            Ok(on_function(&function, &args, &private))
        }
        other => Err(syn::Error::new_spanned(&other, "expected a function")),
    }
}

/// Expands `patch_point!(..)`.
pub(crate) fn point(path: TokenStream) -> syn::Result<TokenStream> {
    let target = Target::read(&syn::parse2(path)?);
    let slot = expand::slot(&target, &Private::of(&syn::parse_quote!(::greenpatch)));
    // A miss is the path's fault.
    let method = Ident::new("handle", target.span());
    Ok(quote!(#slot.#method()))
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

fn on_function(function: &Function, args: &ReplacesArgs, private: &Private) -> TokenStream {
    let target = Target::read(&args.target);
    let name = &function.sig.ident;
    let cfg = crate::attrs::cfgs(&function.attrs);
    let value = expand::replacement(&target, name, name.to_token_stream(), private);
    quote! {
        #function
        #(#cfg)*
        const _: () = {
            #private::inventory::submit! { #value }
        };
    }
}
