//! The place of a patch point, and the paths to its items from there.

use super::parameters::turbofish;
use crate::check::{Declared, Owner, Point, TraitNames, arguments, is_made_up};
use crate::item::Trait;
use crate::paths::{self, Private, in_trait};
use crate::visit::RenameLifetimes;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::visit_mut::VisitMut;
use syn::{GenericParam, Lifetime, Type};

/// The place of the items of a patch point.
pub(crate) enum Place<'a> {
    /// Beside a free function.
    Free,
    /// In an inherent impl.
    Inherent(&'a Owner),
    /// Beside the impl of a trait.
    TraitImpl(&'a Owner, &'a TraitNames),
    /// Beside a trait.
    Trait(&'a Owner, &'a Trait),
}

impl Place<'_> {
    /// Returns the name of the alias of the slot's type, which is beside the function or beside its impl.
    fn slot_type(&self, name: &Ident) -> Ident {
        let name = paths::plain(name);
        match self {
            Place::Free => paths::hidden(format_args!("Slot_{name}")),
            Place::Inherent(owner) | Place::TraitImpl(owner, _) | Place::Trait(owner, _) => {
                paths::hidden(format_args!("Slot_{}_{name}", owner.hash))
            }
        }
    }
}

/// The paths to a patch point's items.
pub(super) struct Names {
    /// To the slot, from the dispatcher.
    pub(super) patch: TokenStream,
    /// To the original, from the dispatcher.
    pub(super) original: TokenStream,
    /// To the slot, from inside it.
    pub(super) inner_patch: TokenStream,
    /// To the original, from inside the slot.
    pub(super) inner_original: TokenStream,
    /// The alias of the slot's type, unless the function is generic.
    pub(super) slot_type: Option<Ident>,
}

impl Names {
    pub(super) fn of(point: &Point, place: &Place<'_>) -> Self {
        let name = &point.sig.ident;
        let patch = paths::patch(name);
        let original = paths::original(name);
        let nothing = Declared::default();
        let own = point.params.as_ref().map_or(&nothing, |params| &params.own);
        let inner = turbofish(&own.names);
        let slot_type = point.params.is_none().then(|| place.slot_type(name));
        // The type of an `impl Trait` argument has no name in the dispatcher, but is inferred.
        let outer_names = own.names.iter().enumerate().map(|(index, name)| {
            if index < point.explicit {
                name.to_token_stream()
            } else {
                quote!(_)
            }
        });
        let outer = (!own.names.is_empty()).then(|| quote!(::<#(#outer_names),*>));
        let call = inner.as_ref().map(|_| quote!(()));
        match place {
            Place::Free => Names {
                patch: quote!(#patch #outer #call),
                original: quote!(#original #outer),
                inner_patch: quote!(#patch #inner #call),
                inner_original: quote!(#original #inner),
                slot_type,
            },
            Place::Inherent(owner) => {
                let ty = inner_type(&owner.self_ty);
                Names {
                    patch: quote!(Self::#patch #outer #call),
                    original: quote!(Self::#original #outer),
                    inner_patch: quote!(<#ty>::#patch #inner #call),
                    inner_original: quote!(<#ty>::#original #inner),
                    slot_type,
                }
            }
            Place::TraitImpl(owner, names) => {
                let ty = inner_type(&owner.self_ty);
                let originals = names.originals(name);
                let marker = names.marker(name);
                let written = owner.written.arguments();
                let renamed = arguments(&owner.generics);
                let renamed = renamed.iter().map(hide_made_up);
                let all = point.params.as_ref().map_or(&nothing, |params| &params.all);
                let around = &all.names[..all.names.len() - own.names.len()];
                let around: Vec<_> = around.iter().map(ToTokens::to_token_stream).collect();
                let outer_names = outer_arguments(point, own);
                let inner_marker = turbofish(&all.names);
                let outer_marker =
                    (!all.names.is_empty()).then(|| quote!(::<#(#around,)* #(#outer_names),*>));
                let written = written.iter().map(hide_made_up);
                let of_marker = |arguments: Option<TokenStream>| match &point.params {
                    None => quote!(#marker::PATCH),
                    Some(params) => {
                        let types = params.all.params.iter();
                        let fields = types
                            .filter(|param| matches!(param, GenericParam::Type(_)))
                            .map(|_| quote!(::core::marker::PhantomData));
                        quote!(#marker #arguments(#(#fields),*).point())
                    }
                };
                Names {
                    patch: of_marker(outer_marker),
                    original: quote!(<Self as #originals<#(#written),*>>::#original #outer),
                    inner_patch: of_marker(inner_marker),
                    inner_original: quote!(<#ty as #originals<#(#renamed),*>>::#original #inner),
                    slot_type,
                }
            }
            Place::Trait(owner, item) => {
                let ty = &owner.self_ty;
                let patch = in_trait(&item.ident, name, "PATCH");
                let originals = in_trait(&item.ident, name, "Original");
                let of_trait = arguments(&item.generics);
                let outer_names: Vec<_> = outer_arguments(point, own);
                let inner_names = &own.names;
                Names {
                    patch: quote!(#patch::<Self, #(#of_trait,)* #(#outer_names),*>()),
                    original: quote!(<Self as #originals<#(#of_trait),*>>::#original #outer),
                    inner_patch: quote!(#patch::<#ty, #(#of_trait,)* #(#inner_names),*>()),
                    inner_original: quote!(<#ty as #originals<#(#of_trait),*>>::#original #inner),
                    slot_type,
                }
            }
        }
    }
}

fn outer_arguments(point: &Point, own: &Declared) -> Vec<TokenStream> {
    own.names
        .iter()
        .enumerate()
        .map(|(index, name)| {
            if index < point.explicit {
                name.to_token_stream()
            } else {
                quote!(_)
            }
        })
        .collect()
}

/// Returns the impl's type as written inside the slot, where its lifetimes are inferred.
fn inner_type(ty: &Type) -> Type {
    let mut ty = ty.clone();
    let any =
        |lifetime: &Lifetime| is_made_up(lifetime).then(|| Lifetime::new("'_", lifetime.span()));
    RenameLifetimes(&any).visit_type_mut(&mut ty);
    ty
}

/// Replaces a lifetime of the expansion with `'_`, which is inferred.
fn hide_made_up(argument: &TokenStream) -> TokenStream {
    match syn::parse2::<Lifetime>(argument.clone()) {
        Ok(lifetime) if is_made_up(&lifetime) => quote!('_),
        _ => argument.clone(),
    }
}

/// Returns the hidden trait that leads to the slot of a method in the impl of a trait.
pub(super) fn trait_point(
    names: &TraitNames,
    point: &Point,
    self_ty: &Type,
    private: &Private,
) -> TokenStream {
    let method = &point.sig.ident;
    let marker = marker_type(names, point);
    let key = names.key(method);
    let of_trait = &names.arguments;
    let of_method = point.params.iter().flat_map(|params| &params.own.names);
    quote! {
        #private::TraitPoint<
            #marker,
            #key,
            (#(#private::PhantomData<#of_trait>,)*),
            (#(#private::PhantomData<#of_method>,)*),
            #self_ty,
        >
    }
}

/// Returns the type that implements the hidden trait, for a method with this key.
pub(super) fn method_group(key: u64, private: &Private, span: Span) -> TokenStream {
    let group = format_ident!("M{}", key % 16);
    quote!(#private::methods::#group)
        .into_iter()
        .map(|mut tree| {
            // The span of `$crate` also determines its crate.
            if tree.to_string() != "$crate" {
                tree.set_span(span);
            }
            tree
        })
        .collect()
}

/// Returns the type of the expansion that contains the slot of a method.
pub(super) fn marker_type(names: &TraitNames, point: &Point) -> TokenStream {
    let marker = names.marker(&point.sig.ident);
    let all = point.params.iter().flat_map(|params| &params.all.names);
    quote!(#marker<#(#all),*>)
}

/// Returns `params` and `where predicates`, with the lifetimes first.
pub(super) fn header(
    own: &syn::Generics,
    declared: &Declared,
) -> (Vec<TokenStream>, Option<TokenStream>) {
    let lifetimes = own
        .params
        .iter()
        .filter(|param| matches!(param, GenericParam::Lifetime(_)));
    let others = own
        .params
        .iter()
        .filter(|param| !matches!(param, GenericParam::Lifetime(_)));
    let params = lifetimes
        .chain(others)
        .chain(&declared.params)
        .map(without_default)
        .collect();
    let written = own
        .where_clause
        .iter()
        .flat_map(|clause| &clause.predicates);
    let predicates: Vec<_> = written
        .map(ToTokens::to_token_stream)
        .chain(declared.predicates.iter().map(ToTokens::to_token_stream))
        .collect();
    let clause = (!predicates.is_empty()).then(|| quote!(where #(#predicates),*));
    (params, clause)
}

fn without_default(param: &GenericParam) -> TokenStream {
    let mut param = param.clone();
    match &mut param {
        GenericParam::Type(param) => param.default = None,
        GenericParam::Const(param) => param.default = None,
        GenericParam::Lifetime(_) => {}
    }
    param.to_token_stream()
}
