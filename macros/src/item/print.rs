//! Writes items as tokens, unchanged or with other content in their braces.

use super::{Annotated, Body, Function, Impl, Member, Module, Trait};
use proc_macro2::TokenStream;
use quote::{ToTokens, TokenStreamExt};
use syn::{Attribute, token};

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.append_all(&self.attrs);
        self.vis.to_tokens(tokens);
        self.default.to_tokens(tokens);
        self.sig.to_tokens(tokens);
        self.body.to_tokens(tokens);
    }
}

impl ToTokens for Body {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Body::Block(block) => block.to_tokens(tokens),
            Body::Missing(semi) => semi.to_tokens(tokens),
        }
    }
}

impl ToTokens for Member {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Member::Function(function) => function.to_tokens(tokens),
            Member::Type(_, item) | Member::Other(item) => item.to_tokens(tokens),
        }
    }
}

impl Impl {
    /// Returns the impl with other members.
    pub(crate) fn with(&self, members: TokenStream) -> TokenStream {
        let mut tokens = TokenStream::new();
        tokens.append_all(&self.attrs);
        self.default.to_tokens(&mut tokens);
        self.unsafety.to_tokens(&mut tokens);
        self.impl_token.to_tokens(&mut tokens);
        self.generics.to_tokens(&mut tokens);
        self.negative.to_tokens(&mut tokens);
        if let Some((path, for_token)) = &self.of {
            path.to_tokens(&mut tokens);
            for_token.to_tokens(&mut tokens);
        }
        self.self_ty.to_tokens(&mut tokens);
        self.generics.where_clause.to_tokens(&mut tokens);
        braces(&self.brace, &self.inner, members, &mut tokens);
        tokens
    }
}

impl Trait {
    /// Returns the trait with other members.
    pub(crate) fn with(&self, members: TokenStream) -> TokenStream {
        let mut tokens = TokenStream::new();
        tokens.append_all(&self.attrs);
        self.vis.to_tokens(&mut tokens);
        self.unsafety.to_tokens(&mut tokens);
        self.trait_token.to_tokens(&mut tokens);
        self.ident.to_tokens(&mut tokens);
        self.generics.to_tokens(&mut tokens);
        self.colon.to_tokens(&mut tokens);
        self.supertraits.to_tokens(&mut tokens);
        self.generics.where_clause.to_tokens(&mut tokens);
        braces(&self.brace, &self.inner, members, &mut tokens);
        tokens
    }
}

impl Module {
    /// Returns the module with other items.
    pub(crate) fn with(&self, inner: &[Attribute], items: TokenStream) -> TokenStream {
        let mut tokens = TokenStream::new();
        tokens.append_all(&self.attrs);
        self.vis.to_tokens(&mut tokens);
        self.unsafety.to_tokens(&mut tokens);
        self.mod_token.to_tokens(&mut tokens);
        self.ident.to_tokens(&mut tokens);
        braces(&self.brace, inner, items, &mut tokens);
        tokens
    }
}

/// Writes the user's braces, because the span of an item extends from its first to its last token.
fn braces(
    brace: &token::Brace,
    inner: &[Attribute],
    content: TokenStream,
    tokens: &mut TokenStream,
) {
    brace.surround(tokens, |tokens| {
        tokens.append_all(inner);
        content.to_tokens(tokens);
    });
}

impl ToTokens for Impl {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let members = self.members.iter().map(ToTokens::to_token_stream).collect();
        self.with(members).to_tokens(tokens);
    }
}

impl ToTokens for Trait {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let members = self.members.iter().map(ToTokens::to_token_stream).collect();
        self.with(members).to_tokens(tokens);
    }
}

impl ToTokens for Module {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match &self.content {
            Some((inner, items)) => {
                let items = items.iter().map(ToTokens::to_token_stream).collect();
                self.with(inner, items).to_tokens(tokens);
            }
            None => {
                tokens.append_all(&self.attrs);
                self.vis.to_tokens(tokens);
                self.unsafety.to_tokens(tokens);
                self.mod_token.to_tokens(tokens);
                self.ident.to_tokens(tokens);
                self.semi.to_tokens(tokens);
            }
        }
    }
}

impl ToTokens for Annotated {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Annotated::Function(item) => item.to_tokens(tokens),
            Annotated::Impl(item) => item.to_tokens(tokens),
            Annotated::Trait(item) => item.to_tokens(tokens),
            Annotated::Module(item) => item.to_tokens(tokens),
            Annotated::Use(item) => item.to_tokens(tokens),
            Annotated::ExternCrate(item) => item.to_tokens(tokens),
            Annotated::Other(item) => item.to_tokens(tokens),
        }
    }
}
