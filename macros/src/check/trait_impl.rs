//! The rules for methods in the impl of a trait, in which no items can be added.
//!
//! The slot is in an impl of a hidden trait for the same type. Its key is the trait's name, the method's name and the
//! trait's type arguments. The original is in the impl of another hidden trait. There `Self` is the same type but does
//! not have the user's trait, so `Self::Item` becomes `<Self as Iterator>::Item`.

use super::owner::{Header, Owner};
use crate::errors::Reason;
use crate::item::Impl;
use crate::paths::{fnv, hidden, plain};
use crate::visit::ReplaceSelf;
use proc_macro2::Ident;
use syn::visit_mut::VisitMut;
use syn::{FnArg, GenericArgument, GenericParam, Path, PathArguments, Signature, Type};

/// The names of the items of one trait impl.
pub(crate) struct TraitNames {
    /// That of the [`Owner`].
    hash: String,
    /// The last segment of the trait.
    trait_name: String,
    /// The trait's type arguments.
    pub(crate) arguments: Vec<Type>,
}

impl TraitNames {
    /// Names the items for an impl, or returns the reason why it cannot have any.
    pub(crate) fn of(item: &Impl, owner: &Owner) -> Result<Self, Reason> {
        let (of, _) = item.of.as_ref().expect("called for the impl of a trait");
        if let Some(negative) = &item.negative {
            return Err(Reason::new(negative, "a negative impl has no functions"));
        }
        let trait_name = trait_name(of);
        let mut arguments = type_arguments(owner.written.of.as_ref(), item)?;
        if arguments.is_empty() && takes_itself(&trait_name) {
            arguments.push(owner.written.self_ty.clone());
        }
        Ok(TraitNames {
            hash: owner.hash.clone(),
            trait_name,
            arguments,
        })
    }

    /// Returns the type that contains the slot. It belongs to this impl, so the orphan rule permits the impl of the hidden trait.
    pub(crate) fn marker(&self, method: &Ident) -> Ident {
        hidden(format_args!("Impl_{}_{}", self.hash, plain(method)))
    }

    /// Returns the hidden trait that has the original as its method.
    pub(crate) fn originals(&self, method: &Ident) -> Ident {
        hidden(format_args!("Original_{}_{}", self.hash, plain(method)))
    }

    /// Returns the last segment of the trait's path.
    pub(crate) fn trait_name(&self) -> &str {
        &self.trait_name
    }

    pub(crate) fn key(&self, method: &Ident) -> u64 {
        key(&self.trait_name, method)
    }
}

/// Returns the key that distinguishes the methods of a type's traits.
pub(crate) fn key(trait_name: &str, method: &Ident) -> u64 {
    fnv(&format!("{trait_name}::{}", plain(method)))
}

pub(crate) fn trait_name(of: &Path) -> String {
    of.segments
        .last()
        .map_or_else(String::new, |last| plain(&last.ident))
}

/// Returns whether the omitted argument of a trait of this name is the type itself, as in
/// `impl PartialEq for Type`.
pub(crate) fn takes_itself(trait_name: &str) -> bool {
    let operation = trait_name.strip_suffix("Assign").unwrap_or(trait_name);
    const OPERATIONS: &[&str] = &[
        "Add", "Sub", "Mul", "Div", "Rem", "BitAnd", "BitOr", "BitXor", "Shl", "Shr",
    ];
    OPERATIONS.contains(&operation) || matches!(trait_name, "PartialEq" | "PartialOrd")
}

fn type_arguments(of: Option<&Path>, item: &Impl) -> Result<Vec<Type>, Reason> {
    let Some(last) = of.and_then(|of| of.segments.last()) else {
        return Ok(Vec::new());
    };
    match &last.arguments {
        PathArguments::None => Ok(Vec::new()),
        PathArguments::AngleBracketed(args) => args
            .args
            .iter()
            .filter(|arg| !matches!(arg, GenericArgument::Lifetime(_)))
            .map(|arg| match arg {
                GenericArgument::Type(ty) if !may_be_const(ty, item) => Ok(ty.clone()),
                GenericArgument::Type(ty) if !is_const(ty, item) => Err(Reason::new(
                    ty,
                    format!(
                        "`{0}` may be a constant, and a trait with one has no name for its slots; if it \
                         is a type, write `self::{0}`",
                        crate::paths::text(ty)
                    ),
                )),
                other => Err(Reason::new(
                    other,
                    "a trait with this kind of argument has no name for its slots; make the method \
                     a function that the impl calls",
                )),
            })
            .collect(),
        PathArguments::Parenthesized(args) => Err(Reason::new(
            args,
            "an impl of `Fn` has no name for its slots",
        )),
    }
}

/// Returns whether `ty` is a name in capitals, which is probably a constant, unless the trait is one of std that takes
/// only types.
fn may_be_const(ty: &Type, item: &Impl) -> bool {
    let Some(ident) = single(ty) else {
        return false;
    };
    let name = ident.to_string();
    let in_capitals = name.len() > 1 && !name.contains(char::is_lowercase);
    let of_std = item
        .of
        .as_ref()
        .is_some_and(|(of, _)| WITH_TYPES.iter().any(|known| trait_name(of) == *known));
    let parameter = item
        .generics
        .type_params()
        .any(|param| param.ident == *ident);
    is_const(ty, item) || in_capitals && !of_std && !parameter
}

/// Returns whether `ty` is a const parameter of the impl.
fn is_const(ty: &Type, item: &Impl) -> bool {
    let Some(ident) = single(ty) else {
        return false;
    };
    item.generics.params.iter().any(|param| match param {
        GenericParam::Const(param) => param.ident == *ident,
        _ => false,
    })
}

fn single(ty: &Type) -> Option<&Ident> {
    match ty {
        Type::Path(path) => path.path.get_ident(),
        _ => None,
    }
}

/// Traits of std that take only types.
const WITH_TYPES: &[&str] = &[
    "Add",
    "AddAssign",
    "AsMut",
    "AsRef",
    "BitAnd",
    "BitAndAssign",
    "BitOr",
    "BitOrAssign",
    "BitXor",
    "BitXorAssign",
    "Borrow",
    "BorrowMut",
    "Div",
    "DivAssign",
    "Extend",
    "From",
    "FromIterator",
    "Index",
    "IndexMut",
    "Into",
    "Mul",
    "MulAssign",
    "PartialEq",
    "PartialOrd",
    "Product",
    "Rem",
    "RemAssign",
    "Shl",
    "ShlAssign",
    "Shr",
    "ShrAssign",
    "Sub",
    "SubAssign",
    "Sum",
    "TryFrom",
    "TryInto",
];

/// Returns the method's signature for the hidden trait, in which `Self` is replaced except in the receiver.
pub(crate) fn signature(sig: &Signature, owner: &Owner) -> Result<Signature, Reason> {
    let mut sig = sig.clone();
    let Header { in_place, of, .. } = &owner.written;
    let mut replace = ReplaceSelf {
        self_ty: in_place,
        of: of.as_ref().map(|of| (of, owner.types.as_slice())),
        renamed: false,
        failed: None,
    };
    for input in &mut sig.inputs {
        if let FnArg::Typed(arg) = input {
            replace.visit_type_mut(&mut arg.ty);
        }
    }
    replace.visit_return_type_mut(&mut sig.output);
    replace.but_of_self(&mut sig.generics);
    replace.finish()?;
    Ok(sig)
}
