//! `#[replaces(path)]`: a function that takes the place of a patch point's original.

use crate::args::{PointArgs, ReplacesArgs, TargetPath};
use crate::check::slot_type_of;
use crate::errors::Errors;
use crate::expand;
use crate::item::{Annotated, Function};
use crate::paths::{self, Private};
use crate::source_module;
use crate::visit::has_lifetime_or_dyn;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{FnArg, GenericArgument, Path, PathArguments, Type, TypePath};

/// A path to a patch point, read.
pub(crate) struct Target {
    pub(crate) slot: Slot,
    span: Span,
}

/// Where the slot is looked for, such that a miss can be told.
pub(crate) enum Slot {
    /// `p::fetch`: a value of a module.
    InModule { module: Path, name: Ident },
    /// `p::Type::go`: a value of a type.
    OfType { patch: TypePath, name: Ident },
    /// `fetch`: whatever is in scope.
    Bare(TokenStream),
    /// `<Type as Trait>::go`: a value of a hidden trait.
    OfTrait {
        ty: Box<Type>,
        key: u64,
        /// The trait's type arguments; left out, they are inferred.
        of_trait: Option<Vec<Type>>,
        of_method: Vec<Type>,
    },
}

impl Target {
    /// Reads the path of a function.
    pub(crate) fn read(target: &TargetPath) -> syn::Result<Self> {
        let path = &target.path;
        let last = path.path.segments.last().expect("a path has a segment");
        let span = last.ident.span();
        let of_method = type_arguments(&last.arguments)?;
        for ty in &of_method {
            if has_lifetime_or_dyn(ty) {
                return Err(syn::Error::new_spanned(
                    ty,
                    "what has a lifetime in it, or is a trait object, cannot name an instantiation: it \
                     cannot be told from the same with another lifetime; name a type without",
                ));
            }
        }
        let slot = match (&path.qself, &target.default) {
            (Some(qself), default) if qself.position > 0 => {
                let (ty, position) = (&qself.ty, qself.position);
                if path.path.segments.len() != position + 1 {
                    return Err(syn::Error::new_spanned(
                        path,
                        "expected `<Type as Trait>::method`",
                    ));
                }
                match default {
                    None => of_trait(ty, path, position, of_method)?,
                    Some(_) => of_default(ty, path, position, &of_method)?,
                }
            }
            (_, Some(default)) => {
                return Err(syn::Error::new_spanned(
                    default,
                    "expected `default <Type as path::to::Trait>::method`",
                ));
            }
            _ => plain(path),
        };
        Ok(Target { slot, span })
    }

    /// The function `name` of what `module` is, for an error at `span`.
    pub(crate) fn in_module(module: &Path, item: &Path, span: Span) -> syn::Result<Self> {
        let path: TypePath = syn::parse_quote!(#module::#item);
        let target = Target::read(&TargetPath {
            default: None,
            path,
        })?;
        Ok(Target { span, ..target })
    }

    pub(crate) fn span(&self) -> Span {
        Span::call_site().located_at(self.span)
    }
}

fn plain(path: &TypePath) -> Slot {
    let mut patch = path.clone();
    let length = patch.path.segments.len();
    let last = patch
        .path
        .segments
        .last_mut()
        .expect("a path has a segment");
    last.ident = paths::patch(&last.ident);
    let name = last.ident.clone();
    if !matches!(last.arguments, PathArguments::None) {
        // A generic function's slot is had from a function, which takes the same arguments.
        if let PathArguments::AngleBracketed(args) = &mut last.arguments {
            args.colon2_token.get_or_insert_default();
        }
        return Slot::Bare(quote!(#patch()));
    }
    if length == 1 && path.qself.is_none() {
        return Slot::Bare(patch.to_token_stream());
    }
    let of_type = path.qself.is_some() || {
        let before = &path.path.segments[length - 2];
        before.ident.to_string().starts_with(char::is_uppercase)
            || !matches!(before.arguments, PathArguments::None)
    };
    if of_type {
        return Slot::OfType { patch, name };
    }
    let mut module = path.path.clone();
    module.segments.pop();
    module.segments.pop_punct();
    Slot::InModule { module, name }
}

fn of_trait(
    ty: &Type,
    path: &TypePath,
    position: usize,
    of_method: Vec<Type>,
) -> syn::Result<Slot> {
    let method = &path.path.segments[position].ident;
    let of = &path.path.segments[position - 1];
    let name = paths::plain(&of.ident);
    let of_trait = match &of.arguments {
        PathArguments::None if crate::check::takes_itself(&name) => Some(vec![ty.clone()]),
        PathArguments::None => None,
        arguments => Some(type_arguments(arguments)?),
    };
    Ok(Slot::OfTrait {
        ty: Box::new(ty.clone()),
        key: crate::check::trait_key(&name, method),
        of_trait,
        of_method,
    })
}

/// `<Type as path::Trait<A>>::go::<B>` as `path::Trait__go__PATCH::<Type, A, B>()`.
fn of_default(
    ty: &Type,
    path: &TypePath,
    position: usize,
    of_method: &[Type],
) -> syn::Result<Slot> {
    let method = &path.path.segments[position].ident;
    let mut place = path.path.clone();
    while place.segments.len() > position {
        place.segments.pop();
    }
    place.segments.pop_punct();
    let of = place
        .segments
        .last_mut()
        .expect("the path of a trait has a segment");
    let of_trait = type_arguments(&of.arguments)?;
    of.arguments = PathArguments::None;
    of.ident = expand::in_trait(&of.ident, method, "PATCH");
    Ok(Slot::Bare(
        quote!(#place::<#ty, #(#of_trait,)* #(#of_method),*>()),
    ))
}

fn type_arguments(arguments: &PathArguments) -> syn::Result<Vec<Type>> {
    let PathArguments::AngleBracketed(args) = arguments else {
        return Ok(Vec::new());
    };
    let types = args.args.iter().filter_map(|arg| match arg {
        GenericArgument::Lifetime(_) => None,
        GenericArgument::Type(ty) => Some(Ok(ty.clone())),
        // A value, which stands for itself.
        GenericArgument::Const(value) => Some(Ok(Type::Verbatim(value.to_token_stream()))),
        other => Some(Err(syn::Error::new_spanned(other, "expected a type"))),
    });
    types.collect()
}

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

/// A function of the slot's type around one that has not quite that type: a slot's function takes the
/// lifetimes that its arguments do not show, and boxes its future.
pub(crate) fn shim(
    function: &Function,
    name: &Ident,
    private: &Private,
) -> syn::Result<Option<TokenStream>> {
    match slot_type_of(function) {
        Ok(slot) => {
            let needed = slot.witness.is_some() || slot.future.is_some();
            Ok(needed.then(|| expand::shim(&slot, name, &function.sig.ident, private)))
        }
        // Without a box its future has a type of its own, which fits no slot.
        Err(reason) if function.sig.asyncness.is_some() => Err(reason.into_error_of_replacement()),
        Err(_) => Ok(None),
    }
}
