//! Visitors of types: `Self`, lifetimes, and parts that may hide a lifetime.

use crate::errors::Reason;
use std::collections::HashSet;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{
    GenericArgument, Generics, Ident, Lifetime, ParenthesizedGenericArguments, Path, PathArguments,
    QSelf, ReturnType, Type, TypeFnPtr, TypeMacro, TypePath, TypeReference, WherePredicate,
};

/// An associated type that an impl defines.
pub(crate) struct GivenType {
    pub(crate) ident: Ident,
    /// Its definition, as written and with the impl's lifetimes renamed. `None` if it has parameters.
    pub(crate) written: Option<Type>,
    pub(crate) renamed: Option<Type>,
}

/// Replaces `Self` in a type: `Self` with the type itself, `Self::X` with its definition in the impl, or
/// otherwise with `<Type as Trait>::X`.
///
/// Input: `Option<Self::Item>`. Output: `Option<&'a str>`.
pub(crate) struct ReplaceSelf<'a> {
    pub(crate) self_ty: &'a Type,
    /// The trait of the impl, with the types that the impl defines.
    pub(crate) of: Option<(&'a Path, &'a [GivenType])>,
    /// Whether lifetimes of the impl are renamed.
    pub(crate) renamed: bool,
    /// A path that could not be replaced.
    pub(crate) failed: Option<Path>,
}

impl ReplaceSelf<'_> {
    /// Returns an error if a path could not be replaced.
    pub(crate) fn finish(self) -> Result<(), Reason> {
        match self.failed {
            None => Ok(()),
            Some(path) => Err(Reason::new(
                &path,
                format!(
                    "`{}` is not a type that this impl defines; write `<Self as Trait>::…`",
                    crate::paths::text(&path)
                ),
            )),
        }
    }

    /// Replaces `Self` in generics, except in the position of `where Self: Clone`.
    pub(crate) fn but_of_self(&mut self, generics: &mut Generics) {
        for param in &mut generics.params {
            self.visit_generic_param_mut(param);
        }
        let clause = generics.where_clause.iter_mut();
        for predicate in clause.flat_map(|clause| &mut clause.predicates) {
            match predicate {
                WherePredicate::Type(predicate) if is_self(&predicate.bounded_ty) => {
                    for bound in &mut predicate.bounds {
                        self.visit_type_param_bound_mut(bound);
                    }
                }
                predicate => self.visit_where_predicate_mut(predicate),
            }
        }
    }

    /// Returns the definition of `Self::Item`, if the impl has one.
    fn given(&self, path: &Path) -> Option<Type> {
        let (_, given) = self.of?;
        if path.leading_colon.is_some() || path.segments.len() != 2 {
            return None;
        }
        let (own, name) = (&path.segments[0], &path.segments[1]);
        if own.ident != "Self" || !name.arguments.is_empty() {
            return None;
        }
        let found = given.iter().find(|given| given.ident == name.ident)?;
        if self.renamed {
            found.renamed.clone()
        } else {
            found.written.clone()
        }
    }

    fn path(&mut self, qself: &mut Option<QSelf>, path: &mut Path) {
        if qself.is_some() || path.leading_colon.is_some() || !path.segments[0].ident_is("Self") {
            return;
        }
        let own = self.self_ty;
        let rest: Vec<_> = path.segments.iter().skip(1).cloned().collect();
        let inherited = |name: &Ident| self.of.and_then(|(of, _)| inherited(of, name));
        let replaced: TypePath = match (rest.as_slice(), self.of) {
            ([], _) => return,
            ([first, ..], Some((of, given)))
                if given.iter().any(|given| given.ident == first.ident) =>
            {
                syn::parse_quote!(<#own as #of>::#(#rest)::*)
            }
            ([first, ..], Some(_)) if inherited(&first.ident).is_some() => {
                let (of, name) = (inherited(&first.ident), &first.ident);
                syn::parse_quote!(<#own as #of>::#name)
            }
            (_, Some(_)) => {
                self.failed.get_or_insert_with(|| path.clone());
                return;
            }
            (_, None) => syn::parse_quote!(<#own>::#(#rest)::*),
        };
        *qself = replaced.qself;
        *path = replaced.path;
    }
}

impl VisitMut for ReplaceSelf<'_> {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        if let Type::Path(ty) = ty {
            without_brackets(&mut ty.qself, &mut ty.path);
        }
        if is_self(ty) {
            *ty = self.self_ty.clone();
            return;
        }
        if let Type::Path(TypePath {
            qself: None, path, ..
        }) = ty
            && let Some(given) = self.given(path)
        {
            *ty = given;
            // The definition may contain others.
            self.visit_type_mut(ty);
            return;
        }
        visit_mut::visit_type_mut(self, ty);
    }

    fn visit_type_path_mut(&mut self, ty: &mut TypePath) {
        visit_mut::visit_type_path_mut(self, ty);
        self.path(&mut ty.qself, &mut ty.path);
    }

    fn visit_expr_path_mut(&mut self, expr: &mut syn::ExprPath) {
        without_brackets(&mut expr.qself, &mut expr.path);
        visit_mut::visit_expr_path_mut(self, expr);
        self.path(&mut expr.qself, &mut expr.path);
    }
}

fn is_self(ty: &Type) -> bool {
    matches!(ty, Type::Path(ty) if ty.qself.is_none() && ty.path.is_ident("Self"))
}

/// Rewrites `<Self>::Item` as `Self::Item`, and `<T>::Item` as `T::Item`. A `where` clause cannot begin with the former.
pub(crate) fn without_brackets(qself: &mut Option<QSelf>, path: &mut Path) {
    let Some(QSelf {
        ty, position: 0, ..
    }) = qself
    else {
        return;
    };
    if let Type::Path(TypePath {
        qself: None,
        path: own,
        ..
    }) = &**ty
        && let Some(own) = own.get_ident()
    {
        path.segments.insert(0, own.clone().into());
        path.leading_colon = None;
        *qself = None;
    }
}

/// Returns the supertrait that defines the type `name` of a trait of std.
pub(crate) fn inherited(of: &Path, name: &Ident) -> Option<Path> {
    let last = &of.segments.last()?.ident;
    Some(
        match (last.to_string().as_str(), name.to_string().as_str()) {
            ("DoubleEndedIterator" | "ExactSizeIterator" | "FusedIterator", "Item") => {
                syn::parse_quote!(::core::iter::Iterator)
            }
            ("DerefMut", "Target") => syn::parse_quote!(::core::ops::Deref),
            _ => return None,
        },
    )
}

trait SegmentExt {
    fn ident_is(&self, name: &str) -> bool;
}

impl SegmentExt for syn::PathSegment {
    fn ident_is(&self, name: &str) -> bool {
        self.ident == name
    }
}

/// Renames lifetimes.
pub(crate) struct RenameLifetimes<'a, F: Fn(&Lifetime) -> Option<Lifetime>>(pub(crate) &'a F);

impl<F: Fn(&Lifetime) -> Option<Lifetime>> VisitMut for RenameLifetimes<'_, F> {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if let Some(other) = (self.0)(lifetime) {
            *lifetime = other;
        }
    }
}

/// Gives a name to each lifetime that is visibly elided: `&T`, `Iter<'_>`. A lifetime that is elided in the type of a
/// function, `fn(&T)` or `Fn(&T)`, belongs to that type and stays elided.
pub(crate) struct NameElided<'a>(pub(crate) &'a mut dyn FnMut() -> Lifetime);

impl VisitMut for NameElided<'_> {
    fn visit_type_reference_mut(&mut self, ty: &mut TypeReference) {
        if ty.lifetime.is_none() {
            ty.lifetime = Some((self.0)());
        }
        visit_mut::visit_type_reference_mut(self, ty);
    }

    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident == "_" {
            *lifetime = (self.0)();
        }
    }

    fn visit_type_fn_ptr_mut(&mut self, _: &mut TypeFnPtr) {}

    fn visit_parenthesized_generic_arguments_mut(&mut self, _: &mut ParenthesizedGenericArguments) {
    }
}

/// The visible lifetimes of a type.
#[derive(Default)]
pub(crate) struct Lifetimes {
    /// Those with names, including `'static`.
    pub(crate) named: HashSet<Lifetime>,
    /// Those with names in a position that binds them, so not only in `<T as Trait<'a>>::Out`.
    pub(crate) binding: HashSet<Lifetime>,
    /// The number of elided ones that [`NameElided`] would name.
    pub(crate) elided: usize,
    in_projection: usize,
}

impl Lifetimes {
    pub(crate) fn of(ty: &Type) -> Self {
        let mut lifetimes = Lifetimes::default();
        lifetimes.visit_type(ty);
        lifetimes
    }

    pub(crate) fn of_output(output: &ReturnType) -> Self {
        let mut lifetimes = Lifetimes::default();
        lifetimes.visit_return_type(output);
        lifetimes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.named.is_empty() && self.elided == 0
    }
}

impl<'ast> Visit<'ast> for Lifetimes {
    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        if lifetime.ident == "_" {
            self.elided += 1;
        } else {
            self.named.insert(lifetime.clone());
            if self.in_projection == 0 {
                self.binding.insert(lifetime.clone());
            }
        }
    }

    fn visit_type_reference(&mut self, ty: &'ast TypeReference) {
        if ty.lifetime.is_none() {
            self.elided += 1;
        }
        visit::visit_type_reference(self, ty);
    }

    fn visit_type_path(&mut self, ty: &'ast TypePath) {
        let projection = usize::from(ty.qself.is_some());
        self.in_projection += projection;
        visit::visit_type_path(self, ty);
        self.in_projection -= projection;
    }

    fn visit_type_fn_ptr(&mut self, ty: &'ast TypeFnPtr) {
        let outside = self.elided;
        visit::visit_type_fn_ptr(self, ty);
        self.elided = outside;
    }

    fn visit_parenthesized_generic_arguments(&mut self, args: &'ast ParenthesizedGenericArguments) {
        let outside = self.elided;
        visit::visit_parenthesized_generic_arguments(self, args);
        self.elided = outside;
    }
}

/// The parts of a type that decide whether it can be written a second time.
#[derive(Default)]
pub(crate) struct Parts {
    pub(crate) mentions_self: bool,
    pub(crate) impl_trait: bool,
    pub(crate) macros: bool,
    pub(crate) projection: bool,
    /// An associated type with a lifetime parameter: `T::Item<'a>`.
    pub(crate) lent: bool,
}

impl Parts {
    pub(crate) fn of(ty: &Type) -> Self {
        let mut parts = Parts::default();
        parts.visit_type(ty);
        parts
    }
}

impl<'ast> Visit<'ast> for Parts {
    fn visit_path(&mut self, path: &'ast Path) {
        self.mentions_self |= path.segments[0].ident == "Self";
        visit::visit_path(self, path);
    }

    fn visit_type_impl_trait(&mut self, ty: &'ast syn::TypeImplTrait) {
        self.impl_trait = true;
        visit::visit_type_impl_trait(self, ty);
    }

    fn visit_type_macro(&mut self, _: &'ast TypeMacro) {
        self.macros = true;
    }

    fn visit_type_path(&mut self, ty: &'ast TypePath) {
        self.projection |= ty.qself.is_some();
        let of_type = match &ty.qself {
            Some(qself) => qself.position,
            None if starts_with_type(&ty.path) => 1,
            None => ty.path.segments.len(),
        };
        let associated = ty.path.segments.iter().skip(of_type);
        self.lent |= associated.into_iter().any(|segment| {
            matches!(&segment.arguments, PathArguments::AngleBracketed(args)
                if args.args.iter().any(|arg| matches!(arg, GenericArgument::Lifetime(_))))
        });
        visit::visit_type_path(self, ty);
    }
}

/// Returns whether the path has the form of `Type::Item` or `T::Item`.
fn starts_with_type(path: &Path) -> bool {
    let first = path.segments[0].ident.to_string();
    path.segments.len() > 1 && first.starts_with(char::is_uppercase)
}

/// Returns whether `ty` contains a visible lifetime, or a trait object, which has an invisible one.
pub(crate) fn has_lifetime_or_dyn(ty: &Type) -> bool {
    struct Find(bool);
    impl<'ast> Visit<'ast> for Find {
        fn visit_lifetime(&mut self, _: &'ast Lifetime) {
            self.0 = true;
        }
        fn visit_type_reference(&mut self, _: &'ast TypeReference) {
            self.0 = true;
        }
        fn visit_type_trait_object(&mut self, _: &'ast syn::TypeTraitObject) {
            self.0 = true;
        }
    }
    let mut find = Find(false);
    find.visit_type(ty);
    find.0
}
