//! The options in `#[patchable(..)]` and `#[replaces(..)]`.

use crate::errors::Errors;
use proc_macro2::TokenStream;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, Ident, LitStr, Path, Token, TypePath, token};

/// The options of `#[patchable(..)]`.
#[derive(Clone, Default)]
pub(crate) struct PatchableArgs {
    /// `crate = path`: the path of the greenpatch crate, if it is not `::greenpatch`.
    pub(crate) krate: Option<Path>,
    /// `skip`: the item is left unchanged.
    pub(crate) skip: bool,
    /// `strict`: a function that cannot be a patch point is an error.
    pub(crate) strict: bool,
    /// `lenient`: a function that cannot be a patch point is passed over, even the annotated one.
    pub(crate) lenient: bool,
    /// `dispatch`: a module gets no `std` shadow.
    pub(crate) dispatch: bool,
}

const PATCHABLE: &str = "expected one of `strict`, `lenient`, `skip`, `dispatch`, `crate = path`";

impl PatchableArgs {
    pub(crate) fn parse(tokens: TokenStream) -> syn::Result<Self> {
        let options = Punctuated::<PatchableOption, Token![,]>::parse_terminated.parse2(tokens)?;
        let mut args = PatchableArgs::default();
        let mut errors = Errors::default();
        for PatchableOption { name, path } in &options {
            let twice = match name.to_string().as_str() {
                "crate" => args
                    .krate
                    .replace(path.clone().expect("parsed with `crate`"))
                    .is_some(),
                "skip" => std::mem::replace(&mut args.skip, true),
                "strict" => std::mem::replace(&mut args.strict, true),
                "lenient" => std::mem::replace(&mut args.lenient, true),
                "dispatch" => std::mem::replace(&mut args.dispatch, true),
                other => {
                    errors.at(name, format!("unknown option `{other}`; {PATCHABLE}"));
                    false
                }
            };
            if twice {
                errors.at(name, format!("option `{name}` given twice; remove one"));
            }
        }
        for PatchableOption { name, .. } in &options {
            if args.strict && args.lenient && name == "lenient" {
                errors.at(
                    name,
                    "`strict` and `lenient` exclude each other; remove one",
                );
            }
        }
        errors.finish(args)
    }

    /// Returns the options of an item inside an annotated one. Its own options take precedence.
    pub(crate) fn inherit(&self, own: PatchableArgs) -> PatchableArgs {
        PatchableArgs {
            krate: own.krate.or_else(|| self.krate.clone()),
            skip: own.skip,
            strict: own.strict || self.strict && !own.lenient,
            lenient: own.lenient || self.lenient && !own.strict,
            dispatch: own.dispatch || self.dispatch,
        }
    }

    pub(crate) fn krate(&self) -> Path {
        given_or_greenpatch(self.krate.as_ref())
    }
}

struct PatchableOption {
    name: Ident,
    path: Option<Path>,
}

impl Parse for PatchableOption {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(Token![crate]) {
            let name = input.call(any_ident)?;
            return Ok(PatchableOption {
                name,
                path: Some(crate_path(input)?),
            });
        }
        let name: Ident = input
            .call(any_ident)
            .map_err(|error| syn::Error::new(error.span(), PATCHABLE))?;
        if !input.is_empty() && !input.peek(Token![,]) {
            if input.peek(Token![=]) || input.peek(token::Paren) {
                return Err(input.error(format!("option `{name}` takes no value; {PATCHABLE}")));
            }
            return Err(input.error("expected `,` between options"));
        }
        Ok(PatchableOption { name, path: None })
    }
}

/// The options of `#[replaces(..)]`.
pub(crate) struct ReplacesArgs {
    /// What is replaced: a function, a method, a method of a trait's impl, or a module.
    pub(crate) target: TargetPath,
    pub(crate) krate: Option<Path>,
    /// `implements(a, Type::b = c)`: the functions of the module that are replacements.
    pub(crate) implements: Option<(Ident, Vec<Implements>)>,
    /// `auto`: `patch_all()` patches the module.
    pub(crate) auto: Option<Ident>,
    /// `feature = "name"`: the feature that the module belongs to.
    pub(crate) feature: Option<(Ident, LitStr)>,
}

/// The path of a patch point, or `default` and the path of a trait's default method.
pub(crate) struct TargetPath {
    pub(crate) default: Option<Ident>,
    pub(crate) path: TypePath,
}

impl Parse for TargetPath {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let default = if input.peek(Ident) && input.peek2(Token![<]) && !input.peek2(Token![<<]) {
            let ahead = input.fork();
            match ahead.parse::<Ident>() {
                Ok(word) if word == "default" => Some(input.parse()?),
                _ => None,
            }
        } else {
            None
        };
        Ok(TargetPath {
            default,
            path: input.parse()?,
        })
    }
}

/// `function`, or `Type::method = function`.
pub(crate) struct Implements {
    /// The item, as seen from the target module.
    pub(crate) item: Path,
    /// The function of the source module.
    pub(crate) function: Ident,
}

impl Parse for Implements {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let item: Path = input.parse()?;
        let function = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            input.parse()?
        } else {
            item.get_ident().cloned().ok_or_else(|| {
                syn::Error::new_spanned(
                    &item,
                    "expected the name of a function, or `Type::method = function`",
                )
            })?
        };
        Ok(Implements { item, function })
    }
}

const REPLACES: &str =
    "expected one of `implements(name, ..)`, `auto`, `feature = \"name\"`, `crate = path`";

impl ReplacesArgs {
    pub(crate) fn parse(tokens: TokenStream) -> syn::Result<Self> {
        (|input: ParseStream<'_>| {
            if input.is_empty() {
                return Err(input.error(
                    "expected the path of what is replaced: `#[replaces(path::to::function)]`, \
                     `#[replaces(path::to::Type::method)]`, `#[replaces(<Type as Trait>::method)]` \
                     or, on a module, `#[replaces(path::to::module)]`",
                ));
            }
            let target = input.parse()?;
            let mut args = ReplacesArgs {
                target,
                krate: None,
                implements: None,
                auto: None,
                feature: None,
            };
            let mut errors = Errors::default();
            while !input.is_empty() {
                input.parse::<Token![,]>()?;
                if input.is_empty() {
                    break;
                }
                let name = input.call(any_ident)?;
                let twice = match name.to_string().as_str() {
                    "crate" => args.krate.replace(crate_path(input)?).is_some(),
                    "auto" => args.auto.replace(name.clone()).is_some(),
                    "implements" => {
                        let list;
                        syn::parenthesized!(list in input);
                        let list = Punctuated::<Implements, Token![,]>::parse_terminated(&list)?;
                        args.implements
                            .replace((name.clone(), list.into_iter().collect()))
                            .is_some()
                    }
                    "feature" => {
                        input.parse::<Token![=]>()?;
                        args.feature
                            .replace((name.clone(), input.parse()?))
                            .is_some()
                    }
                    other => {
                        return Err(syn::Error::new_spanned(
                            &name,
                            format!("unknown option `{other}`; {REPLACES}"),
                        ));
                    }
                };
                if twice {
                    errors.at(&name, format!("option `{name}` given twice; remove one"));
                }
            }
            errors.finish(args)
        })
        .parse2(tokens)
    }

    pub(crate) fn krate(&self) -> Path {
        given_or_greenpatch(self.krate.as_ref())
    }
}

/// The path and the options in `patch_point!(..)`.
pub(crate) struct PointArgs {
    pub(crate) target: TargetPath,
    krate: Option<Path>,
}

impl PointArgs {
    pub(crate) fn parse(tokens: TokenStream) -> syn::Result<Self> {
        (|input: ParseStream<'_>| {
            let target = input.parse()?;
            let mut krate = None;
            if input.peek(Token![,]) {
                input.parse::<Token![,]>()?;
                if !input.is_empty() {
                    if !input.peek(Token![crate]) {
                        return Err(input.error("expected one path, and `crate = path` at most"));
                    }
                    input.parse::<Token![crate]>()?;
                    krate = Some(crate_path(input)?);
                    input.parse::<Option<Token![,]>>()?;
                }
            }
            Ok(PointArgs { target, krate })
        })
        .parse2(tokens)
    }

    pub(crate) fn krate(&self) -> Path {
        given_or_greenpatch(self.krate.as_ref())
    }
}

fn given_or_greenpatch(krate: Option<&Path>) -> Path {
    krate
        .cloned()
        .unwrap_or_else(|| syn::parse_quote!(::greenpatch))
}

fn any_ident(input: ParseStream<'_>) -> syn::Result<Ident> {
    use syn::ext::IdentExt;
    input.call(Ident::parse_any)
}

/// Parses the rest of `crate = path`. `crate` and `self` are accepted as paths, and a string is reported as an error.
fn crate_path(input: ParseStream<'_>) -> syn::Result<Path> {
    input.parse::<Token![=]>()?;
    match input.parse::<Expr>() {
        Ok(Expr::Path(path)) if path.qself.is_none() => Ok(path.path),
        Ok(other) => Err(syn::Error::new_spanned(
            other,
            "expected a path, as in `crate = ::my_greenpatch`, without quotes",
        )),
        Err(error) => Err(error),
    }
}
