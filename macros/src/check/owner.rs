//! What a method belongs to: the impl around it, written so that it can be said outside of it.

use crate::item::{Impl, Member};
use crate::visit::{Lifetimes, NameElided, RenameLifetimes};
use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit_mut::VisitMut;
use syn::{Generics, Ident, Lifetime, Path, Type};

/// The impl that a method is in.
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
    pub(crate) types: Vec<Ident>,
}

impl Owner {
    pub(crate) fn of(item: &Impl) -> Self {
        let mut owner = Owner {
            self_ty: item.self_ty.clone(),
            lifetimes: Vec::new(),
            generics: item.generics.clone(),
            of: item.of.as_ref().map(|(path, _)| path.clone()),
            types: Vec::new(),
        };
        for member in &item.members {
            if let Member::Type(ident, _) = member {
                owner.types.push(ident.clone());
            }
        }
        let own: Vec<Lifetime> = item
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
        owner.lifetimes.extend(own.iter().map(renamed));

        let mut left_out = Vec::new();
        let mut name = || {
            let lifetime = made_up(&format!("of_impl_{}", left_out.len()));
            left_out.push(lifetime.clone());
            lifetime
        };
        let mut name = NameElided(&mut name);
        name.visit_type_mut(&mut owner.self_ty);
        if let Some(of) = &mut owner.of {
            name.visit_path_mut(of);
        }
        owner.lifetimes.extend(left_out);
        owner
    }

    /// The name that a lifetime of the impl has in `self_ty`.
    pub(crate) fn rename(&self, lifetime: &Lifetime) -> Option<Lifetime> {
        let other = renamed(lifetime);
        self.lifetimes.contains(&other).then_some(other)
    }

    /// What stands before the method in the name of a patch point: `Type`, `<Type as Trait>`.
    pub(crate) fn name(&self) -> String {
        let plain = |tokens: TokenStream| crate::paths::text(without_lifetimes(tokens));
        let own = plain(self.self_ty.to_token_stream());
        match &self.of {
            None => own,
            Some(of) => format!("<{own} as {}>", plain(of.to_token_stream())),
        }
    }

    /// Whether the type has lifetimes that can be seen.
    pub(crate) fn has_lifetimes(&self) -> bool {
        !Lifetimes::of(&self.self_ty).is_empty()
    }
}

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

/// A lifetime of the expansion.
pub(crate) fn made_up(name: &str) -> Lifetime {
    Lifetime::new(&format!("'__greenpatch_{name}"), Span::call_site())
}
