//! Rewrites paths in std's own tests for use outside std.

use crate::edit::{self, Edit};
use proc_macro2::{TokenStream, TokenTree};

/// Rewrites all paths of a text: `crate::` and `super::` mean std in its own tests; `sync::poison` is
/// what `sync` re-exports.
///
/// # Errors
///
/// Says why the text has no tokens.
pub(crate) fn rewrite(text: &str, super_is: Option<&str>) -> Result<String, String> {
    let tokens: TokenStream = text.parse().map_err(|error| format!("{error}"))?;
    let mut edits = Vec::new();
    walk(tokens, super_is, &mut edits);
    Ok(edit::apply(text, edits))
}

fn walk(tokens: TokenStream, super_is: Option<&str>, edits: &mut Vec<Edit>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let ident = |index: usize| match tokens.get(index) {
        Some(TokenTree::Ident(ident)) => Some(ident.to_string()),
        _ => None,
    };
    let colons = |index: usize| {
        [index, index + 1].iter().all(
            |&at| matches!(tokens.get(at), Some(TokenTree::Punct(colon)) if colon.as_char() == ':'),
        )
    };
    for (index, token) in tokens.iter().enumerate() {
        let range = token.span().byte_range();
        if let TokenTree::Group(group) = token {
            walk(group.stream(), super_is, edits);
            continue;
        }
        let Some(word) = ident(index) else { continue };
        if !colons(index + 1) {
            continue;
        }
        let next = ident(index + 3);
        match (word.as_str(), next.as_deref()) {
            ("crate", Some("harness")) => {}
            ("crate", Some("common" | "test_helpers")) => {
                edits.push((range, "crate::harness".to_string()))
            }
            ("crate", Some("net"))
                if colons(index + 4) && ident(index + 6).as_deref() == Some("test") =>
            {
                edits.push((range, "crate::harness".to_string()));
            }
            ("crate", _) => edits.push((range, "std".to_string())),
            ("super", _) => edits.extend(super_is.map(|path| (range, path.to_string()))),
            ("rand", _) if index > 0 && ident(index - 1).as_deref() == Some("use") => {
                edits.push((range, "crate::harness::rand".to_string()));
            }
            ("sync", Some("poison")) => {
                edits.push((
                    range.end..tokens[index + 3].span().byte_range().end,
                    String::new(),
                ));
            }
            _ => {}
        }
    }
}
