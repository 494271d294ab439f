//! A path to a patch point, as in `#[replaces(path)]`.

use super::trait_impl::{key, takes_itself};
use crate::args::TargetPath;
use crate::paths;
use crate::visit::has_lifetime_or_dyn;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{GenericArgument, Path, PathArguments, Type, TypePath};

/// The parsed path to a patch point.
pub(crate) struct Target {
    pub(crate) slot: Slot,
    span: Span,
}

/// The place where the slot is looked up, so that a miss can be reported.
pub(crate) enum Slot {
    /// `p::fetch`: a value of a module.
    InModule { module: Path, name: Ident },
    /// `p::Type::go`: a value of a type.
    OfType { patch: TypePath, name: Ident },
    /// `fetch`: an item in scope.
    Bare(TokenStream),
    /// `<Type as Trait>::go`: a value of a hidden trait.
    OfTrait {
        ty: Box<Type>,
        key: u64,
        /// The trait's type arguments, which are inferred if they are omitted.
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
                    "a type that contains a lifetime, or a trait object, cannot name an instantiation: it \
                     cannot be distinguished from the same type with another lifetime; name a type without one",
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

    /// Returns the target `item` of `module`, with its errors at `span`.
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
        // The slot of a generic function is the result of a function that takes the same arguments.
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
        PathArguments::None if takes_itself(&name) => Some(vec![ty.clone()]),
        PathArguments::None => None,
        arguments => Some(type_arguments(arguments)?),
    };
    Ok(Slot::OfTrait {
        ty: Box::new(ty.clone()),
        key: key(&name, method),
        of_trait,
        of_method,
    })
}

/// Returns `path::Trait__go__PATCH::<Type, A, B>()` for `<Type as path::Trait<A>>::go::<B>`.
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
    of.ident = paths::in_trait(&of.ident, method, "PATCH");
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
        // A value, written as it is.
        GenericArgument::Const(value) => Some(Ok(Type::Verbatim(value.to_token_stream()))),
        other => Some(Err(syn::Error::new_spanned(other, "expected a type"))),
    });
    types.collect()
}
