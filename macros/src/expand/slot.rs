//! The slot of a patch point: its type, and the items in it.

use super::lints::{allowed, allowed_on_signature};
use super::parameters::{clause, phantoms, turbofish, unbounded};
use super::place::Names;
use super::site::site;
use crate::check::{Declared, Point, SlotType};
use crate::paths::{self, Private};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{ReturnType, Type};

/// Returns the alias of the slot's type, unless the function is generic.
pub(super) fn alias(point: &Point, names: &Names, private: &Private) -> Option<TokenStream> {
    let name = names.slot_type.as_ref()?;
    let cfg = &point.attrs.cfg;
    let allowed = allowed();
    let SlotTypes { pointer, closure } = types(&point.slot, private);
    Some(quote! {
        #(#cfg)*
        #allowed
        type #name = #private::Slot<#pointer, #closure>;
    })
}

/// Returns the type of the handle: a reference to the slot, or an instance of a generic function.
pub(super) fn handle_type(point: &Point, names: &Names, private: &Private) -> TokenStream {
    match &names.slot_type {
        Some(alias) => quote!(&'static #alias),
        None => {
            let SlotTypes { pointer, closure } = types(&point.slot, private);
            quote!(#private::Instance<#pointer, #closure>)
        }
    }
}

/// Returns the handle, as the content of a block that contains the slot.
pub(super) fn handle(point: &Point, names: &Names, private: &Private) -> TokenStream {
    let slot = paths::hidden("slot");
    let site = site(&point.name, point.sig.ident.span(), private);
    let nothing = Declared::default();
    let declared = point.params.as_ref().map_or(&nothing, |params| &params.all);
    let original = original(point, declared, names, private);
    let own = match &names.slot_type {
        Some(_) => slot.to_token_stream(),
        None => names.inner_patch.clone(),
    };
    let trampoline = trampoline(&point.slot, declared, own, private);
    let items = [original.item, trampoline.item];
    let (original, trampoline) = (original.value, trampoline.value);
    let submit = quote! {
        #private::inventory::submit! { #private::PatchPoint::new(#slot.raw()) }
    };
    match &names.slot_type {
        Some(alias) => quote! {
            #(#items)*
            static #slot: #alias = unsafe { #alias::new(#original, #trampoline, #site) };
            #submit
            &#slot
        },
        None => {
            let text = type_text(&point.slot);
            let key = Ident::new(KEY, Span::call_site());
            let key_type = key_type(&key, declared, private);
            let names = &declared.names;
            quote! {
                #(#items)*
                #key_type
                static #slot: #private::GenericSlot = #private::GenericSlot::new(#site, || #text);
                #submit
                unsafe { #private::Instance::new::<#key<#(#names),*>>(&#slot, #original, #trampoline) }
            }
        }
    }
}

/// The name of the key type. The runtime looks for it in `type_name`, where the parameters follow it.
const KEY: &str = "__GREENPATCH_Key";

/// Returns a type with all parameters, which distinguishes instantiations.
fn key_type(key: &Ident, declared: &Declared, private: &Private) -> TokenStream {
    let params = unbounded(declared, private);
    let fields = phantoms(declared, private);
    quote! {
        struct #key<#(#params),*>(#fields);
    }
}

/// A value of the slot's function type, and the item that it needs.
struct Callable {
    item: Option<TokenStream>,
    value: TokenStream,
}

/// Returns the original as a function of the slot's type, which may be more general than the original's.
fn original(point: &Point, declared: &Declared, names: &Names, private: &Private) -> Callable {
    let original = &names.inner_original;
    if !point.slot.narrower {
        return Callable {
            item: None,
            value: original.clone(),
        };
    }
    let args = arg_names(&point.slot);
    let mut body = quote!(#original(#(#args),*));
    if point.slot.future.is_some() {
        body = quote! {
            {
                #[allow(unused_imports)]
                use #private::{BoxLocal as _, BoxSend as _};
                #private::Boxing(#body).boxed()
            }
        };
    }
    callable(&point.slot, declared, "original", body, private)
}

/// Returns a function of the slot's type that calls the function in force in the current scope.
fn trampoline(
    slot: &SlotType,
    declared: &Declared,
    own: TokenStream,
    private: &Private,
) -> Callable {
    let witness = slot
        .witness
        .as_ref()
        .map(|_| quote!(#private::PhantomData,));
    let found = paths::local("found");
    let args = arg_names(slot);
    let mut by_closure = quote!(#found(#witness #(#args),*));
    if never(&slot.output) {
        by_closure = quote!(match #by_closure {});
    }
    let body = quote! {
        match #own.scoped() {
            #private::Scoped::Closure(#found) => #by_closure,
            #private::Scoped::Pointer(#found) => #found(#witness #(#args),*),
        }
    };
    callable(slot, declared, "trampoline", body, private)
}

/// Returns `body` as a closure. Its signature is inferred from the slot's type. A closure cannot have an ABI, so for
/// a slot with an ABI it is the function `name`.
fn callable(
    slot: &SlotType,
    declared: &Declared,
    name: &str,
    body: TokenStream,
    private: &Private,
) -> Callable {
    if slot.abi.is_none() {
        let witness = slot.witness.as_ref().map(|_| quote!(_,));
        let args = arg_names(slot);
        return Callable {
            item: None,
            value: quote!(|#witness #(#args),*| #body),
        };
    }
    let name = paths::hidden(name);
    let arguments = turbofish(&declared.names);
    Callable {
        item: Some(function(slot, declared, &name, body, private)),
        value: quote!(#name #arguments),
    }
}

/// Returns a function of the slot's type that calls `replacement`, a function of the written type.
pub(super) fn shim(
    slot: &SlotType,
    name: &Ident,
    replacement: &Ident,
    private: &Private,
) -> TokenStream {
    let args = arg_names(slot);
    let mut body = quote!(#replacement(#(#args),*));
    if slot.future.is_some() {
        body = quote!(#private::Box::pin(#body));
    }
    let allowed = allowed_on_signature();
    let function = function(slot, &Declared::default(), name, body, private);
    quote!(#allowed #function)
}

/// Returns a function of the slot's type.
fn function(
    slot: &SlotType,
    declared: &Declared,
    name: &Ident,
    body: TokenStream,
    private: &Private,
) -> TokenStream {
    let SlotType {
        lifetimes,
        inputs,
        unsafety,
        abi,
        ..
    } = slot;
    let Declared {
        params, predicates, ..
    } = declared;
    let witness = slot
        .witness
        .as_ref()
        .map(|witness| quote!(_: #private::PhantomData<#witness>,));
    let args = arg_names(slot);
    let output = output(slot, private);
    let body = call(slot, body);
    let clause = clause(predicates);
    quote! {
        #unsafety #abi fn #name<#(#lifetimes,)* #(#params),*>(#witness #(#args: #inputs),*) #output
        #clause
        { #body }
    }
}

/// Returns `body`, in an `unsafe` block if functions of the slot's type are unsafe.
pub(super) fn call(slot: &SlotType, body: TokenStream) -> TokenStream {
    match slot.unsafety {
        None => body,
        Some(_) => quote!(unsafe { #body }),
    }
}

fn arg_names(slot: &SlotType) -> Vec<Ident> {
    (0..slot.inputs.len()).map(paths::local).collect()
}

fn output(slot: &SlotType, private: &Private) -> TokenStream {
    let output = &slot.output;
    let named = match (output, &slot.lender) {
        (ReturnType::Type(_, ty), Some(lender)) => Some(quote! {
            <fn(& #lender ()) -> #ty as #private::OutputOf>::Output
        }),
        _ => None,
    };
    let Some(lifetime) = &slot.future else {
        return named.map_or_else(|| output.to_token_stream(), |named| quote!(-> #named));
    };
    let resolves_to = match (output, named) {
        (_, Some(named)) => named,
        (ReturnType::Type(_, ty), None) if !never(output) => ty.to_token_stream(),
        (ReturnType::Type(..), None) => quote!(#private::Infallible),
        (ReturnType::Default, None) => quote!(()),
    };
    quote!(-> #private::BoxFuture<#lifetime, #resolves_to>)
}

fn never(output: &ReturnType) -> bool {
    matches!(output, ReturnType::Type(_, ty) if matches!(**ty, Type::Never(_)))
}

fn ends_in_bounds(ty: &Type) -> bool {
    matches!(
        ty,
        Type::Reference(_) | Type::Ptr(_) | Type::FnPtr(_) | Type::Group(_)
    )
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
        unsafety,
        abi,
        ..
    } = slot;
    let binder = (!lifetimes.is_empty()).then(|| quote!(for<#(#lifetimes),*>));
    let witness = slot
        .witness
        .as_ref()
        .map(|witness| quote!(#private::PhantomData<#witness>,));
    let output = output(slot, private);
    // `Fn() -> !` is unstable.
    let closure_output = if never(&slot.output) && slot.future.is_none() {
        quote!(-> #private::Infallible)
    } else {
        match &slot.output {
            // `Fn() -> &dyn A + Send` does not parse.
            ReturnType::Type(arrow, ty)
                if slot.future.is_none() && slot.lender.is_none() && ends_in_bounds(ty) =>
            {
                quote!(#arrow (#ty))
            }
            _ => output.clone(),
        }
    };
    SlotTypes {
        pointer: quote!(#binder #unsafety #abi fn(#witness #(#inputs),*) #output),
        closure: quote! {
            dyn #binder #private::Fn(#witness #(#inputs),*) #closure_output
                + #private::Send + #private::Sync
        },
    }
}

/// Returns the type of a generic function's slot, for display.
fn type_text(slot: &SlotType) -> String {
    let SlotType {
        inputs,
        output,
        unsafety,
        abi,
        ..
    } = slot;
    paths::text(quote!(#unsafety #abi fn(#(#inputs),*) #output))
}
