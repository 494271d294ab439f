//! A patch point: the dispatcher, the slot beside it, and the original.

use super::lints::{allowed, allowed_on_original, allowed_on_signature};
use super::parameters::{clause, phantoms, unbounded};
use super::place::{self, Names, Place};
use super::slot::{self, call};
use crate::check::{Declared, Header, Point};
use crate::paths::{self, Private, in_trait};
use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::quote;
use syn::spanned::Spanned;
use syn::{Attribute, Path};

/// The expansion of a patch point.
pub(super) struct Expanded {
    /// In the place of the function.
    pub(super) inside: TokenStream,
    /// Beside the impl or the trait around it.
    pub(super) outside: TokenStream,
}

/// Writes one patch point.
///
/// Input:
///
/// ```text
/// fn fetch(url: &str) -> usize { BODY }
/// ```
///
/// Output:
///
/// ```text
/// fn fetch(url: &str) -> usize {
///     match fetch__PATCH.get() {
///         None => fetch__original(url),
///         Some(found) => found(url),
///     }
/// }
/// type Slot_fetch = Slot<fn(&str) -> usize, dyn Fn(&str) -> usize + Send + Sync>;
/// const fetch__PATCH: &Slot_fetch = …;
/// fn fetch__original(url: &str) -> usize { BODY }
/// ```
pub(super) fn expand(point: &Point, place: &Place<'_>, private: &Private) -> Expanded {
    let names = Names::of(point, place);
    let dispatcher = dispatcher(point, &names, private);
    match place {
        Place::Free | Place::Inherent(_) => {
            let alias = slot::alias(point, &names, private);
            let slot = slot_item(point, &names, private);
            let original = original(point);
            match place {
                Place::Free => Expanded {
                    inside: quote!(#dispatcher #alias #slot #original),
                    outside: TokenStream::new(),
                },
                _ => Expanded {
                    inside: quote!(#dispatcher #slot #original),
                    outside: alias.unwrap_or_default(),
                },
            }
        }
        Place::TraitImpl(..) => Expanded {
            inside: dispatcher,
            outside: beside_impl(point, place, &names, private),
        },
        Place::Trait(..) => Expanded {
            inside: dispatcher,
            outside: beside_trait(point, place, &names, private),
        },
    }
}

fn dispatcher(point: &Point, names: &Names, private: &Private) -> TokenStream {
    let attrs = &point.attrs.dispatcher;
    let (vis, sig, args) = (&point.vis, &point.dispatcher, &point.args);
    let Names {
        patch, original, ..
    } = names;
    let found = paths::local("found");
    let witness = point
        .slot
        .witness
        .as_ref()
        .map(|_| quote!(#private::PhantomData,));
    let body = match &point.slot.future {
        None => quote! {
            match #patch.get() {
                #private::None => #original(#(#args),*),
                #private::Some(#found) => #found(#witness #(#args),*),
            }
        },
        // The original's future is never boxed.
        Some(_) => {
            let future = paths::local("future");
            quote! {
                match #patch.here() {
                    #private::None => #original(#(#args),*).await,
                    #private::Some(#found) => {
                        let #future = match #found {
                            #private::Scoped::Pointer(#found) => #found(#(#args),*),
                            #private::Scoped::Closure(#found) => #found(#(#args),*),
                        };
                        #future.await
                    }
                }
            }
        }
    };
    let mut body = Group::new(Delimiter::Brace, call(&point.slot, body));
    // So that the span of the whole item is that of the user's item.
    body.set_span(point.body.span());
    quote! {
        #(#attrs)*
        #vis #sig #body
    }
}

fn original(point: &Point) -> TokenStream {
    let attrs = &point.attrs.original;
    let (vis, body) = (&point.vis, &point.body);
    let mut sig = point.sig.clone();
    sig.ident = paths::original(&sig.ident);
    let allowed = allowed_on_original(&point.sig.ident);
    quote! {
        #(#attrs)*
        #[doc(hidden)]
        #allowed
        #vis #sig #body
    }
}

/// Returns `const f__PATCH: … = …;`, or for a generic function `const fn f__PATCH<T>() -> … { … }`.
fn slot_item(point: &Point, names: &Names, private: &Private) -> TokenStream {
    let (cfg, vis) = (&point.attrs.cfg, &point.vis);
    let patch = paths::patch(&point.sig.ident);
    let ty = slot::handle_type(point, names, private);
    let value = slot::handle(point, names, private);
    let allowed = allowed();
    let own = point.params.as_ref().map(|params| &params.own);
    match own.filter(|own| !own.params.is_empty()) {
        None => quote! {
            #(#cfg)*
            #[doc(hidden)]
            #allowed
            #vis const #patch: #ty = { #value };
        },
        Some(own) => {
            let params = &own.params;
            let clause = self::clause(&own.predicates);
            quote! {
                #(#cfg)*
                #[doc(hidden)]
                #allowed
                #[inline(always)]
                #vis const fn #patch<#(#params),*>() -> #ty #clause { #value }
            }
        }
    }
}

/// Returns the items beside the impl of a trait for a method in it.
fn beside_impl(point: &Point, place: &Place<'_>, names: &Names, private: &Private) -> TokenStream {
    let Place::TraitImpl(owner, of) = place else {
        return TokenStream::new();
    };
    let Header {
        generics,
        in_trait,
        self_ty,
        of: trait_path,
        ..
    } = &owner.written;
    let cfg: &Vec<Attribute> = &point.attrs.cfg;
    let signature = allowed_on_signature();
    let nothing = Declared::default();
    let own = point.params.as_ref().map_or(&nothing, |params| &params.own);

    let originals = of.originals(&point.sig.ident);
    let attrs = &point.attrs.original;
    let body = &point.body;
    let mut sig = point.sig.clone();
    sig.ident = paths::original(&sig.ident);
    let mut declaration = point.dispatcher.clone();
    declaration.ident = sig.ident.clone();
    declaration.generics = sig.generics.clone();
    for (declared, written) in declaration.inputs.iter_mut().zip(&sig.inputs) {
        if let (syn::FnArg::Typed(declared), syn::FnArg::Typed(written)) = (declared, written) {
            declared.ty = written.ty.clone();
        }
    }
    declaration.output = sig.output.clone();
    let (params, clause) = place::header(in_trait, &nothing);
    let arguments = owner.written.arguments();
    let import = trait_path.as_ref().and_then(import);

    let marker = of.marker(&point.sig.ident);
    let marker_type = place::marker_type(of, point);
    let trait_point = place::trait_point(of, point, self_ty, private);
    let group = place::method_group(of.key(&point.sig.ident), private, Span::call_site());
    let (point_params, point_clause) = place::header(generics, own);
    let all = point.params.as_ref().map_or(&nothing, |params| &params.all);
    let all_params = &all.params;
    let all_clause = self::clause(&all.predicates);
    let marker_fields = phantoms(all, private);
    let marker_params = unbounded(all, private);
    let ty = slot::handle_type(point, names, private);
    let value = slot::handle(point, names, private);
    // Through the module's own import the path is not ambiguous with a glob that a macro adds to the module.
    let own = owner.of_import.then(|| quote!(self::));
    let import = import.map(|import| quote!(#[allow(unused_imports)] use #own #import as _;));
    // The bounds of types on their parameters are implied for a function's output, but not for a constant's type.
    let point_of_marker = if point.params.is_some() {
        quote! {
            #[inline(always)]
            pub const fn point(self) -> #ty { #value }
        }
    } else {
        quote! {
            pub const PATCH: #ty = { #value };
            pub const fn point(self) -> #ty { Self::PATCH }
        }
    };
    let alias = slot::alias(point, names, private);
    quote! {
        #(#cfg)*
        #[doc(hidden)]
        #signature
        trait #originals<#(#params),*> #clause { #declaration; }
        #(#cfg)*
        #[doc(hidden)]
        pub struct #marker<#(#marker_params),*>(#marker_fields);
        #alias
        #(#cfg)*
        #signature
        const _: () = {
            #import
            impl<#(#params),*> #originals<#(#arguments),*> for #self_ty #clause {
                #(#attrs)*
                #sig #body
            }
            #[doc(hidden)]
            impl<#(#all_params),*> #marker_type #all_clause {
                #point_of_marker
            }
            #[doc(hidden)]
            impl<#(#point_params),*> #trait_point for #group #point_clause {
                const POINT: #marker_type = #marker(#marker_fields);
            }
        };
    }
}

/// Returns the path of the import that brings the trait into scope, because its methods call each other. A trait with a
/// path of one segment is in scope already, and a `use` of it may be ambiguous where the path in the `impl` is not.
fn import(of: &Path) -> Option<Path> {
    if of.segments.len() == 1 && of.leading_colon.is_none() {
        return None;
    }
    let mut import = of.clone();
    for segment in &mut import.segments {
        segment.arguments = syn::PathArguments::None;
    }
    Some(import)
}

/// Returns the items beside a trait for a default method in it.
fn beside_trait(point: &Point, place: &Place<'_>, names: &Names, private: &Private) -> TokenStream {
    let Place::Trait(owner, item) = place else {
        return TokenStream::new();
    };
    let cfg = &point.attrs.cfg;
    let vis = &item.vis;
    let (allowed, signature) = (allowed(), allowed_on_signature());
    let nothing = Declared::default();

    let originals = in_trait(&item.ident, &point.sig.ident, "Original");
    let attrs = &point.attrs.original;
    let body = &point.body;
    let mut sig = point.sig.clone();
    sig.ident = paths::original(&sig.ident);
    let name = &item.ident;
    let of_trait = crate::check::arguments(&item.generics);
    let (params, clause) = place::header(&item.generics, &nothing);
    let (any_params, any_clause) = place::header(&owner.generics, &nothing);
    let any = &owner.self_ty;

    let patch = in_trait(&item.ident, &point.sig.ident, "PATCH");
    let ty = slot::handle_type(point, names, private);
    let value = slot::handle(point, names, private);
    let all = point.params.as_ref().map_or(&nothing, |params| &params.all);
    let all_params = &all.params;
    let all_clause = self::clause(&all.predicates);
    quote! {
        #(#cfg)*
        #[doc(hidden)]
        #signature
        #vis trait #originals<#(#params),*>: #name<#(#of_trait),*> #clause {
            #(#attrs)*
            #sig #body
        }
        #(#cfg)*
        #allowed
        impl<#(#any_params),*> #originals<#(#of_trait),*> for #any #any_clause {}
        #(#cfg)*
        #[doc(hidden)]
        #allowed
        #[inline(always)]
        #vis const fn #patch<#(#all_params),*>() -> #ty #all_clause { #value }
    }
}
