//! The slot of an `async fn`: a function that returns its future in a box.
//!
//! A boxed future is `dyn Future + Send + 'x`, where `'x` is the lifetime of everything that it borrows. This type
//! exists if the future borrows once, or only through references: these are shortened to `'x`, and their referents
//! outlive it. An argument of an `async fn` hides no lifetime, because the compiler forbids that.

use super::generics::Read;
use super::known::Known;
use super::owner::Owner;
use super::slot_type::SlotType;
use crate::errors::Reason;
use crate::paths;
use crate::visit::{Lifetimes, NameElided, RenameLifetimes};
use std::collections::HashSet;
use syn::visit_mut::VisitMut;
use syn::{GenericArgument, Lifetime, Path, PathArguments, ReturnType, Token, Type};

/// Returns the slot type of an `async fn`, from that of the same function without `async`.
pub(crate) fn slot(
    asyncness: &Token![async],
    mut slot: SlotType,
    generics: &Read,
    owner: Option<&Owner>,
    known: &Known,
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
    let declared: HashSet<Lifetime> = slot.lifetimes.iter().cloned().collect();
    let inside = inside(&mut slot.inputs, &declared, known)?;
    let outside = |lifetime: &Lifetime| declared.contains(lifetime) && !inside.has(lifetime);
    let lent: Vec<Lifetimes> = slot.inputs.iter().map(Lifetimes::of).collect();
    let named: HashSet<_> = lent.iter().flat_map(|ty| &ty.named).collect();
    let sources = named.into_iter().filter(|name| outside(name)).count()
        + lent.iter().map(|ty| ty.elided).sum::<usize>();
    if let ReturnType::Type(_, output) = &slot.output {
        let lifetimes = Lifetimes::of(output);
        let borrows = lifetimes.elided > 0 || lifetimes.named.iter().any(outside);
        if (borrows || slot.lender.is_some()) && sources > 1 {
            return Err(Reason::new(
                output,
                "the output of an `async fn` borrows from one of several arguments, which a boxed \
                 future cannot tell apart; return a boxed future",
            ));
        }
    }
    let one = if sources > 0 {
        paths::lifetime("future")
    } else {
        Lifetime::new("'static", proc_macro2::Span::call_site())
    };
    let rename = |lifetime: &Lifetime| outside(lifetime).then(|| one.clone());
    let mut rename = RenameLifetimes(&rename);
    let mut name = || one.clone();
    for ty in &mut slot.inputs {
        rename.visit_type_mut(ty);
        NameElided(&mut name).visit_type_mut(ty);
    }
    rename.visit_return_type_mut(&mut slot.output);
    NameElided(&mut name).visit_return_type_mut(&mut slot.output);
    if let Some(lender) = &mut slot.lender {
        rename.visit_lifetime_mut(lender);
    }
    slot.lifetimes
        .retain(|lifetime| inside.named.contains(lifetime));
    slot.lifetimes.extend(inside.made_up);
    if sources > 0 {
        slot.lifetimes.insert(0, one.clone());
    }
    slot.narrower = true;
    slot.future = Some(one);
    Ok(slot)
}

/// The lifetimes inside the referents of references. They outlive the references and therefore the future.
#[derive(Default)]
struct Inside {
    named: HashSet<Lifetime>,
    /// Those that were elided.
    made_up: Vec<Lifetime>,
}

impl Inside {
    fn has(&self, lifetime: &Lifetime) -> bool {
        self.named.contains(lifetime) || self.made_up.contains(lifetime)
    }
}

/// Finds the lifetimes that differ from the future's, and names them. A single lifetime is the future's, wherever
/// it is. Of several lifetimes, those outside referents are shortened to the future's.
fn inside(
    inputs: &mut [Type],
    declared: &HashSet<Lifetime>,
    known: &Known,
) -> Result<Inside, Reason> {
    let mut inside = Inside::default();
    let all: Vec<Lifetimes> = inputs.iter().map(Lifetimes::of).collect();
    let named: HashSet<_> = all.iter().flat_map(|ty| &ty.named).collect();
    let named = named.into_iter().filter(|name| declared.contains(name));
    if named.count() + all.iter().map(|ty| ty.elided).sum::<usize>() > 1 {
        for ty in inputs {
            look_inside(ty, declared, known, &mut inside)?;
        }
    }
    Ok(inside)
}

fn look_inside(
    ty: &mut Type,
    declared: &HashSet<Lifetime>,
    known: &Known,
    inside: &mut Inside,
) -> Result<(), Reason> {
    let nested = Reason::new(
        &*ty,
        "the future of an `async fn` that borrows more than once can be boxed only if the borrows are \
         references; take a reference to it, or return a boxed future",
    );
    let lifetimes = Lifetimes::of(ty);
    if lifetimes.elided == 0 && lifetimes.named.is_disjoint(declared) {
        return Ok(());
    }
    match ty {
        Type::Reference(ty) => {
            let made_up_ones = &mut inside.made_up;
            let mut name = || {
                let lifetime = paths::lifetime(format_args!("inside_{}", made_up_ones.len()));
                made_up_ones.push(lifetime.clone());
                lifetime
            };
            NameElided(&mut name).visit_type_mut(&mut ty.elem);
            let named = Lifetimes::of(&ty.elem).named;
            inside.named.extend(named.intersection(declared).cloned());
            Ok(())
        }
        Type::Group(ty) => look_inside(&mut ty.elem, declared, known, inside),
        Type::Paren(ty) => look_inside(&mut ty.elem, declared, known, inside),
        // `Option<&str>` and the like.
        Type::Path(path) => match covariant(&mut path.path, known) {
            Some(inner) => look_inside(inner, declared, known, inside).map_err(|_| nested),
            None => Err(nested),
        },
        _ => Err(nested),
    }
}

/// Returns the argument of a type of std that is covariant in it.
fn covariant<'a>(path: &'a mut Path, known: &Known) -> Option<&'a mut Type> {
    let std = ["Option", "Vec", "Box", "Rc", "Arc"];
    if path.segments.len() > 1 {
        return None;
    }
    let only = path.segments.first_mut()?;
    if !std.iter().any(|name| only.ident == name) || !known.is_std(&only.ident) {
        return None;
    }
    match &mut only.arguments {
        PathArguments::AngleBracketed(args) if args.args.len() == 1 => match &mut args.args[0] {
            GenericArgument::Type(inner) => Some(inner),
            _ => None,
        },
        _ => None,
    }
}
