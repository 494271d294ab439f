//! Names for `impl Trait` arguments: the original and the slot's items refer to their types.

use super::known::Known;
use crate::errors::Reason;
use crate::paths;
use crate::visit::Lifetimes;
use std::collections::HashSet;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{FnArg, Signature, Type, TypeImplTrait, TypeParam, parse_quote};

/// Gives a type parameter to each `impl Trait` argument.
///
/// Input: `(text: impl Into<String>)`. Output: `<__greenpatch_T0: Into<String>>(text: __greenpatch_T0)`.
pub(crate) fn name(sig: &Signature, known: &Known) -> Result<Signature, Reason> {
    let mut named = sig.clone();
    let mut naming = Naming {
        known,
        lifetimes: sig
            .generics
            .lifetimes()
            .map(|param| param.lifetime.clone())
            .collect(),
        params: Vec::new(),
        failed: None,
    };
    for input in &mut named.inputs {
        if let FnArg::Typed(arg) = input {
            naming.visit_type_mut(&mut arg.ty);
        }
    }
    if let Some(reason) = naming.failed {
        return Err(reason);
    }
    named
        .generics
        .params
        .extend(naming.params.into_iter().map(syn::GenericParam::Type));
    if !named.generics.params.is_empty() {
        named.generics.lt_token.get_or_insert_default();
        named.generics.gt_token.get_or_insert_default();
    }
    Ok(named)
}

struct Naming<'a> {
    known: &'a Known,
    lifetimes: HashSet<syn::Lifetime>,
    params: Vec<TypeParam>,
    failed: Option<Reason>,
}

impl VisitMut for Naming<'_> {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        // `&mut (impl Read + ?Sized)`: a name needs no parentheses.
        if let Type::Paren(paren) = ty
            && matches!(*paren.elem, Type::ImplTrait(_))
        {
            *ty = (*paren.elem).clone();
        }
        let Type::ImplTrait(found) = ty else {
            visit_mut::visit_type_mut(self, ty);
            return;
        };
        if let Err(reason) = self.check(found) {
            self.failed.get_or_insert(reason);
            return;
        }
        let name = paths::hidden(format_args!("T{}", self.params.len()));
        let bounds = &found.bounds;
        self.params.push(parse_quote!(#name: #bounds));
        *ty = parse_quote!(#name);
    }
}

impl Naming<'_> {
    fn check(&self, found: &TypeImplTrait) -> Result<(), Reason> {
        let ty = Type::ImplTrait(found.clone());
        let lifetimes = Lifetimes::of(&ty);
        if lifetimes.elided > 0
            || lifetimes
                .named
                .iter()
                .any(|name| self.lifetimes.contains(name))
        {
            return Err(Reason::new(
                found,
                "an `impl Trait` argument with a lifetime in it cannot be named outside; \
                 make it a type parameter",
            ));
        }
        let mut inside = Inside {
            known: self.known,
            nested: false,
            hidden: false,
        };
        for bound in &found.bounds {
            inside.visit_type_param_bound(bound);
        }
        if inside.nested {
            return Err(Reason::new(
                found,
                "an `impl Trait` inside another cannot be named outside; make it a type parameter",
            ));
        }
        if inside.hidden {
            return Err(Reason::new(
                found,
                "an `impl Trait` argument that may hide a lifetime cannot be named outside; \
                 make it a type parameter",
            ));
        }
        Ok(())
    }
}

struct Inside<'a> {
    known: &'a Known,
    nested: bool,
    hidden: bool,
}

impl<'ast> Visit<'ast> for Inside<'_> {
    fn visit_type(&mut self, ty: &'ast Type) {
        self.hidden |= self.known.may_hide_lifetime(ty);
        visit::visit_type(self, ty);
    }

    fn visit_type_impl_trait(&mut self, _: &'ast TypeImplTrait) {
        self.nested = true;
    }

    // The arguments and the output of an `Fn` have their own lifetimes.
    fn visit_parenthesized_generic_arguments(
        &mut self,
        args: &'ast syn::ParenthesizedGenericArguments,
    ) {
        for ty in &args.inputs {
            self.nested |= crate::visit::Parts::of(&ty.ty).impl_trait;
        }
    }
}
