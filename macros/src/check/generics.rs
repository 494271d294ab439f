//! Type and const parameters, which a slot's items declare again, because they are outside the function.

use super::owner::Owner;
use crate::errors::Reason;
use crate::visit::{RenameLifetimes, ReplaceSelf, without_brackets};
use proc_macro2::Ident;
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::visit_mut::VisitMut;
use syn::{
    GenericParam, Generics, Lifetime, PredicateType, Token, Type, TypeParamBound, WherePredicate,
    parse_quote,
};

/// The type and const parameters of a generic patch point.
pub(crate) struct TypeParams {
    /// All of them, the impl's first, with their bounds.
    pub(crate) all: Declared,
    /// Those of the function itself.
    pub(crate) own: Declared,
}

#[derive(Default)]
pub(crate) struct Declared {
    pub(crate) params: Vec<GenericParam>,
    pub(crate) names: Vec<Ident>,
    pub(crate) predicates: Vec<WherePredicate>,
}

impl Declared {
    fn extend(&mut self, other: &Declared) {
        self.params.extend(other.params.iter().cloned());
        self.names.extend(other.names.iter().cloned());
        self.predicates.extend(other.predicates.iter().cloned());
    }
}

/// The generics of a function and those around it.
pub(crate) struct Read {
    /// `None` if there are only lifetimes.
    pub(crate) params: Option<TypeParams>,
    /// Types that are well-formed only if a lifetime, or a type parameter, outlives another lifetime.
    pub(crate) outlives: Vec<Type>,
    /// The function's own lifetimes.
    pub(crate) lifetimes: Vec<Lifetime>,
}

/// Reads the generics of a function, and those around it.
pub(crate) fn read(own: &Generics, owner: Option<&Owner>) -> Result<Read, Reason> {
    let mut own = own.clone();
    let mut lifted: Vec<Lifetime> = own
        .lifetimes()
        .map(|param| param.lifetime.clone())
        .collect();
    let lifetimes = lifted.clone();
    if let Some(owner) = owner {
        RenameLifetimes(&|lifetime| owner.rename(lifetime)).visit_generics_mut(&mut own);
        lifted.extend(owner.lifetimes.iter().cloned());
    }
    let mut reader = Reader {
        owner,
        lifted,
        outlives: Vec::new(),
    };
    let around = match owner {
        Some(owner) => reader.declared(&owner.generics)?,
        None => Declared::default(),
    };
    let declared = reader.declared(&own)?;
    let mut all = Declared::default();
    all.extend(&around);
    all.extend(&declared);
    if !all.params.is_empty()
        && declared.params.is_empty()
        && owner.is_some_and(|owner| !owner.conditional)
        && let Some(predicate) = declared.predicates.first()
    {
        return Err(Reason::new(
            predicate,
            "a `where` clause on a method without type parameters of its own; move the method to an \
             `impl` that has the clause",
        ));
    }
    Ok(Read {
        params: (!all.params.is_empty()).then_some(TypeParams { all, own: declared }),
        outlives: reader.outlives,
        lifetimes,
    })
}

struct Reader<'a> {
    owner: Option<&'a Owner>,
    /// Lifetimes that the slot's type binds, so that no bound may contain them.
    lifted: Vec<Lifetime>,
    outlives: Vec<Type>,
}

impl Reader<'_> {
    fn declared(&mut self, generics: &Generics) -> Result<Declared, Reason> {
        let mut declared = Declared::default();
        for param in &generics.params {
            match param {
                GenericParam::Lifetime(param) => {
                    for short in &param.bounds {
                        self.lifetime_outlives(&param.lifetime, short);
                    }
                }
                GenericParam::Type(param) => {
                    let ident = &param.ident;
                    let mut param = param.clone();
                    param.attrs.clear();
                    param.default = None;
                    param.bounds = self.bounds(&parse_quote!(#ident), &param.bounds)?;
                    declared.names.push(param.ident.clone());
                    declared.params.push(GenericParam::Type(param));
                }
                GenericParam::Const(param) => {
                    let mut param = param.clone();
                    param.attrs.clear();
                    param.default = None;
                    declared.names.push(param.ident.clone());
                    declared.params.push(GenericParam::Const(param));
                }
            }
        }
        for predicate in generics
            .where_clause
            .iter()
            .flat_map(|clause| &clause.predicates)
        {
            match predicate {
                WherePredicate::Lifetime(predicate) => {
                    for short in &predicate.bounds {
                        self.lifetime_outlives(&predicate.lifetime, short);
                    }
                }
                WherePredicate::Type(predicate) => {
                    let mut predicate = predicate.clone();
                    if mentions(&predicate.bounded_ty, &self.lifted) {
                        return Err(tied(&predicate));
                    }
                    predicate.bounds = self.bounds(&predicate.bounded_ty, &predicate.bounds)?;
                    if !predicate.bounds.is_empty() {
                        declared.predicates.push(WherePredicate::Type(predicate));
                    }
                }
                other => return Err(Reason::new(other, "this kind of `where` clause is unknown")),
            }
        }
        self.replace_self(&mut declared)?;
        for predicate in &mut declared.predicates {
            if let WherePredicate::Type(PredicateType {
                bounded_ty: Type::Path(ty),
                ..
            }) = predicate
            {
                without_brackets(&mut ty.qself, &mut ty.path);
            }
        }
        Ok(declared)
    }

    /// Returns the bounds except those by which `ty` outlives a lifetime of the slot's type.
    fn bounds(
        &mut self,
        ty: &Type,
        bounds: &Punctuated<TypeParamBound, Token![+]>,
    ) -> Result<Punctuated<TypeParamBound, Token![+]>, Reason> {
        let mut kept = Punctuated::new();
        for bound in bounds {
            match bound {
                TypeParamBound::Lifetime(short) if self.lifted.contains(short) => {
                    self.outlives.push(parse_quote!(& #short #ty));
                }
                bound if bound_mentions(bound, &self.lifted) => return Err(tied(bound)),
                bound => kept.push(bound.clone()),
            }
        }
        Ok(kept)
    }

    fn lifetime_outlives(&mut self, long: &Lifetime, short: &Lifetime) {
        self.outlives.push(parse_quote!(& #short & #long ()));
    }

    fn replace_self(&mut self, declared: &mut Declared) -> Result<(), Reason> {
        let Some(owner) = self.owner else {
            return Ok(());
        };
        let mut replace = ReplaceSelf::of(owner);
        for param in &mut declared.params {
            replace.visit_generic_param_mut(param);
        }
        for predicate in &mut declared.predicates {
            replace.visit_where_predicate_mut(predicate);
        }
        for ty in &mut self.outlives {
            replace.visit_type_mut(ty);
        }
        replace.finish()?;
        // The type that replaced `Self` may contain lifetimes.
        let mut find = Find(&self.lifted, false);
        for param in &declared.params {
            find.visit_generic_param(param);
            if find.1 {
                return Err(tied(param));
            }
        }
        for predicate in &declared.predicates {
            find.visit_where_predicate(predicate);
            if find.1 {
                return Err(tied(predicate));
            }
        }
        Ok(())
    }
}

fn tied(culprit: impl quote::ToTokens) -> Reason {
    Reason::new(
        culprit,
        "a bound ties a type to one lifetime, but a slot's function is called with every lifetime; \
         remove the lifetime from the bound",
    )
}

fn bound_mentions(bound: &TypeParamBound, lifetimes: &[Lifetime]) -> bool {
    let mut find = Find(lifetimes, false);
    find.visit_type_param_bound(bound);
    find.1
}

fn mentions(ty: &Type, lifetimes: &[Lifetime]) -> bool {
    let mut find = Find(lifetimes, false);
    find.visit_type(ty);
    find.1
}

struct Find<'a>(&'a [Lifetime], bool);

impl<'ast> Visit<'ast> for Find<'_> {
    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        self.1 |= self.0.contains(lifetime);
        visit::visit_lifetime(self, lifetime);
    }
}
