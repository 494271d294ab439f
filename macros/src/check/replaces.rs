//! The rules for `#[replaces(..)]`: which function replaces which patch point.

use super::replacement::Replacement;
use super::source_module::{self, SourceModule};
use super::target::Target;
use crate::args::ReplacesArgs;
use crate::errors::Errors;
use crate::item::{Annotated, Function};
use syn::{FnArg, GenericParam};

/// A checked item with `#[replaces(..)]`.
pub(crate) enum Replaces {
    Function(Box<Function>, Box<Replacement>),
    Module(Box<SourceModule>),
}

/// Checks the item that `#[replaces(..)]` is on.
pub(crate) fn check(item: Annotated, args: &ReplacesArgs) -> syn::Result<Replaces> {
    match item {
        Annotated::Function(function) => {
            check_function(&function, args)?;
            let target = Target::read(&args.target)?;
            let replacement = Replacement::of(&function, target)?;
            Ok(Replaces::Function(
                Box::new(function),
                Box::new(replacement),
            ))
        }
        Annotated::Module(module) => {
            let module = source_module::check(module, args)?;
            Ok(Replaces::Module(Box::new(module)))
        }
        other => Err(syn::Error::new_spanned(
            &other,
            "expected a function, or an inline module of functions",
        )),
    }
}

fn check_function(function: &Function, args: &ReplacesArgs) -> syn::Result<()> {
    let mut errors = Errors::default();
    if let Some(FnArg::Receiver(receiver)) = function.sig.inputs.first() {
        errors.at(
            receiver,
            "a replacement is a free function; take the receiver as a first argument, \
             as in `this: &Type`",
        );
    }
    let options = [
        args.auto.as_ref(),
        args.implements.as_ref().map(|(name, _)| name),
        args.feature.as_ref().map(|(name, _)| name),
    ];
    for option in options.into_iter().flatten() {
        errors.at(
            option,
            format!("option `{option}` is for a module of replacements; remove it"),
        );
    }
    for param in &function.sig.generics.params {
        if !matches!(param, GenericParam::Lifetime(_)) {
            errors.at(
                param,
                "a replacement cannot be generic over types: it replaces one instantiation, as in \
                 `#[replaces(path::function::<u32>)]`; name the type",
            );
        }
    }
    errors.finish(())
}
