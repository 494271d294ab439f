//! The rules for one function, and the type of its slot.

use super::elision::{self, Written};
use super::owner::Owner;
use crate::attrs::{self, Sorted};
use crate::errors::Reason;
use crate::item::{Body, Function};
use crate::visit::{Lifetimes, Parts, RenameLifetimes};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use std::collections::HashSet;
use syn::visit_mut::VisitMut;
use syn::{
    Abi, FnArg, GenericParam, Lifetime, Pat, ReturnType, Safety, Signature, Token, Type,
    Visibility, WherePredicate, parse_quote,
};

/// A function that becomes a patch point.
pub(crate) struct Point {
    pub(crate) attrs: Sorted,
    pub(crate) vis: Visibility,
    /// As the author wrote it.
    pub(crate) sig: Signature,
    /// The same with arguments that have plain names.
    pub(crate) dispatcher: Signature,
    /// The arguments to pass on, the receiver included.
    pub(crate) args: Vec<TokenStream>,
    pub(crate) body: TokenStream,
    pub(crate) slot: SlotType,
    /// `f`, `Type::go` or `<Type as Trait>::go`.
    pub(crate) name: String,
}

/// The type of a slot: `for<lifetimes> unsafety abi fn(witness, inputs..) -> output`.
pub(crate) struct SlotType {
    pub(crate) lifetimes: Vec<Lifetime>,
    /// An argument that carries nothing but lifetimes: those that no other argument has, and what
    /// they must outlive.
    pub(crate) witness: Option<Type>,
    pub(crate) inputs: Vec<Type>,
    pub(crate) output: ReturnType,
    pub(crate) unsafety: Option<Token![unsafe]>,
    pub(crate) abi: Option<Abi>,
    /// Whether the original itself is less general than that: its lifetimes are not all its own.
    pub(crate) narrower: bool,
}

/// Checks one function, or says why it stays as it is.
pub(crate) fn check(
    function: &Function,
    owner: Option<&Owner>,
    plain: &HashSet<String>,
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
    if let Some(asyncness) = &sig.asyncness {
        return Err(Reason::new(asyncness, "`async fn` is not supported yet"));
    }
    for param in &sig.generics.params {
        if !matches!(param, GenericParam::Lifetime(_)) {
            return Err(Reason::new(
                param,
                "generic functions are not supported yet",
            ));
        }
    }
    for input in &sig.inputs {
        let (attrs, ty) = match input {
            FnArg::Receiver(receiver) => (&receiver.attrs, None),
            FnArg::Typed(arg) => (&arg.attrs, Some(&arg.ty)),
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
        if let Some(ty) = ty
            && Parts::of(ty).impl_trait
        {
            return Err(Reason::new(
                ty,
                "`impl Trait` arguments are not supported yet",
            ));
        }
    }
    if let ReturnType::Type(_, output) = &sig.output
        && Parts::of(output).impl_trait
    {
        return Err(Reason::new(
            output,
            "an `impl Trait` output has a type that nobody can name, so no replacement could return \
             it; name the type, or box it",
        ));
    }
    let Body::Block(body) = &function.body else {
        return Err(Reason::new(&sig.ident, "it has no body"));
    };

    let written = elision::write(sig, owner, plain)?;
    let (dispatcher, args) = plain_arguments(sig);
    Ok(Point {
        attrs,
        vis: function.vis.clone(),
        dispatcher,
        args,
        body: body.clone(),
        slot: slot_type(sig, owner, written)?,
        name: name(sig, owner),
        sig: sig.clone(),
    })
}

/// `f`, `Type::go` or `<Type as Trait>::go`.
pub(crate) fn name(sig: &Signature, owner: Option<&Owner>) -> String {
    let function = sig.ident.to_string();
    match owner {
        None => function,
        Some(owner) => format!("{}::{function}", owner.name()),
    }
}

/// The signature with each pattern replaced by a name, and the arguments of the call that passes
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
                    _ => format_ident!("__greenpatch_{index}", span = Span::mixed_site()),
                };
                arg.pat = parse_quote!(#ident);
                args.push(ident.to_token_stream());
            }
        }
    }
    (sig, args)
}

fn slot_type(sig: &Signature, owner: Option<&Owner>, written: Written) -> Result<SlotType, Reason> {
    let mut own = sig.generics.clone();
    if let Some(owner) = owner {
        RenameLifetimes(&|lifetime| owner.rename(lifetime)).visit_generics_mut(&mut own);
    }
    let generics = owner.map(|owner| &owner.generics).into_iter().chain([&own]);
    // Lifetimes in the order of their declaration: the impl's first.
    let mut lifetimes = owner.map_or_else(Vec::new, |owner| owner.lifetimes.clone());
    lifetimes.extend(own.lifetimes().map(|param| param.lifetime.clone()));
    lifetimes.extend(written.named);

    let mut witnesses: Vec<Type> = Vec::new();
    for generics in generics {
        for param in generics.lifetimes() {
            let long = &param.lifetime;
            witnesses.extend(param.bounds.iter().map(|short| outlives(long, short)));
        }
        for predicate in generics
            .where_clause
            .iter()
            .flat_map(|clause| &clause.predicates)
        {
            match predicate {
                WherePredicate::Lifetime(predicate) => {
                    let long = &predicate.lifetime;
                    witnesses.extend(predicate.bounds.iter().map(|short| outlives(long, short)));
                }
                other => {
                    return Err(Reason::new(other, "bounds on types are not supported yet"));
                }
            }
        }
    }
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
    Ok(SlotType {
        lifetimes,
        witness,
        inputs: written.inputs,
        output: written.output,
        unsafety: match sig.safety {
            Safety::Unsafe(unsafety) => Some(unsafety),
            _ => None,
        },
        abi: sig.abi.clone(),
        narrower,
    })
}

/// A type that exists only if `long` outlives `short`.
fn outlives(long: &Lifetime, short: &Lifetime) -> Type {
    let type_tokens = quote!(& #short & #long ());
    syn::parse2(type_tokens).expect("a reference to a reference is a type")
}
