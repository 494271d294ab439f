//! `#[replaces(path::to::module)]` on a module: a source module, with its hooks, as a value.

use crate::args::{Implements, ReplacesArgs};
use crate::attrs;
use crate::errors::Errors;
use crate::expand;
use crate::item::{Annotated, Function, Module};
use crate::paths::{self, Private};
use crate::shim::shim;
use crate::target::Target;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{Path, Visibility};

/// Input:
///
/// ```text
/// #[replaces(net)]
/// mod green_net { pub fn connect() { … } }
/// ```
///
/// Output:
///
/// ```text
/// use net as __greenpatch_target_green_net;
/// mod green_net {
///     pub fn connect() { … }
///     pub static SOURCE: Source = Source::new(module_path!(), "net", &[…]);
/// }
/// ```
pub(crate) fn expand(
    mut module: Module,
    args: &ReplacesArgs,
    private: &Private,
) -> syn::Result<TokenStream> {
    let mut errors = Errors::default();
    if let Some(default) = &args.target.default {
        errors.at(default, "`default` is for a method; remove it");
    }
    if args.target.path.qself.is_some() {
        errors.at(&args.target.path, "expected the path of a module");
    }
    let Some((inner, mut items)) = module.content.take() else {
        errors.at(
            &module,
            format!(
                "the macro cannot see into another file; write `mod {0} {{ … }}` with the code in \
                 braces, or put `#[replaces(..)]` on the functions in the file one by one",
                module.ident
            ),
        );
        return errors.finish(TokenStream::new());
    };
    let hooks = take_hooks(&mut items, &mut errors);
    let chosen = choose(&items, args, &hooks, &mut errors);

    // A path that is written outside of the module would mean something else inside.
    let alias = paths::hidden(format_args!("target_{}", module.ident));
    let target: Path = syn::parse_quote!(super::#alias);
    let mut replacements = TokenStream::new();
    let mut shims = TokenStream::new();
    for (item, function) in &chosen {
        let name = &function.sig.ident;
        let point = match Target::in_module(&target, item, name.span()) {
            Ok(point) => point,
            Err(error) => {
                errors.push(error);
                continue;
            }
        };
        let shim_name = paths::hidden(format_args!("shim_{}", paths::plain(name)));
        let shim = match shim(function, &shim_name, private) {
            Ok(shim) => shim,
            Err(error) => {
                errors.push(error);
                continue;
            }
        };
        let call = match &shim {
            None => name.to_token_stream(),
            Some(_) => shim_name.to_token_stream(),
        };
        let cfg = attrs::cfgs(&function.attrs);
        shims.extend(shim.map(|shim| quote!(#(#cfg)* #shim)));
        let value = expand::replacement(&point, name, call, private);
        replacements.extend(quote!(#(#cfg)* #value,));
    }
    errors.finish(())?;

    let outside = &args.target.path.path;
    let text = paths::text(outside);
    let auto = args.auto.as_ref().map(|_| quote!(.auto()));
    let feature = args
        .feature
        .as_ref()
        .map(|(_, name)| quote!(.feature_named(#name)));
    let hooks = hooks.iter().map(|hook| {
        let (method, function) = (&hook.method, &hook.function);
        quote!(.#method(#function))
    });
    let source = quote! {
        #shims
        /// The replacements in this module, as a value.
        #[allow(unreachable_pub)]
        pub static SOURCE: #private::Source =
            #private::Source::new(#private::module_path!(), #text, &[#replacements])
                #feature #auto #(#hooks)*;
        const _: () = {
            #private::inventory::submit! { #private::Linked(&SOURCE) }
        };
    };
    let items: TokenStream = items.iter().map(ToTokens::to_token_stream).collect();
    let cfg = attrs::cfgs(&module.attrs);
    let module = module.with(&inner, quote!(#items #source));
    Ok(quote! {
        #(#cfg)*
        #[doc(hidden)]
        #[allow(unused_imports, non_snake_case)]
        use #outside as #alias;
        #module
    })
}

struct Hook {
    /// The attribute's name, and that of the method that takes the function.
    method: Ident,
    function: Ident,
}

/// Takes `#[will_patch]` and `#[did_patch]` off their functions.
fn take_hooks(items: &mut [Annotated], errors: &mut Errors) -> Vec<Hook> {
    let mut hooks: Vec<Hook> = Vec::new();
    for item in items {
        let Annotated::Function(function) = item else {
            continue;
        };
        let ident = function.sig.ident.clone();
        function.attrs.retain(|attr| {
            let Some(last) = attr.path().segments.last() else {
                return true;
            };
            if !attrs::is_hook(attr) {
                return true;
            }
            if hooks.iter().any(|hook| hook.method == last.ident) {
                errors.at(
                    attr.path(),
                    format!(
                        "a module of replacements has one `{}` hook; remove one",
                        last.ident
                    ),
                );
            } else {
                hooks.push(Hook {
                    method: last.ident.clone(),
                    function: ident.clone(),
                });
            }
            false
        });
    }
    hooks
}

/// The functions that replace something, and what.
fn choose<'a>(
    items: &'a [Annotated],
    args: &ReplacesArgs,
    hooks: &[Hook],
    errors: &mut Errors,
) -> Vec<(Path, &'a Function)> {
    let functions: Vec<&Function> = items
        .iter()
        .filter_map(|item| match item {
            Annotated::Function(function) => Some(function),
            _ => None,
        })
        .collect();
    let chosen: Vec<(Path, &Function)> = match &args.implements {
        None => functions
            .iter()
            .filter(|function| !matches!(function.vis, Visibility::Inherited))
            .filter(|function| hooks.iter().all(|hook| hook.function != function.sig.ident))
            .map(|function| (function.sig.ident.clone().into(), *function))
            .collect(),
        Some((_, list)) => list
            .iter()
            .filter_map(
                |Implements {
                     item,
                     function: name,
                 }| {
                    let found = functions
                        .iter()
                        .find(|function| function.sig.ident == *name);
                    if found.is_none() {
                        errors.at(name, format!("no function `{name}` in this module"));
                    }
                    found.map(|function| (item.clone(), *function))
                },
            )
            .collect(),
    };
    for (_, function) in &chosen {
        if let Some(param) = function.sig.generics.type_params().next() {
            errors.at(
                param,
                "a replacement cannot be generic over types; make the function private, or leave it out \
                 of `implements(..)`",
            );
        }
    }
    if chosen.is_empty() {
        let what = args.target.path.to_token_stream();
        errors.at(
            what,
            "nothing in this module replaces anything: make functions public, or list them in \
             `implements(..)`",
        );
    }
    chosen
}
