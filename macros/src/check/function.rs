//! The rules for one function, and the type of its slot.

use super::elision::{self, Written};
use super::generics::{self, Read, TypeParams};
use super::known::Known;
use super::owner::Owner;
use super::slot_type::SlotType;
use super::{asynchronous, body, impl_trait, trait_impl};
use crate::attrs::{self, Sorted};
use crate::errors::Reason;
use crate::item::{Body, Function};
use crate::paths;
use crate::visit::{Lifetimes, Parts};
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use std::collections::HashSet;
use syn::{
    FnArg, GenericParam, Lifetime, Pat, ReturnType, Safety, Signature, Type, Visibility,
    parse_quote,
};

/// A function that becomes a patch point.
pub(crate) struct Point {
    pub(crate) attrs: Sorted,
    pub(crate) vis: Visibility,
    /// The signature as written, with names for the types of `impl Trait` arguments.
    pub(crate) sig: Signature,
    /// The signature as written, with a plain name for each argument.
    pub(crate) dispatcher: Signature,
    /// The arguments to pass on, the receiver included.
    pub(crate) args: Vec<TokenStream>,
    pub(crate) body: TokenStream,
    pub(crate) slot: SlotType,
    /// Type and const parameters, its own and the impl's, if there are any.
    pub(crate) params: Option<TypeParams>,
    /// How many type and const parameters are written. They come first.
    pub(crate) explicit: usize,
    /// `f`, `Type::go` or `<Type as Trait>::go`.
    pub(crate) name: String,
}

/// Checks one function, or returns the reason why it is left unchanged.
pub(crate) fn check(
    function: &Function,
    owner: Option<&Owner>,
    known: &Known,
) -> Result<Point, Reason> {
    let sig = &function.sig;
    let attrs = attrs::sort(&function.attrs)?;
    if let Some(constness) = &sig.constness {
        return Err(Reason::new(
            constness,
            "a `const fn` may run at compile time, where nothing can be replaced; remove `const`",
        ));
    }
    if let Some(default) = &function.default {
        return Err(Reason::new(
            default,
            "a `default fn` is not supported; remove `default`",
        ));
    }
    if let Some(variadic) = &sig.variadic {
        return Err(Reason::new(
            variadic,
            "the arguments of a variadic function cannot be passed on; take a slice instead",
        ));
    }
    for input in &sig.inputs {
        let attrs = match input {
            FnArg::Receiver(receiver) => &receiver.attrs,
            FnArg::Typed(arg) => &arg.attrs,
        };
        if let Some(attr) = attrs
            .iter()
            .find(|attr| attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr"))
        {
            return Err(Reason::new(
                attr,
                "an argument that is there only in some configurations cannot be passed on; \
                 write the function twice",
            ));
        }
    }
    if let ReturnType::Type(_, output) = &sig.output
        && Parts::of(output).impl_trait
    {
        return Err(Reason::new(
            output,
            "an `impl Trait` output is of a type without a name, so no replacement could return it; \
             name the type, or return a box",
        ));
    }
    let Body::Block(body) = &function.body else {
        return Err(Reason::new(&sig.ident, "it has no body"));
    };
    let mut body = body.clone();

    let explicit = sig.generics.params.len() - sig.generics.lifetimes().count();
    let known = known_around(sig, owner, known);
    let named = impl_trait::name(sig, &known)?;
    let known = known_around(&named, owner, &known);
    let generics = generics::read(&named.generics, owner)?;
    let written = elision::write(&named, owner, &known)?;
    if !generics.outlives.is_empty()
        && let Some(ty) = written
            .types()
            .find(|ty| Parts::of(ty).projection || known.may_hide_projection(ty))
    {
        return Err(Reason::new(
            ty,
            "a type that depends on a bound between lifetimes cannot be written outside; \
             write the type itself",
        ));
    }
    if (generics.params.is_some() || owner.is_some_and(Owner::has_lifetimes))
        && let Some(ty) = written.types().find(|ty| Parts::of(ty).lent)
    {
        return Err(Reason::new(
            ty,
            "an associated type with a lifetime is there only if what it belongs to outlives that, \
             which cannot be said of a type with parameters; write the type itself",
        ));
    }
    let (dispatcher, args) = plain_arguments(sig);
    let slot = slot_type(&named, owner, written, &generics);
    let slot = match &sig.asyncness {
        None => slot,
        Some(asyncness) => asynchronous::slot(asyncness, slot, &generics, owner, &known)?,
    };
    let mut original = named;
    if let Some(owner) = owner
        && owner.of.is_some()
    {
        original = trait_impl::signature(&original, owner)?;
        body = body::rewrite(body, owner)?;
        if let Some(params) = &generics.params
            && let Some(param) = params
                .own
                .params
                .iter()
                .find(|param| matches!(param, GenericParam::Const(_)))
        {
            return Err(Reason::new(
                param,
                "a const parameter of a method in the impl of a trait has no name for its slots; \
                 make the method a function that the impl calls",
            ));
        }
    }
    Ok(Point {
        attrs,
        vis: function.vis.clone(),
        dispatcher,
        args,
        body,
        slot,
        params: generics.params,
        explicit,
        name: name(sig, owner),
        sig: original,
    })
}

/// Returns the slot type of a free function such as this, or the reason why it has none.
pub(crate) fn slot_type_of(function: &Function) -> Result<SlotType, Reason> {
    let function = Function {
        attrs: Vec::new(),
        vis: function.vis.clone(),
        default: None,
        sig: function.sig.clone(),
        body: function.body.clone(),
    };
    check(&function, None, &Known::default()).map(|point| point.slot)
}

/// Adds the type parameters and the impl's type, which hide no lifetime, to `known`.
fn known_around(sig: &Signature, owner: Option<&Owner>, known: &Known) -> Known {
    let mut known = known.clone();
    let around = owner.map(|owner| &owner.generics);
    for generics in [Some(&sig.generics), around].into_iter().flatten() {
        for param in generics.type_params() {
            known.parameter(&param.ident);
        }
    }
    if let Some(owner) = owner
        && !owner.has_lifetimes()
        && let Type::Path(ty) = &owner.self_ty
        && let Some(ident) = ty.path.get_ident()
    {
        known.plain(ident);
    }
    known
}

/// Returns `f`, `Type::go` or `<Type as Trait>::go`.
pub(crate) fn name(sig: &Signature, owner: Option<&Owner>) -> String {
    let function = sig.ident.to_string();
    match owner {
        None => function,
        Some(owner) => format!("{}::{function}", owner.title),
    }
}

/// Returns a `Self` that refers to the type around a function in an impl that the macro does not see.
pub(super) fn own_type(item: &Function) -> Option<Ident> {
    let find = |tokens: TokenStream| -> Option<Ident> {
        let mut found = None;
        let mut types_inside = false;
        idents(tokens, &mut |ident| {
            types_inside |=
                ident == "impl" || ident == "trait" || ident == "struct" || ident == "enum";
            if ident == "Self" && found.is_none() {
                found = Some(ident);
            }
        });
        found.filter(|_| !types_inside)
    };
    let signature = &item.sig;
    let types = signature.inputs.to_token_stream();
    let output = signature.output.to_token_stream();
    let body = match &item.body {
        Body::Block(body) => body.clone(),
        Body::Missing(_) => TokenStream::new(),
    };
    find(types).or_else(|| find(output)).or_else(|| find(body))
}

fn idents(tokens: TokenStream, each: &mut dyn FnMut(Ident)) {
    for tree in tokens {
        match tree {
            TokenTree::Ident(ident) => each(ident),
            TokenTree::Group(group) => idents(group.stream(), each),
            _ => {}
        }
    }
}

/// Returns the signature with each pattern replaced by a name, and the arguments of the call that passes
/// them on.
///
/// Input: `(mut self, (a, b): (u8, u8), mut n: u32)`.
/// Output: `(self, __greenpatch_1: (u8, u8), n: u32)` and `self, __greenpatch_1, n`.
fn plain_arguments(sig: &Signature) -> (Signature, Vec<TokenStream>) {
    let mut sig = sig.clone();
    let mut args = Vec::new();
    for (index, input) in sig.inputs.iter_mut().enumerate() {
        match input {
            FnArg::Receiver(receiver) => {
                receiver.mutability = None;
                args.push(receiver.self_token.to_token_stream());
            }
            FnArg::Typed(arg) => {
                arg.attrs.clear();
                let ident = match &*arg.pat {
                    Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => {
                        pat.ident.clone()
                    }
                    _ => paths::local(index),
                };
                arg.pat = parse_quote!(#ident);
                args.push(ident.to_token_stream());
            }
        }
    }
    (sig, args)
}

fn slot_type(
    sig: &Signature,
    owner: Option<&Owner>,
    written: Written,
    generics: &Read,
) -> SlotType {
    // Lifetimes in the order of their declaration, beginning with those of the impl that are used here.
    let mut lifetimes = owner.map_or_else(Vec::new, |owner| owner.lifetimes.clone());
    let used: HashSet<Lifetime> = written
        .types()
        .chain(&generics.outlives)
        .flat_map(|ty| Lifetimes::of(ty).named)
        .collect();
    lifetimes.retain(|lifetime| used.contains(lifetime));
    lifetimes.extend(generics.lifetimes.iter().cloned());
    lifetimes.extend(written.named);

    let mut witnesses = generics.outlives.clone();
    let mut bound: HashSet<Lifetime> = HashSet::new();
    for ty in &written.inputs {
        bound.extend(Lifetimes::of(ty).binding);
    }
    let output = Lifetimes::of_output(&written.output).named;
    for lifetime in &lifetimes {
        if output.contains(lifetime) && !bound.contains(lifetime) {
            witnesses.push(parse_quote!(& #lifetime ()));
        }
    }
    let narrower = !witnesses.is_empty() || owner.is_some_and(|owner| !owner.lifetimes.is_empty());
    let witness = (!witnesses.is_empty()).then(|| parse_quote!((#(#witnesses,)*)));
    SlotType {
        lifetimes,
        witness,
        inputs: written.inputs,
        output: written.output,
        lender: written.lender,
        unsafety: match sig.safety {
            Safety::Unsafe(unsafety) => Some(unsafety),
            _ => None,
        },
        abi: sig.abi.clone(),
        narrower,
        future: None,
    }
}
