//! The attributes that decide when code is compiled, and from which file.

use proc_macro2::{TokenStream, TokenTree};
use syn::{Attribute, Meta};

use crate::tokens::is_punct;

/// Returns whether a `cfg` is false whenever no tests are compiled.
pub(crate) fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => needs_test(list.tokens.clone()),
        _ => false,
    })
}

fn needs_test(predicate: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = predicate.into_iter().collect();
    let inner = |group: &proc_macro2::Group| {
        let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
        let mut parts = tokens
            .split(|token| is_punct(Some(token), ','))
            .filter(|part| !part.is_empty())
            .map(|part| needs_test(part.iter().cloned().collect()))
            .collect::<Vec<_>>();
        parts.dedup();
        parts
    };
    match tokens.as_slice() {
        [TokenTree::Ident(name)] => name == "test",
        [TokenTree::Ident(name), TokenTree::Group(group)] if name == "all" => {
            inner(group).contains(&true)
        }
        [TokenTree::Ident(name), TokenTree::Group(group)] if name == "any" => {
            !inner(group).contains(&false)
        }
        _ => false,
    }
}

/// Returns the files in `#[path = "…"]`, or in a `cfg_attr` with it.
pub(crate) fn given_paths(attribute: &Attribute) -> Vec<String> {
    if let Meta::NameValue(value) = &attribute.meta {
        let literal = quoted(&value.value);
        return literal
            .filter(|_| value.path.is_ident("path"))
            .into_iter()
            .collect();
    }
    let Meta::List(list) = &attribute.meta else {
        return Vec::new();
    };
    if !list.path.is_ident("cfg_attr") {
        return Vec::new();
    }
    let tokens: Vec<TokenTree> = list.tokens.clone().into_iter().collect();
    let given = tokens.windows(3).filter_map(|window| match window {
        [
            TokenTree::Ident(name),
            TokenTree::Punct(_),
            TokenTree::Literal(value),
        ] if name == "path" => Some(value.to_string().trim_matches('"').to_string()),
        _ => None,
    });
    given.collect()
}

fn quoted(value: &syn::Expr) -> Option<String> {
    match value {
        syn::Expr::Lit(literal) => match &literal.lit {
            syn::Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

pub(crate) fn mentions(tokens: &TokenStream, word: &str) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == word,
        TokenTree::Group(group) => mentions(&group.stream(), word),
        _ => false,
    })
}
