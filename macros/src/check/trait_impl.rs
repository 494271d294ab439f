//! The rules for methods in the impl of a trait, which can have no items beside them.
//!
//! The slot goes into an impl of a hidden trait for the same type, keyed by the trait's name, the
//! method's, and the trait's type arguments; the original into the impl of another. There `Self` is the
//! same type, but the trait is not the one around, so `Self::Item` becomes `<Self as Iterator>::Item`.

use super::owner::{GivenType, Header, Owner};
use crate::errors::Reason;
use crate::item::Impl;
use crate::paths::plain;
use crate::visit::{ReplaceSelf, inherited};
use proc_macro2::{Group, Ident, Spacing, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::visit_mut::VisitMut;
use syn::{FnArg, GenericArgument, GenericParam, Path, PathArguments, Signature, Type};

/// How the items of one trait impl are called.
pub(crate) struct TraitNames {
    /// Told apart from other impls in the same place by the head of the impl.
    hash: String,
    /// The last segment of the trait.
    trait_name: String,
    /// The trait's type arguments, as written and with lifetimes renamed.
    pub(crate) arguments: Vec<Type>,
    pub(crate) renamed_arguments: Vec<Type>,
}

impl TraitNames {
    /// Names the items for an impl, or says why it cannot have any.
    pub(crate) fn of(item: &Impl, owner: &Owner) -> Result<Self, Reason> {
        let (of, _) = item.of.as_ref().expect("called for the impl of a trait");
        if let Some(negative) = &item.negative {
            return Err(Reason::new(negative, "a negative impl has no functions"));
        }
        covered(&item.self_ty, item)?;
        let header = [
            item.generics.to_token_stream(),
            of.to_token_stream(),
            item.self_ty.to_token_stream(),
            item.generics.where_clause.to_token_stream(),
        ];
        let header: String = header.iter().map(ToString::to_string).collect();
        Ok(TraitNames {
            hash: format!("{:016x}", fnv(&header)),
            trait_name: trait_name(of),
            arguments: type_arguments(owner.written.of.as_ref(), item)?,
            renamed_arguments: type_arguments(owner.of.as_ref(), item)?,
        })
    }

    /// A type of this impl's own, which makes the impl of the hidden trait legal for any type.
    pub(crate) fn marker(&self, method: &Ident) -> Ident {
        format_ident!("__GreenpatchImpl_{}_{}", self.hash, plain(method))
    }

    /// The trait that the original is a method of.
    pub(crate) fn originals(&self, method: &Ident) -> Ident {
        format_ident!("__GreenpatchOriginal_{}_{}", self.hash, plain(method))
    }

    pub(crate) fn key(&self, method: &Ident) -> u64 {
        key(&self.trait_name, method)
    }
}

/// What tells the methods of a type's traits apart.
pub(crate) fn key(trait_name: &str, method: &Ident) -> u64 {
    fnv(&format!("{trait_name}::{}", plain(method)))
}

pub(crate) fn trait_name(of: &Path) -> String {
    of.segments
        .last()
        .map_or_else(String::new, |last| last.ident.to_string())
}

/// FNV-1a, 64 bits.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// A foreign trait can be implemented for `Vec<T>` with a type of one's own as its argument, but not
/// for `T`, nor for `&T` and the others that count as `T`.
fn covered(ty: &Type, item: &Impl) -> Result<(), Reason> {
    let blanket = match ty {
        Type::Path(path) => match path.path.segments.last() {
            Some(last) if path.path.segments.len() == 1 && last.arguments.is_empty() => item
                .generics
                .type_params()
                .any(|param| param.ident == last.ident),
            Some(last) if last.ident == "Box" || last.ident == "Pin" => {
                if let PathArguments::AngleBracketed(args) = &last.arguments {
                    for arg in &args.args {
                        if let GenericArgument::Type(ty) = arg {
                            covered(ty, item)?;
                        }
                    }
                }
                false
            }
            _ => path.qself.is_some(),
        },
        Type::Reference(ty) => return covered(&ty.elem, item),
        Type::Group(ty) => return covered(&ty.elem, item),
        Type::Paren(ty) => return covered(&ty.elem, item),
        Type::Macro(_) => true,
        _ => false,
    };
    if blanket {
        return Err(Reason::new(
            ty,
            "an impl for every type has no place for a slot; make the method a function that the \
             impl calls",
        ));
    }
    Ok(())
}

fn type_arguments(of: Option<&Path>, item: &Impl) -> Result<Vec<Type>, Reason> {
    let Some(last) = of.and_then(|of| of.segments.last()) else {
        return Ok(Vec::new());
    };
    match &last.arguments {
        PathArguments::None => Ok(Vec::new()),
        PathArguments::AngleBracketed(args) => args
            .args
            .iter()
            .filter(|arg| !matches!(arg, GenericArgument::Lifetime(_)))
            .map(|arg| match arg {
                GenericArgument::Type(ty) if !may_be_const(ty, item) => Ok(ty.clone()),
                other => Err(Reason::new(
                    other,
                    "a trait with this kind of argument has no name for its slots; make the method \
                     a function that the impl calls",
                )),
            })
            .collect(),
        PathArguments::Parenthesized(args) => Err(Reason::new(
            args,
            "an impl of `Fn` has no name for its slots",
        )),
    }
}

fn may_be_const(ty: &Type, item: &Impl) -> bool {
    let Type::Path(path) = ty else {
        return false;
    };
    let Some(ident) = path.path.get_ident() else {
        return false;
    };
    let name = ident.to_string();
    let declared = item.generics.params.iter().any(|param| match param {
        GenericParam::Const(param) => param.ident == *ident,
        _ => false,
    });
    let shouted = name.len() > 1 && !name.contains(char::is_lowercase);
    declared
        || shouted
            && !item
                .generics
                .type_params()
                .any(|param| param.ident == *ident)
}

/// The method's signature for the hidden trait: `Self` replaced but for the receiver.
pub(crate) fn signature(sig: &Signature, owner: &Owner) -> Result<Signature, Reason> {
    let mut sig = sig.clone();
    let Header { self_ty, of, .. } = &owner.written;
    let mut replace = ReplaceSelf {
        self_ty,
        of: of.as_ref().map(|of| (of, owner.types.as_slice())),
        renamed: false,
        failed: None,
    };
    for input in &mut sig.inputs {
        if let FnArg::Typed(arg) = input {
            replace.visit_type_mut(&mut arg.ty);
        }
    }
    replace.visit_return_type_mut(&mut sig.output);
    replace.visit_generics_mut(&mut sig.generics);
    replace.finish()?;
    Ok(sig)
}

/// The method's body for the hidden trait: `Self::Item` replaced.
pub(crate) fn body(body: TokenStream, owner: &Owner) -> Result<TokenStream, Reason> {
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
            match &trees[index..] {
                [
                    TokenTree::Ident(own),
                    TokenTree::Punct(first),
                    TokenTree::Punct(second),
                    TokenTree::Ident(name),
                    rest @ ..,
                ] if own == "Self"
                    && first.as_char() == ':'
                    && first.spacing() == Spacing::Joint
                    && second.as_char() == ':'
                    && !ends_path(&trees[..index]) =>
                {
                    output.extend(self.path(&trees[..index], own, name, rest)?);
                    index += 4;
                }
                [TokenTree::Group(group), ..] => {
                    let mut inner = Group::new(group.delimiter(), self.rewrite(group.stream())?);
                    inner.set_span(group.span());
                    output.extend([TokenTree::Group(inner)]);
                    index += 1;
                }
                [tree, ..] => {
                    output.extend([tree.clone()]);
                    index += 1;
                }
                [] => break,
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
            if let [TokenTree::Group(group), ..] = after
                && group.delimiter() == proc_macro2::Delimiter::Brace
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
                    "`Self::{name}` is not a type that this impl gives; write `<Self as Trait>::{name}`"
                ),
            ));
        }
        Ok(quote!(#own::#name))
    }
}

/// Whether `Self::Name` stands where a type does, and not the variant of an enum.
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
        || matches!(before, [.., TokenTree::Punct(minus), TokenTree::Punct(greater)]
            if minus.as_char() == '-' && greater.as_char() == '>')
        || matches!(before.last(), Some(TokenTree::Ident(last)) if last == "as")
        || punct(before.last(), &[':']) && punct(after.first(), &['=', '|']);
    let precedes = punct(after.first(), &['>'])
        || matches!(after, [TokenTree::Punct(first), TokenTree::Punct(second), ..]
            if first.as_char() == ':' && second.as_char() == ':');
    follows || precedes
}

/// Whether a path goes on here: `module::Self` is none of ours.
fn ends_path(before: &[TokenTree]) -> bool {
    matches!(before, [.., TokenTree::Punct(first), TokenTree::Punct(second)]
        if first.as_char() == ':' && first.spacing() == Spacing::Joint && second.as_char() == ':')
}
