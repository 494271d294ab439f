//! Paths among tokens that only a macro can interpret.

use proc_macro2::{Delimiter, Ident, Spacing, TokenStream, TokenTree};

use crate::reader::Reader;

impl Reader<'_> {
    /// Finds the paths among tokens that only a macro can interpret.
    pub(crate) fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut next = 0;
        while next < tokens.len() {
            let first = next;
            next += 1;
            let ident = match &tokens[first] {
                TokenTree::Group(group) => {
                    self.tokens(group.stream());
                    continue;
                }
                TokenTree::Ident(ident) => ident,
                _ => continue,
            };
            let mut parts = vec![plain(ident)];
            while let (true, Some(TokenTree::Ident(part))) =
                (is_separator(&tokens, next), tokens.get(next + 2))
            {
                parts.push(plain(part));
                next += 3;
            }
            let line = ident.span().start().line;
            let external = first >= 2 && is_separator(&tokens, first - 2);
            let before = first.checked_sub(if external { 3 } else { 1 });
            let before = before.map(|before| &tokens[before]);
            let is_field =
                is_punct(before, '.') && !is_punct(tokens.get(first.wrapping_sub(2)), '.');
            let is_variable = is_punct(before, '$') && parts[0] != "crate";
            let continues = external && is_punct(before, '>');
            if is_field || is_variable || continues {
                continue;
            }
            if parts.len() > 1 {
                self.mention(parts, external, line, false);
                continue;
            }
            let group = |at: usize| match tokens.get(at) {
                Some(TokenTree::Group(group)) => Some(group),
                _ => None,
            };
            let is_call = is_punct(tokens.get(next), '!') && group(next + 1).is_some();
            match parts[0].as_str() {
                "unsafe" => {
                    let block = group(next).is_some_and(|g| g.delimiter() == Delimiter::Brace);
                    let is_impl =
                        matches!(tokens.get(next), Some(TokenTree::Ident(word)) if word == "impl");
                    if block || is_impl {
                        self.note_unsafe(ident.span());
                    }
                }
                "cfg" | "cfg_attr" => {
                    let given = group(if is_call { next + 1 } else { next });
                    if let Some(given) = given {
                        self.note_loom(&given.stream(), ident.span());
                    }
                }
                _ if is_call => self.mention(parts, false, line, true),
                _ => {}
            }
        }
    }
}

pub(crate) fn is_punct(token: Option<&TokenTree>, sign: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
}

/// Returns whether `::` begins at this token.
fn is_separator(tokens: &[TokenTree], at: usize) -> bool {
    let joint = match tokens.get(at) {
        Some(TokenTree::Punct(punct)) => {
            punct.as_char() == ':' && punct.spacing() == Spacing::Joint
        }
        _ => false,
    };
    joint && is_punct(tokens.get(at + 1), ':')
}

pub(crate) fn plain(ident: &Ident) -> String {
    ident.to_string().trim_start_matches("r#").to_string()
}
