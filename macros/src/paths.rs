//! The names of generated items, and the paths by which an expansion refers to others.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use std::fmt::Display;
use syn::{Lifetime, Path};

/// Returns the name of the item that leads to the slot of the function `name`: `fetch__PATCH`.
pub(crate) fn patch(name: &Ident) -> Ident {
    derived(name, "PATCH")
}

/// Returns the name of the function that contains the body of the function `name`: `fetch__original`.
pub(crate) fn original(name: &Ident) -> Ident {
    derived(name, "original")
}

/// Returns the name without `r#`.
pub(crate) fn plain(name: &Ident) -> String {
    let text = name.to_string();
    text.strip_prefix("r#")
        .map_or_else(|| text.clone(), str::to_owned)
}

/// Returns the name of an item beside the trait `of` for its method `name`: `Trait__go__PATCH`.
pub(crate) fn in_trait(of: &Ident, name: &Ident, suffix: &str) -> Ident {
    let of = plain(of);
    let name = plain(name);
    format_ident!("{of}__{name}__{suffix}", span = Span::call_site())
}

/// Returns the 64-bit FNV-1a hash of `text`.
pub(crate) fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn derived(name: &Ident, suffix: &str) -> Ident {
    let text = plain(name);
    // The location is the user's, so that errors point there. The context is the macro's, so that lints on names
    // and on unsafe code do not apply.
    let span = Span::call_site().located_at(name.span());
    Ident::new(&format!("{text}__{suffix}"), span)
}

/// Returns the name of a local variable of the expansion. It is hygienic. The prefix distinguishes it from the user's
/// constants, which a pattern would match instead of binding the name.
pub(crate) fn local(name: impl Display) -> Ident {
    Ident::new(&format!("__greenpatch_{name}"), Span::mixed_site())
}

/// Returns the name of an item or a type parameter of the expansion. These names are not hygienic.
pub(crate) fn hidden(name: impl Display) -> Ident {
    Ident::new(&format!("__greenpatch_{name}"), Span::call_site())
}

/// Returns a lifetime of the expansion.
pub(crate) fn lifetime(name: impl Display) -> Lifetime {
    Lifetime::new(&format!("'__greenpatch_{name}"), Span::call_site())
}

/// The path of everything that generated code may use: `::greenpatch::__private`.
#[derive(Clone)]
pub(crate) struct Private(TokenStream);

impl Private {
    pub(crate) fn of(krate: &Path) -> Self {
        Private(quote!(#krate::__private))
    }
}

impl ToTokens for Private {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.0.to_tokens(tokens);
    }
}

/// Returns the text of a type or a trait in the name of a patch point: `Parser`, `Map<u32, String>`.
pub(crate) fn text(tokens: impl ToTokens) -> String {
    let mut text = String::new();
    write(tokens.to_token_stream(), &mut text);
    text
}

fn write(tokens: TokenStream, text: &mut String) {
    use proc_macro2::{Delimiter, TokenTree};
    for tree in tokens {
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                text.push_str(open);
                write(group.stream(), text);
                text.push_str(close);
            }
            TokenTree::Punct(punct) => match punct.as_char() {
                ',' => text.push_str(", "),
                ';' => text.push_str("; "),
                '+' => text.push_str(" + "),
                '=' => text.push_str(" = "),
                other => {
                    if text.ends_with(" = ") && other == '>' {
                        text.pop();
                    }
                    if other == '>' && text.ends_with('-') {
                        text.pop();
                        text.push_str(" -> ");
                    } else {
                        text.push(other);
                    }
                }
            },
            other => {
                if text.ends_with(|last: char| last.is_alphanumeric() || last == '_') {
                    text.push(' ');
                }
                text.push_str(&other.to_string());
            }
        }
    }
}
