//! What a method belongs to: the impl around it, written so that it can be said outside of it.

use crate::item::{Impl, Member, Trait};
use crate::visit::{Lifetimes, NameElided, RenameLifetimes};
use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit_mut::VisitMut;
use syn::{GenericParam, Generics, Ident, ImplItemType, Lifetime, Path, Type, parse_quote};

/// The impl, or the trait, that a method is in.
pub(crate) struct Owner {
    /// Its type, with its lifetimes renamed: a slot's type binds them anew.
    pub(crate) self_ty: Type,
    /// Its lifetimes, those left out too, under the names that `self_ty` uses.
    pub(crate) lifetimes: Vec<Lifetime>,
    /// Its generics, renamed likewise.
    pub(crate) generics: Generics,
    /// The trait, renamed likewise.
    pub(crate) of: Option<Path>,
    /// The associated types that it gives.
    pub(crate) types: Vec<GivenType>,
    /// The same with the lifetimes as they were written.
    pub(crate) written: Header,
    /// What stands before the method in the name of a patch point: `Type`, `<Type as Trait>`, `Trait`.
    pub(crate) title: String,
    /// Whether a slot can have conditions of its own, beyond those of the impl.
    pub(crate) conditional: bool,
}

/// An associated type that an impl gives.
pub(crate) struct GivenType {
    pub(crate) ident: Ident,
    /// What it is, as written and with the impl's lifetimes renamed; unknown if it has parameters.
    pub(crate) written: Option<Type>,
    pub(crate) renamed: Option<Type>,
}

/// The head of an impl in which every lifetime has a name.
#[derive(Clone)]
pub(crate) struct Header {
    pub(crate) generics: Generics,
    pub(crate) self_ty: Type,
    pub(crate) of: Option<Path>,
}

impl Owner {
    pub(crate) fn of(item: &Impl) -> Self {
        let written = Header::of(item);
        let mut owner = Owner {
            self_ty: written.self_ty.clone(),
            lifetimes: Vec::new(),
            generics: written.generics.clone(),
            of: written.of.clone(),
            types: Vec::new(),
            title: written.title(),
            conditional: written.of.is_some(),
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
        rename.visit_generics_mut(&mut owner.generics);
        if let Some(of) = &mut owner.of {
            rename.visit_path_mut(of);
        }
        for member in &item.members {
            if let Member::Type(ident, tokens) = member {
                let definition = syn::parse2::<ImplItemType>(tokens.clone()).ok();
                let written = definition
                    .filter(|definition| definition.generics.params.is_empty())
                    .map(|definition| definition.ty);
                let mut renamed = written.clone();
                if let Some(ty) = &mut renamed {
                    rename.visit_type_mut(ty);
                }
                owner.types.push(GivenType {
                    ident: ident.clone(),
                    written,
                    renamed,
                });
            }
        }
        owner.lifetimes.extend(own.iter().map(renamed));
        owner
    }

    /// What a default method of a trait belongs to: any type that implements the trait.
    pub(crate) fn of_trait(item: &Trait) -> Self {
        let own = Ident::new(ANY_SELF, Span::call_site());
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
            lifetimes: Vec::new(),
            generics: generics.clone(),
            of: None,
            types: Vec::new(),
            written: Header {
                generics,
                self_ty,
                of: None,
            },
            title: name.to_string(),
            conditional: true,
        }
    }

    /// The name that a lifetime of the impl has in `self_ty`.
    pub(crate) fn rename(&self, lifetime: &Lifetime) -> Option<Lifetime> {
        let other = renamed(lifetime);
        self.lifetimes.contains(&other).then_some(other)
    }

    /// Whether the type has lifetimes that can be seen.
    pub(crate) fn has_lifetimes(&self) -> bool {
        !Lifetimes::of(&self.self_ty).is_empty()
    }
}

impl Header {
    fn of(item: &Impl) -> Self {
        let mut header = Header {
            generics: item.generics.clone(),
            self_ty: item.self_ty.clone(),
            of: item.of.as_ref().map(|(path, _)| path.clone()),
        };
        let mut left_out = Vec::new();
        let mut name = || {
            let lifetime = made_up(&format!("of_impl_{}", left_out.len()));
            left_out.push(lifetime.clone());
            lifetime
        };
        let mut name = NameElided(&mut name);
        name.visit_type_mut(&mut header.self_ty);
        if let Some(of) = &mut header.of {
            name.visit_path_mut(of);
        }
        for lifetime in left_out.into_iter().rev() {
            header.generics.params.insert(0, parse_quote!(#lifetime));
            header.generics.lt_token.get_or_insert_default();
            header.generics.gt_token.get_or_insert_default();
        }
        header
    }

    fn title(&self) -> String {
        let plain = |tokens: TokenStream| crate::paths::text(without_lifetimes(tokens));
        let own = plain(self.self_ty.to_token_stream());
        match &self.of {
            None => own,
            Some(of) => format!("<{own} as {}>", plain(of.to_token_stream())),
        }
    }

    /// The arguments that stand for its generics: `<'a, T, N>`.
    pub(crate) fn arguments(&self) -> Vec<TokenStream> {
        arguments(&self.generics)
    }
}

/// The arguments that stand for `generics`.
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

/// The type parameter that `Self` is in the items of a default method.
const ANY_SELF: &str = "__GreenpatchSelf";

/// `Parser<'a, T>` as `Parser<T>`, `Iter<'a>` as `Iter`.
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
    made_up(&lifetime.ident.to_string())
}

/// Whether a lifetime is of the expansion.
pub(crate) fn is_made_up(lifetime: &Lifetime) -> bool {
    lifetime.ident.to_string().starts_with("__greenpatch_")
}

/// A lifetime of the expansion.
pub(crate) fn made_up(name: &str) -> Lifetime {
    Lifetime::new(&format!("'__greenpatch_{name}"), Span::call_site())
}
