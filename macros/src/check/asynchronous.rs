//! The slot of an `async fn`: a function that returns its future in a box.
//!
//! A boxed future is `dyn Future + Send + 'x`, for one lifetime `'x` of all that it borrows. That can
//! be said if each argument borrows once, on its outside.

use super::function::SlotType;
use super::generics::Read;
use super::owner::{Owner, made_up};
use crate::errors::Reason;
use crate::visit::{Lifetimes, NameElided, RenameLifetimes, may_hide_lifetime};
use quote::ToTokens;
use std::collections::HashSet;
use syn::visit_mut::VisitMut;
use syn::{ReturnType, Token, Type};

/// The slot type of an `async fn`, made from that of the same `fn`.
pub(crate) fn slot(
    asyncness: &Token![async],
    mut slot: SlotType,
    generics: &Read,
    owner: Option<&Owner>,
    plain: &HashSet<String>,
) -> Result<SlotType, Reason> {
    if generics.params.is_some() {
        return Err(Reason::new(
            asyncness,
            "a generic `async fn` has a future that cannot be boxed for every type; remove the type \
             parameters, or return a boxed future",
        ));
    }
    if let Some(owner) = owner
        && (owner.has_lifetimes() || owner.of.is_some())
    {
        return Err(Reason::new(
            asyncness,
            "an `async` method of a trait, or of a type with lifetimes, has a future that cannot be \
             boxed; return a boxed future",
        ));
    }
    if slot.witness.is_some() {
        return Err(Reason::new(
            asyncness,
            "an `async fn` with bounds on lifetimes has a future that cannot be boxed; \
             return a boxed future",
        ));
    }
    let output = match &slot.output {
        ReturnType::Type(_, ty) => Some(&**ty),
        ReturnType::Default => None,
    };
    for ty in slot.inputs.iter().chain(output) {
        if !borrows_once(ty, plain) {
            return Err(Reason::new(
                ty,
                "the future of an `async fn` can be boxed only if each argument borrows at most once, \
                 on its outside; return a boxed future",
            ));
        }
    }
    let lent = |ty: &Type| {
        let mut lifetimes = Lifetimes::of(ty);
        lifetimes
            .named
            .retain(|lifetime| lifetime.ident != "static");
        lifetimes
    };
    let named: HashSet<_> = slot.inputs.iter().flat_map(|ty| lent(ty).named).collect();
    let elided: usize = slot.inputs.iter().map(|ty| lent(ty).elided).sum();
    if let Some(output) = output
        && !lent(output).is_empty()
        && named.len() + elided > 1
    {
        return Err(Reason::new(
            output,
            "the output of an `async fn` borrows from one of several arguments, which a boxed future \
             cannot tell apart; return a boxed future",
        ));
    }
    let one = made_up("future");
    let rename = |lifetime: &syn::Lifetime| (lifetime.ident != "static").then(|| one.clone());
    let mut rename = RenameLifetimes(&rename);
    let mut name = || one.clone();
    for ty in &mut slot.inputs {
        rename.visit_type_mut(ty);
        NameElided(&mut name).visit_type_mut(ty);
    }
    rename.visit_return_type_mut(&mut slot.output);
    NameElided(&mut name).visit_return_type_mut(&mut slot.output);
    let borrows = slot
        .inputs
        .iter()
        .any(|ty| Lifetimes::of(ty).named.contains(&one));
    slot.lifetimes = if borrows {
        vec![one.clone()]
    } else {
        Vec::new()
    };
    slot.narrower = true;
    slot.future = Some(if borrows {
        one
    } else {
        syn::Lifetime::new("'static", proc_macro2::Span::call_site())
    });
    Ok(slot)
}

/// Whether all lifetimes of a type are those of references on its outside.
fn borrows_once(ty: &Type, plain: &HashSet<String>) -> bool {
    match ty {
        Type::Reference(ty) => {
            Lifetimes::of(&ty.elem).is_empty() && !may_hide_lifetime(&ty.elem, plain)
        }
        Type::Group(ty) => borrows_once(&ty.elem, plain),
        Type::Paren(ty) => borrows_once(&ty.elem, plain),
        Type::Path(path) => match path.path.segments.last().map(|last| &last.arguments) {
            // `Option<&str>` and the like.
            Some(syn::PathArguments::AngleBracketed(args))
                if args.args.len() == 1 && !Lifetimes::of(ty).is_empty() =>
            {
                let inner = args.args[0].to_token_stream();
                let covariant = ["Option", "Vec", "Box", "Rc", "Arc"];
                let name = &path.path.segments[0].ident;
                path.path.segments.len() == 1
                    && covariant.iter().any(|known| name == known)
                    && syn::parse2(inner).is_ok_and(|inner| borrows_once(&inner, plain))
            }
            _ => Lifetimes::of(ty).is_empty() && !may_hide_lifetime(ty, plain),
        },
        ty => Lifetimes::of(ty).is_empty() && !may_hide_lifetime(ty, plain),
    }
}
