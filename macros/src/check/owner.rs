//! The impl or the trait around a method, in a form that can be written outside it.

use crate::errors::Reason;
use crate::item::{Impl, Member, Trait};
use crate::paths::{self, fnv};
use crate::visit::{GivenType, Lifetimes, NameElided, RenameLifetimes, ReplaceSelf};
use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit_mut::VisitMut;
use syn::{
    GenericParam, Generics, ImplItemType, Lifetime, Path, Type, TypeParamBound, TypeTraitObject,
    parse_quote,
};

/// The impl, or the trait, that a method is in.
pub(crate) struct Owner {
    /// Its type, with its lifetimes renamed, because a slot's type binds them again.
    pub(crate) self_ty: Type,
    /// Its lifetimes, including elided ones, by the names that `self_ty` uses.
    pub(crate) lifetimes: Vec<Lifetime>,
    /// Its generics, with the same renamed lifetimes.
    pub(crate) generics: Generics,
    /// The trait, with the same renamed lifetimes.
    pub(crate) of: Option<Path>,
    /// The associated types that it defines.
    pub(crate) types: Vec<GivenType>,
    /// The type that replaces `Self` in the type of an argument or an output.
    pub(crate) in_place: Type,
    /// The head with the lifetimes as written.
    pub(crate) written: Header,
    /// The part before the method in the name of a patch point: `Type`, `<Type as Trait>`, `Trait`.
    pub(crate) title: String,
    /// Whether a slot can have conditions beyond those of the impl.
    pub(crate) conditional: bool,
    /// Whether the trait's path begins with a name that the module around imports.
    pub(crate) of_import: bool,
    /// Distinguishes the impl from the others in the same scope, in the names of items beside it.
    pub(crate) hash: String,
}

/// The head of an impl in which every lifetime has a name.
#[derive(Clone)]
pub(crate) struct Header {
    pub(crate) generics: Generics,
    /// The generics for a trait that is implemented for this type.
    pub(crate) in_trait: Generics,
    pub(crate) self_ty: Type,
    pub(crate) in_place: Type,
    pub(crate) of: Option<Path>,
}

impl Owner {
    /// Reads the head of an impl. The error is a part of the head that cannot be written outside the impl.
    /// `krate` is greenpatch.
    pub(crate) fn of(item: &Impl, krate: &Path) -> (Self, Result<(), Reason>) {
        let title = title(item);
        let mut types: Vec<_> = item.members.iter().filter_map(GivenType::of).collect();
        let (written, failed) = Header::of(item, &types, krate);
        let mut owner = Owner {
            self_ty: written.self_ty.clone(),
            in_place: written.in_place.clone(),
            lifetimes: Vec::new(),
            generics: written.generics.clone(),
            of: written.of.clone(),
            types: Vec::new(),
            title,
            conditional: written.of.is_some(),
            of_import: false,
            hash: hash(item),
            written,
        };
        let own: Vec<Lifetime> = owner
            .generics
            .lifetimes()
            .map(|param| param.lifetime.clone())
            .collect();
        let rename = |lifetime: &Lifetime| own.contains(lifetime).then(|| renamed(lifetime));
        let mut rename = RenameLifetimes(&rename);
        rename.visit_type_mut(&mut owner.self_ty);
        rename.visit_type_mut(&mut owner.in_place);
        rename.visit_generics_mut(&mut owner.generics);
        if let Some(of) = &mut owner.of {
            rename.visit_path_mut(of);
        }
        for given in &mut types {
            if let Some(ty) = &mut given.renamed {
                rename.visit_type_mut(ty);
            }
        }
        owner.types = types;
        owner.lifetimes.extend(own.iter().map(renamed));
        (owner, failed)
    }

    /// Returns the owner of a default method of a trait: any type that implements the trait.
    pub(crate) fn of_trait(item: &Trait) -> Self {
        let own = paths::hidden("Self");
        let name = &item.ident;
        let (_, arguments, _) = item.generics.split_for_impl();
        let mut generics = item.generics.clone();
        generics.params.insert(
            0,
            parse_quote!(#own: #name #arguments + ?::core::marker::Sized),
        );
        generics.lt_token.get_or_insert_default();
        generics.gt_token.get_or_insert_default();
        let self_ty: Type = parse_quote!(#own);
        Owner {
            self_ty: self_ty.clone(),
            in_place: self_ty.clone(),
            lifetimes: Vec::new(),
            generics: generics.clone(),
            of: None,
            types: Vec::new(),
            written: Header {
                in_trait: generics.clone(),
                generics,
                in_place: self_ty.clone(),
                self_ty,
                of: None,
            },
            title: name.to_string(),
            conditional: true,
            of_import: false,
            hash: String::new(),
        }
    }

    /// Returns the name of a lifetime of the impl in `self_ty`.
    pub(crate) fn rename(&self, lifetime: &Lifetime) -> Option<Lifetime> {
        let other = renamed(lifetime);
        self.lifetimes.contains(&other).then_some(other)
    }

    /// Returns whether the type has visible lifetimes.
    pub(crate) fn has_lifetimes(&self) -> bool {
        !Lifetimes::of(&self.self_ty).is_empty()
    }
}

impl<'a> ReplaceSelf<'a> {
    /// Replaces `Self` with the type of an impl, with renamed lifetimes.
    pub(crate) fn of(owner: &'a Owner) -> Self {
        ReplaceSelf {
            self_ty: &owner.in_place,
            of: owner.of.as_ref().map(|path| (path, owner.types.as_slice())),
            renamed: true,
            failed: None,
        }
    }
}

impl GivenType {
    fn of(member: &Member) -> Option<Self> {
        let Member::Type(ident, tokens) = member else {
            return None;
        };
        let definition = syn::parse2::<ImplItemType>(tokens.clone()).ok();
        let written = definition
            .filter(|definition| definition.generics.params.is_empty())
            .map(|definition| definition.ty)
            .filter(|ty| trait_object(ty).is_none());
        Some(GivenType {
            ident: ident.clone(),
            renamed: written.clone(),
            written,
        })
    }
}

fn trait_object(ty: &Type) -> Option<&TypeTraitObject> {
    match ty {
        Type::TraitObject(object) => Some(object),
        Type::Paren(ty) => trait_object(&ty.elem),
        Type::Group(ty) => trait_object(&ty.elem),
        _ => None,
    }
}

/// Returns `ty` in a form that means the same in any place of another type: a trait object without a lifetime takes
/// that of the reference around it, and `&dyn A + B` does not parse.
fn in_place(ty: &Type, krate: &Path) -> Result<Type, Reason> {
    let Some(object) = trait_object(ty) else {
        return Ok(ty.clone());
    };
    let named = object
        .bounds
        .iter()
        .any(|bound| matches!(bound, TypeParamBound::Lifetime(_)));
    if named {
        return Ok(parse_quote!((#object)));
    }
    if !Lifetimes::of(ty).is_empty() {
        return Err(Reason::new(
            object,
            "the lifetime of this trait object depends on its trait; write it out, as in \
             `dyn Trait<'a> + 'a`",
        ));
    }
    Ok(parse_quote!(#krate::__private::Same<#object>))
}

impl Header {
    fn of(item: &Impl, types: &[GivenType], krate: &Path) -> (Self, Result<(), Reason>) {
        let mut header = Header {
            generics: item.generics.clone(),
            in_trait: item.generics.clone(),
            self_ty: item.self_ty.clone(),
            in_place: item.self_ty.clone(),
            of: item.of.as_ref().map(|(path, _)| path.clone()),
        };
        let mut left_out = Vec::new();
        let mut name = || {
            let lifetime = paths::lifetime(format_args!("of_impl_{}", left_out.len()));
            left_out.push(lifetime.clone());
            lifetime
        };
        let mut name = NameElided(&mut name);
        name.visit_type_mut(&mut header.self_ty);
        if let Some(of) = &mut header.of {
            name.visit_path_mut(of);
        }
        let failed = in_place(&header.self_ty, krate)
            .map(|ty| header.in_place = ty)
            .and_then(|()| header.replace_self(types));
        for lifetime in left_out.into_iter().rev() {
            for generics in [&mut header.generics, &mut header.in_trait] {
                generics.params.insert(0, parse_quote!(#lifetime));
                generics.lt_token.get_or_insert_default();
                generics.gt_token.get_or_insert_default();
            }
        }
        (header, failed)
    }

    /// Replaces `Self` in the head, as in `impl<T: Add<Output = T>> Add<Self> for W<T>`, because it is written outside as well.
    fn replace_self(&mut self, types: &[GivenType]) -> Result<(), Reason> {
        let around = self.clone();
        let mut replace = ReplaceSelf {
            self_ty: &around.in_place,
            of: around.of.as_ref().map(|of| (of, types)),
            renamed: false,
            failed: None,
        };
        if let Some(of) = &mut self.of {
            replace.visit_path_mut(of);
        }
        // In a trait for the same type `Self` is that type, and unlike `Type<'a, T>: Clone`, the bound `Self: Clone`
        // does not require that the type can be well-formed.
        self.in_trait = self.generics.clone();
        replace.visit_generics_mut(&mut self.generics);
        replace.but_of_self(&mut self.in_trait);
        replace.finish()
    }

    /// Returns the arguments for its generics: `<'a, T, N>`.
    pub(crate) fn arguments(&self) -> Vec<TokenStream> {
        arguments(&self.generics)
    }
}

/// Returns a hash of the head of an impl.
fn hash(item: &Impl) -> String {
    let of = item.of.as_ref().map(|(of, _)| of);
    let head = [
        item.generics.to_token_stream(),
        of.to_token_stream(),
        item.self_ty.to_token_stream(),
        item.generics.where_clause.to_token_stream(),
    ];
    let head: String = head.iter().map(ToString::to_string).collect();
    format!("{:016x}", fnv(&head))
}

/// Returns `Type` or `<Type as Trait>`.
fn title(item: &Impl) -> String {
    let plain = |tokens: TokenStream| paths::text(without_lifetimes(tokens));
    let own = plain(item.self_ty.to_token_stream());
    match &item.of {
        None => own,
        Some((of, _)) => format!("<{own} as {}>", plain(of.to_token_stream())),
    }
}

/// Returns the arguments for `generics`.
pub(crate) fn arguments(generics: &Generics) -> Vec<TokenStream> {
    generics
        .params
        .iter()
        .map(|param| match param {
            GenericParam::Lifetime(param) => param.lifetime.to_token_stream(),
            GenericParam::Type(param) => param.ident.to_token_stream(),
            GenericParam::Const(param) => param.ident.to_token_stream(),
        })
        .collect()
}

/// Returns `Parser<T>` for `Parser<'a, T>`, and `Iter` for `Iter<'a>`.
fn without_lifetimes(tokens: TokenStream) -> TokenStream {
    let mut kept: Vec<TokenTree> = Vec::new();
    let mut trees = tokens.into_iter().peekable();
    let is = |tree: Option<&TokenTree>, wanted: char| matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted);
    while let Some(tree) = trees.next() {
        if is(Some(&tree), '\'') {
            trees.next();
            if is(trees.peek(), ',') {
                trees.next();
            }
        } else if is(Some(&tree), '>') && is(kept.last(), '<') {
            kept.pop();
        } else {
            if is(Some(&tree), '>') && is(kept.last(), ',') {
                kept.pop();
            }
            kept.push(tree);
        }
    }
    kept.into_iter().collect()
}

fn renamed(lifetime: &Lifetime) -> Lifetime {
    paths::lifetime(&lifetime.ident)
}

/// Returns whether a lifetime belongs to the expansion.
pub(crate) fn is_made_up(lifetime: &Lifetime) -> bool {
    lifetime.ident.to_string().starts_with("__greenpatch_")
}
