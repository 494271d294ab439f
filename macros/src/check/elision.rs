//! Writes the type of a method outside its impl, including elided lifetimes.
//!
//! A free function and its fn pointer elide lifetimes by the same rule. A method has a different rule: a lifetime that
//! its output elides is the receiver's. A visible elision gets a name here. An invisible one, such as `Words` for a type
//! that is declared `Words<'a>`, is written as the output of a fn pointer with only the right lifetime:
//! `<fn(&'s ()) -> Words as OutputOf>::Output`.

use super::known::Known;
use super::owner::Owner;
use crate::errors::Reason;
use crate::paths;
use crate::visit::{Lifetimes, NameElided, Parts, RenameLifetimes, ReplaceSelf};
use std::collections::HashSet;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{FnArg, Lifetime, ReceiverKind, ReturnType, Signature, Type, TypeReference, parse_quote};

/// Inputs and output as they can be written in any place, and the lifetimes that got names.
pub(crate) struct Written {
    pub(crate) inputs: Vec<Type>,
    pub(crate) output: ReturnType,
    pub(crate) named: Vec<Lifetime>,
    /// The lifetime of paths in the output that elide one invisibly, if the place where the type is written would
    /// give them a different lifetime or none.
    pub(crate) lender: Option<Lifetime>,
}

impl Written {
    /// Returns the inputs, then the output.
    pub(crate) fn types(&self) -> impl Iterator<Item = &Type> {
        let output = match &self.output {
            ReturnType::Type(_, ty) => Some(&**ty),
            ReturnType::Default => None,
        };
        self.inputs.iter().chain(output)
    }
}

/// Writes the inputs and the output of `sig` without `Self`, and with lifetimes that have the same meaning as in `sig`.
pub(crate) fn write(
    sig: &Signature,
    owner: Option<&Owner>,
    known: &Known,
) -> Result<Written, Reason> {
    let mut written = Written {
        inputs: sig.inputs.iter().map(input_type).collect(),
        output: sig.output.clone(),
        named: Vec::new(),
        lender: None,
    };
    if let Some(owner) = owner {
        for ty in written.types() {
            let parts = Parts::of(ty);
            if parts.macros {
                return Err(Reason::new(
                    ty,
                    "a macro in the type of a method cannot be looked into; write the type out",
                ));
            }
        }
        name_elided(sig, &mut written, owner, known)?;
        replace_self(&mut written, owner)?;
    }
    Ok(written)
}

/// Returns the type of an argument, or the type that the short form of a receiver abbreviates.
fn input_type(input: &FnArg) -> Type {
    match input {
        FnArg::Typed(arg) => (*arg.ty).clone(),
        FnArg::Receiver(receiver) => match &receiver.kind {
            ReceiverKind::Reference(and, lifetime, mutability) => {
                let self_ty = syn::Ident::new("Self", receiver.self_token.span);
                parse_quote!(#and #lifetime #mutability #self_ty)
            }
            ReceiverKind::Typed(_, ty) => (**ty).clone(),
            _ => {
                let self_ty = syn::Ident::new("Self", receiver.self_token.span);
                parse_quote!(#self_ty)
            }
        },
    }
}

fn name_elided(
    sig: &Signature,
    written: &mut Written,
    owner: &Owner,
    known: &Known,
) -> Result<(), Reason> {
    let ReturnType::Type(_, output) = &sig.output else {
        return Ok(());
    };
    let seen = Lifetimes::of(output).elided > 0;
    let hidden = known.may_hide_lifetime(output);
    if !seen && !hidden {
        return Ok(());
    }
    let may_lend = |ty: &Type| !Lifetimes::of(ty).is_empty() || known.may_hide_lifetime(ty);
    let lent_by_self =
        owner.has_lifetimes() && written.inputs.iter().any(|ty| Parts::of(ty).mentions_self);

    let receiver = sig.receiver().is_some();
    if receiver && let Some(lifetime) = self_reference(&mut written.inputs[0], &mut written.named) {
        if hidden && (lent_by_self || written.inputs[1..].iter().any(may_lend)) {
            written.lender = Some(lifetime.clone());
        }
        NameElided(&mut || lifetime.clone()).visit_return_type_mut(&mut written.output);
        return Ok(());
    }
    // Without a reference to `self` the fn pointer's rule is the same, provided that `Self` contains no
    // lifetimes.
    if lent_by_self {
        let unseen = written.inputs.iter().any(|ty| known.may_hide_lifetime(ty));
        let mut elided = Vec::new();
        let mut name = || {
            let lifetime = paths::lifetime(format_args!("elided_{}", elided.len()));
            elided.push(lifetime.clone());
            lifetime
        };
        for ty in &mut written.inputs {
            NameElided(&mut name).visit_type_mut(ty);
        }
        let named: HashSet<_> = written
            .inputs
            .iter()
            .flat_map(|ty| Lifetimes::of(ty).named)
            .collect();
        let mut named = named.into_iter();
        match (named.next(), named.next()) {
            // The output has this one, or elides none.
            (Some(only), None) => {
                written.lender = hidden.then(|| only.clone());
                NameElided(&mut || only.clone()).visit_return_type_mut(&mut written.output);
            }
            // The output elides none, or the function would not compile.
            (Some(_), Some(_)) => {}
            (None, _) if !seen && !unseen => {}
            (None, _) => {
                return Err(Reason::new(
                    output,
                    "the output may borrow from an argument of a type that does not show that it has a \
                     lifetime; write the lifetime, as in `Name<'_>`",
                ));
            }
        }
        written.named.extend(elided);
    }
    Ok(())
}

/// Returns the lifetime of the reference to `Self` in a receiver's type. It gets a name if it has none.
fn self_reference(receiver: &mut Type, named: &mut Vec<Lifetime>) -> Option<Lifetime> {
    struct Find(Option<Lifetime>, bool);
    impl VisitMut for Find {
        fn visit_type_reference_mut(&mut self, ty: &mut TypeReference) {
            if self.0.is_none() && mentions_self(&ty.elem) {
                let lifetime = ty.lifetime.get_or_insert_with(|| paths::lifetime("self"));
                if lifetime.ident == "_" {
                    *lifetime = paths::lifetime("self");
                }
                self.1 = *lifetime == paths::lifetime("self");
                self.0 = Some(lifetime.clone());
            }
            visit_mut::visit_type_reference_mut(self, ty);
        }
    }
    let mut find = Find(None, false);
    find.visit_type_mut(receiver);
    if find.1 {
        named.extend(find.0.clone());
    }
    find.0
}

fn mentions_self(ty: &Type) -> bool {
    struct Find(bool);
    impl<'ast> Visit<'ast> for Find {
        fn visit_path(&mut self, path: &'ast syn::Path) {
            self.0 |= path.is_ident("Self");
            visit::visit_path(self, path);
        }
    }
    let mut find = Find(false);
    find.visit_type(ty);
    find.0
}

fn replace_self(written: &mut Written, owner: &Owner) -> Result<(), Reason> {
    let rename = |lifetime: &Lifetime| owner.rename(lifetime);
    let mut rename = RenameLifetimes(&rename);
    let mut replace = ReplaceSelf::of(owner);
    for ty in &mut written.inputs {
        rename.visit_type_mut(ty);
        replace.visit_type_mut(ty);
    }
    rename.visit_return_type_mut(&mut written.output);
    replace.visit_return_type_mut(&mut written.output);
    if let Some(lender) = &mut written.lender {
        rename.visit_lifetime_mut(lender);
    }
    replace.finish()
}
