//! The body of a method in the impl of a trait, rewritten for the impl of a hidden trait: `Self::Item` becomes
//! `<Self as Iterator>::Item`.

use super::owner::Owner;
use crate::errors::Reason;
use crate::shadow::quoting;
use crate::visit::GivenType;
use crate::visit::inherited;
use proc_macro2::{Delimiter, Group, Ident, Spacing, TokenStream, TokenTree};
use quote::quote;
use syn::Path;

/// Returns the method's body with `Self::Item` replaced.
pub(crate) fn rewrite(body: TokenStream, owner: &Owner) -> Result<TokenStream, Reason> {
    let Some(of) = &owner.written.of else {
        return Ok(body);
    };
    Body {
        of,
        types: &owner.types,
    }
    .rewrite(body)
}

struct Body<'a> {
    of: &'a Path,
    types: &'a [GivenType],
}

impl Body<'_> {
    fn rewrite(&self, tokens: TokenStream) -> Result<TokenStream, Reason> {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        let mut output = TokenStream::new();
        let mut index = 0;
        while index < trees.len() {
            let (before, here) = trees.split_at(index);
            let untouched = item_with_self(before, here).or_else(|| quoted(here));
            if let Some(length) = untouched {
                output.extend(here[..length].iter().cloned());
                index += length;
            } else if let Some((own, name, length)) = path_of_self(before, here) {
                output.extend(self.path(before, own, name, &here[length..])?);
                index += length;
            } else if let TokenTree::Group(group) = &here[0] {
                let mut inner = Group::new(group.delimiter(), self.rewrite(group.stream())?);
                inner.set_span(group.span());
                output.extend([TokenTree::Group(inner)]);
                index += 1;
            } else {
                output.extend([here[0].clone()]);
                index += 1;
            }
        }
        Ok(output)
    }

    fn path(
        &self,
        before: &[TokenTree],
        own: &Ident,
        name: &Ident,
        after: &[TokenTree],
    ) -> Result<TokenStream, Reason> {
        let of = self.of;
        if self.types.iter().any(|given| given.ident == *name) {
            if is_value(before, after) {
                return Ok(quote!(#own::#name));
            }
            if let [TokenTree::Group(group), ..] = after
                && group.delimiter() == Delimiter::Brace
                && !ends_arrow(before)
            {
                return Err(Reason::new(
                    name,
                    "a value of an associated type is written out; name its type",
                ));
            }
            return Ok(quote!(<#own as #of>::#name));
        }
        if let Some(of) = inherited(of, name) {
            return Ok(quote!(<#own as #of>::#name));
        }
        if is_type(before, name, after) {
            return Err(Reason::new(
                name,
                format!(
                    "`Self::{name}` is not a type that this impl defines; write `<Self as Trait>::{name}`"
                ),
            ));
        }
        Ok(quote!(#own::#name))
    }
}

/// Returns whether `Self::Name` is in the position of a type, and is not the variant of an enum.
fn is_type(before: &[TokenTree], name: &Ident, after: &[TokenTree]) -> bool {
    let text = name.to_string();
    if !text.starts_with(char::is_uppercase) || !text.contains(char::is_lowercase) && text.len() > 1
    {
        return false;
    }
    let punct = |tree: Option<&TokenTree>, wanted: &[char]| match tree {
        Some(TokenTree::Punct(punct)) => wanted.contains(&punct.as_char()),
        _ => false,
    };
    let follows = punct(before.last(), &['<'])
        || ends_arrow(before)
        || matches!(before.last(), Some(TokenTree::Ident(last)) if last == "as")
        || punct(before.last(), &[':']) && punct(after.first(), &['=', '|']);
    let precedes = punct(after.first(), &['>'])
        || matches!(after, [TokenTree::Punct(first), TokenTree::Punct(second), ..]
            if first.as_char() == ':' && second.as_char() == ':');
    follows || precedes
}

/// Returns whether `Self::Name` is the variant of an enum that has the name of an associated type.
fn is_value(before: &[TokenTree], after: &[TokenTree]) -> bool {
    let called = match after {
        [TokenTree::Group(group), ..] => group.delimiter() == Delimiter::Parenthesis,
        [TokenTree::Punct(dot), ..] if dot.as_char() == '.' => dot.spacing() == Spacing::Alone,
        [TokenTree::Punct(equals), TokenTree::Punct(greater), ..] => {
            equals.as_char() == '=' && greater.as_char() == '>'
        }
        _ => false,
    };
    let given = match before {
        [.., TokenTree::Ident(word)] => word == "return" || word == "break",
        [.., TokenTree::Punct(equals), TokenTree::Punct(greater)] => {
            equals.as_char() == '=' && greater.as_char() == '>'
        }
        _ => false,
    };
    called || given
}

fn ends_arrow(before: &[TokenTree]) -> bool {
    matches!(before, [.., TokenTree::Punct(minus), TokenTree::Punct(greater)]
        if minus.as_char() == '-' && greater.as_char() == '>')
}

/// Returns whether a path continues here, as in `module::Self`.
fn ends_path(before: &[TokenTree]) -> bool {
    matches!(before, [.., TokenTree::Punct(first), TokenTree::Punct(second)]
        if first.as_char() == ':' && first.spacing() == Spacing::Joint && second.as_char() == ':')
}

/// Returns `Self` and `Name` of the path `Self::Name` or `<Self>::Name` if it starts here, and its number of token trees.
fn path_of_self<'a>(
    before: &[TokenTree],
    here: &'a [TokenTree],
) -> Option<(&'a Ident, &'a Ident, usize)> {
    if ends_path(before) {
        return None;
    }
    let (own, colons, length) = match here {
        [TokenTree::Ident(own), rest @ ..] => (own, rest, 4),
        [
            TokenTree::Punct(open),
            TokenTree::Ident(own),
            TokenTree::Punct(close),
            rest @ ..,
        ] if open.as_char() == '<' && close.as_char() == '>' => (own, rest, 6),
        _ => return None,
    };
    match colons {
        [
            TokenTree::Punct(first),
            TokenTree::Punct(second),
            TokenTree::Ident(name),
            ..,
        ] if own == "Self"
            && first.as_char() == ':'
            && first.spacing() == Spacing::Joint
            && second.as_char() == ':' =>
        {
            Some((own, name, length))
        }
        _ => None,
    }
}

/// Returns the number of token trees of an item in which `Self` has another meaning, if one starts here.
fn item_with_self(before: &[TokenTree], here: &[TokenTree]) -> Option<usize> {
    let TokenTree::Ident(word) = &here[0] else {
        return None;
    };
    let starts = match before {
        [] => true,
        [.., TokenTree::Punct(semi)] => semi.as_char() == ';',
        [.., TokenTree::Group(group)] => {
            matches!(group.delimiter(), Delimiter::Brace | Delimiter::Bracket)
        }
        [.., TokenTree::Ident(word)] => word == "unsafe",
        _ => false,
    };
    // `impl Trait` is a type elsewhere.
    if word != "trait" && !(word == "impl" && starts) {
        return None;
    }
    let mut previous = '\0';
    for (index, tree) in here.iter().enumerate() {
        match tree {
            // Not `Array<{ N }>`.
            TokenTree::Group(group)
                if group.delimiter() == Delimiter::Brace && !"<,".contains(previous) =>
            {
                return Some(index + 1);
            }
            TokenTree::Punct(punct) if punct.as_char() == ';' => return None,
            TokenTree::Punct(punct) => previous = punct.as_char(),
            _ => previous = '\0',
        }
    }
    None
}

/// Returns the number of token trees of a macro call with code that must not change, if one starts here. The expansion
/// of a `macro_rules!` is used in this body, so its code changes.
fn quoted(here: &[TokenTree]) -> Option<usize> {
    match &here[0] {
        TokenTree::Ident(name) if name == "macro_rules" => None,
        _ => quoting(here),
    }
}
