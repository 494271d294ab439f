//! Parses the annotated item, as far as the macro needs to know it.
//!
//! Bodies remain tokens. They are not parsed, so a body that does not compile yet, or does not even parse,
//! is passed on unchanged and at no cost.

mod print;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::discouraged::Speculative;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Generics, Ident, Item, Path, Signature, Token, Type, TypeParamBound, Visibility,
    token,
};

/// An item with `#[patchable]`, or inside one.
pub(crate) enum Annotated {
    Function(Function),
    Impl(Impl),
    Trait(Trait),
    Module(Module),
    Use(syn::ItemUse),
    ExternCrate(syn::ItemExternCrate),
    /// An item that contains no functions.
    Other(Item),
}

/// A function, associated or not, with or without a body.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) default: Option<Ident>,
    pub(crate) sig: Signature,
    pub(crate) body: Body,
}

#[derive(Clone)]
pub(crate) enum Body {
    Block(TokenStream),
    Missing(Token![;]),
}

/// An `impl` block, inherent or of a trait.
pub(crate) struct Impl {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) default: Option<Ident>,
    pub(crate) unsafety: Option<Token![unsafe]>,
    pub(crate) impl_token: Token![impl],
    pub(crate) generics: Generics,
    pub(crate) negative: Option<Token![!]>,
    pub(crate) of: Option<(Path, Token![for])>,
    pub(crate) self_ty: Type,
    pub(crate) brace: token::Brace,
    pub(crate) inner: Vec<Attribute>,
    pub(crate) members: Vec<Member>,
}

pub(crate) struct Trait {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) unsafety: Option<Token![unsafe]>,
    pub(crate) trait_token: Token![trait],
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    pub(crate) colon: Option<Token![:]>,
    pub(crate) supertraits: Punctuated<TypeParamBound, Token![+]>,
    pub(crate) brace: token::Brace,
    pub(crate) inner: Vec<Attribute>,
    pub(crate) members: Vec<Member>,
}

/// A member of an `impl` or a trait.
pub(crate) enum Member {
    Function(Box<Function>),
    /// An associated type, by name.
    Type(Ident, TokenStream),
    Other(TokenStream),
}

pub(crate) struct Module {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) unsafety: Option<Token![unsafe]>,
    pub(crate) mod_token: Token![mod],
    pub(crate) ident: Ident,
    pub(crate) brace: token::Brace,
    /// Inner attributes and items. `None` for `mod name;`.
    pub(crate) content: Option<(Vec<Attribute>, Vec<Annotated>)>,
    pub(crate) semi: Option<Token![;]>,
}

impl Parse for Annotated {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if let Some(function) = Function::speculate(input)? {
            return Ok(Annotated::Function(function));
        }
        let ahead = input.fork();
        let attrs = ahead.call(Attribute::parse_outer)?;
        let vis: Visibility = ahead.parse()?;
        let default = contextual(&ahead, "default");
        let unsafety: Option<Token![unsafe]> = ahead.parse()?;
        if ahead.peek(Token![impl]) {
            input.advance_to(&ahead);
            return Impl::parse(attrs, default, unsafety, input).map(Annotated::Impl);
        }
        if ahead.peek(Token![mod]) {
            input.advance_to(&ahead);
            return Module::parse(attrs, vis, unsafety, input).map(Annotated::Module);
        }
        if ahead.peek(Token![trait])
            && let Ok(item) = Trait::parse(attrs, vis, unsafety, &ahead)
        {
            input.advance_to(&ahead);
            return Ok(Annotated::Trait(item));
        }
        Ok(match input.parse()? {
            Item::Use(item) => Annotated::Use(item),
            Item::ExternCrate(item) => Annotated::ExternCrate(item),
            item => Annotated::Other(item),
        })
    }
}

impl Function {
    /// Parses a function if one follows, and nothing otherwise.
    fn speculate(input: ParseStream<'_>) -> syn::Result<Option<Self>> {
        let ahead = input.fork();
        let attrs = ahead.call(Attribute::parse_outer)?;
        let vis: Visibility = ahead.parse()?;
        let default = contextual(&ahead, "default");
        let Ok(sig) = ahead.parse::<Signature>() else {
            return Ok(None);
        };
        let body = if ahead.peek(Token![;]) {
            Body::Missing(ahead.parse()?)
        } else {
            Body::Block(block(&ahead)?)
        };
        input.advance_to(&ahead);
        Ok(Some(Function {
            attrs,
            vis,
            default,
            sig,
            body,
        }))
    }
}

/// Parses a block in braces, or a `$body:block` in invisible delimiters.
fn block(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    input.step(|cursor| match cursor.token_tree() {
        Some((TokenTree::Group(group), rest)) if is_block(&group) => {
            Ok((TokenTree::Group(group).into(), rest))
        }
        _ => Err(cursor.error("expected a function body in braces")),
    })
}

fn is_block(group: &Group) -> bool {
    match group.delimiter() {
        Delimiter::Brace => true,
        Delimiter::None => {
            let mut trees = group.stream().into_iter();
            matches!(trees.next(), Some(TokenTree::Group(inner)) if is_block(&inner))
                && trees.next().is_none()
        }
        _ => false,
    }
}

/// Parses `default` if an item that it can modify follows.
fn contextual(input: ParseStream<'_>, word: &str) -> Option<Ident> {
    let ahead = input.fork();
    let found: Ident = ahead.parse().ok()?;
    let item_follows = ahead.peek(Token![fn])
        || ahead.peek(Token![unsafe])
        || ahead.peek(Token![async])
        || ahead.peek(Token![const])
        || ahead.peek(Token![extern])
        || ahead.peek(Token![impl])
        || ahead.peek(Token![type]);
    if found == word && item_follows {
        input.advance_to(&ahead);
        return Some(found);
    }
    None
}

impl Impl {
    fn parse(
        attrs: Vec<Attribute>,
        default: Option<Ident>,
        unsafety: Option<Token![unsafe]>,
        input: ParseStream<'_>,
    ) -> syn::Result<Self> {
        let impl_token = input.parse()?;
        let mut generics: Generics = if has_generics(input) {
            input.parse()?
        } else {
            Generics::default()
        };
        let negative = input.parse()?;
        let first: Type = input.parse()?;
        let (of, self_ty) = if input.peek(Token![for]) {
            let for_token = input.parse()?;
            (Some((trait_path(first)?, for_token)), input.parse()?)
        } else {
            (None, first)
        };
        generics.where_clause = input.parse()?;
        let (brace, inner, members) = members(input)?;
        Ok(Impl {
            attrs,
            default,
            unsafety,
            impl_token,
            generics,
            negative,
            of,
            self_ty,
            brace,
            inner,
            members,
        })
    }
}

/// Returns whether the `<` after `impl` opens generics, and not a qualified path.
fn has_generics(input: ParseStream<'_>) -> bool {
    input.peek(Token![<])
        && (input.peek2(Token![>])
            || input.peek2(Token![#])
            || input.peek2(syn::Lifetime)
            || input.peek2(Token![const])
            || input.peek2(Ident)
                && (input.peek3(Token![:]) && !input.peek3(Token![::])
                    || input.peek3(Token![,])
                    || input.peek3(Token![>])
                    || input.peek3(Token![=])))
}

fn trait_path(ty: Type) -> syn::Result<Path> {
    match ty {
        Type::Path(ty) if ty.qself.is_none() => Ok(ty.path),
        Type::Group(ty) => trait_path(*ty.elem),
        other => Err(syn::Error::new_spanned(
            other,
            "expected the path of a trait",
        )),
    }
}

impl Trait {
    fn parse(
        attrs: Vec<Attribute>,
        vis: Visibility,
        unsafety: Option<Token![unsafe]>,
        input: ParseStream<'_>,
    ) -> syn::Result<Self> {
        let trait_token = input.parse()?;
        let ident = input.parse()?;
        let mut generics: Generics = input.parse()?;
        let colon: Option<Token![:]> = input.parse()?;
        let mut supertraits = Punctuated::new();
        if colon.is_some() {
            while !input.peek(Token![where]) && !input.peek(token::Brace) {
                supertraits.push_value(input.parse()?);
                if input.peek(Token![+]) {
                    supertraits.push_punct(input.parse()?);
                } else {
                    break;
                }
            }
        }
        generics.where_clause = input.parse()?;
        let (brace, inner, members) = members(input)?;
        Ok(Trait {
            attrs,
            vis,
            unsafety,
            trait_token,
            ident,
            generics,
            colon,
            supertraits,
            brace,
            inner,
            members,
        })
    }
}

fn members(input: ParseStream<'_>) -> syn::Result<(token::Brace, Vec<Attribute>, Vec<Member>)> {
    let content;
    let brace = syn::braced!(content in input);
    let inner = content.call(Attribute::parse_inner)?;
    let mut members = Vec::new();
    while !content.is_empty() {
        members.push(member(&content)?);
    }
    Ok((brace, inner, members))
}

fn member(input: ParseStream<'_>) -> syn::Result<Member> {
    if let Some(function) = Function::speculate(input)? {
        return Ok(Member::Function(Box::new(function)));
    }
    // Types, constants and macros are the same in traits and impls, except that a trait may omit the value.
    let item: syn::TraitItem = input.parse()?;
    Ok(match item {
        syn::TraitItem::Type(item) => Member::Type(item.ident.clone(), item.into_token_stream()),
        other => Member::Other(other.into_token_stream()),
    })
}

impl Module {
    fn parse(
        attrs: Vec<Attribute>,
        vis: Visibility,
        unsafety: Option<Token![unsafe]>,
        input: ParseStream<'_>,
    ) -> syn::Result<Self> {
        let mod_token = input.parse()?;
        let ident = input.parse()?;
        let semi: Option<Token![;]> = input.parse()?;
        let mut brace = token::Brace::default();
        let content = if semi.is_some() {
            None
        } else {
            let content;
            brace = syn::braced!(content in input);
            let inner = content.call(Attribute::parse_inner)?;
            let mut items = Vec::new();
            while !content.is_empty() {
                items.push(content.parse()?);
            }
            Some((inner, items))
        };
        Ok(Module {
            attrs,
            vis,
            unsafety,
            mod_token,
            ident,
            brace,
            content,
            semi,
        })
    }
}

/// Parses the item that an attribute is on.
pub(crate) fn parse(tokens: TokenStream) -> syn::Result<Annotated> {
    Annotated::parse.parse2(tokens)
}
