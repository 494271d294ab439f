//! The rules for `#[replaces(path::to::module)]` on a module: which of its functions are replacements, and which
//! are hooks.

use super::replacement::Replacement;
use super::target::Target;
use crate::args::{Implements, ReplacesArgs};
use crate::attrs;
use crate::errors::Errors;
use crate::item::{Annotated, Function, Module};
use crate::paths;
use proc_macro2::Ident;
use syn::{Attribute, LitStr, Path, Visibility};

/// A module of replacements.
pub(crate) struct SourceModule {
    pub(crate) item: Module,
    pub(crate) inner: Vec<Attribute>,
    pub(crate) items: Vec<Annotated>,
    /// The module that it replaces functions of.
    pub(crate) target: Path,
    /// The name of `target` beside the module. The path would mean something else inside it.
    pub(crate) alias: Ident,
    pub(crate) replacements: Vec<Replacement>,
    pub(crate) hooks: Vec<Hook>,
    pub(crate) auto: bool,
    pub(crate) feature: Option<LitStr>,
}

/// A function with `#[will_patch]` or `#[did_patch]`.
pub(crate) struct Hook {
    /// The attribute's name, and that of the method that takes the function.
    pub(crate) method: Ident,
    pub(crate) function: Ident,
}

pub(super) fn check(mut item: Module, args: &ReplacesArgs) -> syn::Result<SourceModule> {
    let mut errors = Errors::default();
    if let Some(default) = &args.target.default {
        errors.at(default, "`default` is for a method; remove it");
    }
    if args.target.path.qself.is_some() {
        errors.at(&args.target.path, "expected the path of a module");
    }
    let Some((inner, mut items)) = item.content.take() else {
        return Err(errors.and(
            &item,
            format!(
                "the macro cannot see into another file; write `mod {0} {{ … }}` with the code in \
                 braces, or put `#[replaces(..)]` on the functions in the file one by one",
                item.ident
            ),
        ));
    };
    let hooks = take_hooks(&mut items, &mut errors);
    let chosen = choose(&items, args, &hooks, &mut errors);
    let alias = paths::hidden(format_args!("target_{}", item.ident));
    let target: Path = syn::parse_quote!(super::#alias);
    let mut replacements = Vec::new();
    for (path, function) in chosen {
        let replacement = Target::in_module(&target, &path, function.sig.ident.span())
            .and_then(|target| Replacement::of(function, target));
        match replacement {
            Ok(replacement) => replacements.push(replacement),
            Err(error) => errors.push(error),
        }
    }
    errors.finish(())?;
    Ok(SourceModule {
        item,
        inner,
        items,
        target: args.target.path.path.clone(),
        alias,
        replacements,
        hooks,
        auto: args.auto.is_some(),
        feature: args.feature.as_ref().map(|(_, name)| name.clone()),
    })
}

/// Removes `#[will_patch]` and `#[did_patch]` from their functions.
fn take_hooks(items: &mut [Annotated], errors: &mut Errors) -> Vec<Hook> {
    let mut hooks: Vec<Hook> = Vec::new();
    for item in items {
        let Annotated::Function(function) = item else {
            continue;
        };
        let ident = function.sig.ident.clone();
        function.attrs.retain(|attr| {
            let Some(last) = attr.path().segments.last() else {
                return true;
            };
            if !attrs::is_hook(attr) {
                return true;
            }
            if hooks.iter().any(|hook| hook.method == last.ident) {
                errors.at(
                    attr.path(),
                    format!(
                        "a module of replacements has one `{}` hook; remove one",
                        last.ident
                    ),
                );
            } else {
                hooks.push(Hook {
                    method: last.ident.clone(),
                    function: ident.clone(),
                });
            }
            false
        });
    }
    hooks
}

/// Returns the functions that are replacements, each with the path of its target.
fn choose<'a>(
    items: &'a [Annotated],
    args: &ReplacesArgs,
    hooks: &[Hook],
    errors: &mut Errors,
) -> Vec<(Path, &'a Function)> {
    let functions: Vec<&Function> = items
        .iter()
        .filter_map(|item| match item {
            Annotated::Function(function) => Some(function),
            _ => None,
        })
        .collect();
    let chosen: Vec<(Path, &Function)> = match &args.implements {
        None => functions
            .iter()
            .filter(|function| !matches!(function.vis, Visibility::Inherited))
            .filter(|function| hooks.iter().all(|hook| hook.function != function.sig.ident))
            .map(|function| (function.sig.ident.clone().into(), *function))
            .collect(),
        Some((_, list)) => list
            .iter()
            .filter_map(
                |Implements {
                     item,
                     function: name,
                 }| {
                    let found = functions
                        .iter()
                        .find(|function| function.sig.ident == *name);
                    if found.is_none() {
                        errors.at(name, format!("no function `{name}` in this module"));
                    }
                    found.map(|function| (item.clone(), *function))
                },
            )
            .collect(),
    };
    for (_, function) in &chosen {
        if let Some(param) = function.sig.generics.type_params().next() {
            errors.at(
                param,
                "a replacement cannot be generic over types; make the function private, or leave it out \
                 of `implements(..)`",
            );
        }
    }
    if chosen.is_empty() {
        let what = &args.target.path;
        errors.at(
            what,
            "this module contains no replacement: make functions public, or list them in \
             `implements(..)`",
        );
    }
    chosen
}
