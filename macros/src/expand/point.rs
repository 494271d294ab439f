//! A patch point: the dispatcher, the slot beside it, and the original.

use super::{allowed, site};
use crate::check::{Owner, Point, SlotType};
use crate::paths::{self, Private};
use proc_macro2::{Delimiter, Group, Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::spanned::Spanned;
use syn::{ReturnType, Type};

/// Where the items of a patch point stand.
pub(crate) enum Place<'a> {
    /// Beside a free function.
    Free,
    /// In an inherent impl.
    Inherent(&'a Owner),
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
///         Some(replacement) => replacement(url),
///     }
/// }
/// const fetch__PATCH: &Slot<fn(&str) -> usize, dyn Fn(&str) -> usize + Send + Sync> = …;
/// fn fetch__original(url: &str) -> usize { BODY }
/// ```
pub(crate) fn expand(point: &Point, place: &Place<'_>, private: &Private) -> TokenStream {
    let slot = slot(point, place, private);
    let dispatcher = dispatcher(point, place, private);
    let original = original(point);
    quote!(#dispatcher #slot #original)
}

fn dispatcher(point: &Point, place: &Place<'_>, private: &Private) -> TokenStream {
    let attrs = &point.attrs.dispatcher;
    let (vis, sig, args) = (&point.vis, &point.dispatcher, &point.args);
    let qualifier = matches!(place, Place::Inherent(_)).then(|| quote!(Self::));
    let patch = paths::patch(&sig.ident);
    let original = paths::original(&sig.ident);
    let replacement = paths::local("replacement");
    let witness = point
        .slot
        .witness
        .as_ref()
        .map(|_| quote!(#private::PhantomData,));
    let body = quote! {
        match #qualifier #patch.get() {
            #private::None => #qualifier #original(#(#args),*),
            #private::Some(#replacement) => #replacement(#witness #(#args),*),
        }
    };
    let mut body = Group::new(Delimiter::Brace, call(&point.slot, body));
    // So that the item as a whole is where the user's was.
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
    quote! {
        #(#attrs)*
        #[doc(hidden)]
        #vis #sig #body
    }
}

fn slot(point: &Point, place: &Place<'_>, private: &Private) -> TokenStream {
    let (cfg, vis) = (&point.attrs.cfg, &point.vis);
    let patch = paths::patch(&point.sig.ident);
    let original_name = paths::original(&point.sig.ident);
    let slot = paths::hidden("SLOT");
    let trampoline_name = paths::hidden("trampoline");
    let SlotTypes { pointer, closure } = types(&point.slot, private);
    let slot_type = quote!(#private::Slot<#pointer, #closure>);
    let site = site(&point.name, point.sig.ident.span(), private);
    let allowed = allowed();

    let path = match place {
        Place::Free => quote!(#original_name),
        Place::Inherent(owner) => {
            let own = &owner.self_ty;
            quote!(<#own>::#original_name)
        }
    };
    let (adapter, path) = if point.slot.narrower {
        let adapter = paths::hidden("original");
        let args = names(&point.slot);
        let body = quote!(#path(#(#args),*));
        (
            function(&point.slot, &adapter, body, private),
            adapter.into_token_stream(),
        )
    } else {
        (TokenStream::new(), path)
    };
    let trampoline = trampoline(&point.slot, &trampoline_name, &slot, private);
    quote! {
        #(#cfg)*
        #[doc(hidden)]
        #allowed
        #vis const #patch: &'static #slot_type = {
            #adapter
            #trampoline
            static #slot: #slot_type =
                unsafe { #private::Slot::new(#path, #trampoline_name, #site) };
            #private::inventory::submit! { #private::PatchPoint::new(#slot.raw()) }
            &#slot
        };
    }
}

/// A function of the slot's type that calls what is in force in the current scope.
fn trampoline(slot: &SlotType, name: &Ident, slot_name: &Ident, private: &Private) -> TokenStream {
    let witness = slot
        .witness
        .as_ref()
        .map(|_| quote!(#private::PhantomData,));
    let found = paths::local("found");
    let args = names(slot);
    let mut by_closure = quote!(#found(#witness #(#args),*));
    if never(&slot.output) {
        by_closure = quote!(match #by_closure {});
    }
    let body = quote! {
        match #slot_name.scoped() {
            #private::Scoped::Closure(#found) => #by_closure,
            #private::Scoped::Pointer(#found) => #found(#witness #(#args),*),
        }
    };
    function(slot, name, body, private)
}

/// A function of the slot's type.
fn function(slot: &SlotType, name: &Ident, body: TokenStream, private: &Private) -> TokenStream {
    let SlotType {
        lifetimes,
        inputs,
        output,
        unsafety,
        abi,
        ..
    } = slot;
    let witness = slot
        .witness
        .as_ref()
        .map(|witness| quote!(_: #private::PhantomData<#witness>,));
    let args = names(slot);
    let body = call(slot, body);
    quote! {
        #unsafety #abi fn #name<#(#lifetimes),*>(#witness #(#args: #inputs),*) #output { #body }
    }
}

/// A body that calls what has the slot's type.
fn call(slot: &SlotType, body: TokenStream) -> TokenStream {
    match slot.unsafety {
        None => body,
        Some(_) => quote!(unsafe { #body }),
    }
}

fn names(slot: &SlotType) -> Vec<Ident> {
    (0..slot.inputs.len())
        .map(|index| paths::local(&format_ident!("arg_{index}").to_string()))
        .collect()
}

fn never(output: &ReturnType) -> bool {
    matches!(output, ReturnType::Type(_, ty) if matches!(**ty, Type::Never(_)))
}

struct SlotTypes {
    /// `for<'a> fn(&'a str) -> usize`
    pointer: TokenStream,
    /// `dyn for<'a> Fn(&'a str) -> usize + Send + Sync`
    closure: TokenStream,
}

fn types(slot: &SlotType, private: &Private) -> SlotTypes {
    let SlotType {
        lifetimes,
        inputs,
        output,
        unsafety,
        abi,
        ..
    } = slot;
    let binder = (!lifetimes.is_empty()).then(|| quote!(for<#(#lifetimes),*>));
    let witness = slot
        .witness
        .as_ref()
        .map(|witness| quote!(#private::PhantomData<#witness>,));
    // `Fn() -> !` is not to be written yet.
    let closure_output = if never(output) {
        quote!(-> #private::Infallible)
    } else {
        output.to_token_stream()
    };
    SlotTypes {
        pointer: quote!(#binder #unsafety #abi fn(#witness #(#inputs),*) #output),
        closure: quote! {
            dyn #binder #private::Fn(#witness #(#inputs),*) #closure_output
                + #private::Send + #private::Sync
        },
    }
}
