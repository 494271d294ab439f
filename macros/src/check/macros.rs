//! The `macro_rules!` of an annotated module that stop working because an attribute expands them.

use crate::attrs;
use crate::errors::Errors;
use crate::imports::leaves;
use crate::item::{Annotated, Module};
use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use std::collections::HashSet;
use syn::{Ident, Item};

/// The macros in the prelude, including unstable ones.
const PRELUDE: &[&str] = &[
    "assert",
    "assert_eq",
    "assert_ne",
    "cfg",
    "cfg_select",
    "column",
    "compile_error",
    "concat",
    "concat_bytes",
    "concat_idents",
    "const_format_args",
    "dbg",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "deref",
    "env",
    "eprint",
    "eprintln",
    "file",
    "format",
    "format_args",
    "include",
    "include_bytes",
    "include_str",
    "is_x86_feature_detected",
    "line",
    "log_syntax",
    "matches",
    "module_path",
    "option_env",
    "panic",
    "print",
    "println",
    "stringify",
    "thread_local",
    "todo",
    "trace_macros",
    "try",
    "type_ascribe",
    "unimplemented",
    "unreachable",
    "vec",
    "write",
    "writeln",
];

/// Adds an error for each macro of the annotated module that the compiler does not find where it is used.
pub(super) fn check(module: &Module, items: &[Annotated], errors: &mut Errors) {
    if attrs::has(&module.attrs, "macro_use") {
        leaving(items, errors);
    }
    let mut exported = HashSet::new();
    find_exported(items, &mut exported);
    if !exported.is_empty() {
        named_by_path(items, &exported, errors);
    }
}

/// Adds an error for each macro that leaves the module by `#[macro_use]` and has the name of a macro of the prelude.
fn leaving(items: &[Annotated], errors: &mut Errors) {
    for item in items {
        match item {
            Annotated::Other(Item::Macro(item)) => {
                if let Some(name) = &item.ident
                    && PRELUDE.iter().any(|known| name == known)
                {
                    errors.at(
                        name,
                        format!(
                            "outside of this annotated module `{name}!` would be ambiguous, since std has one \
                             too; give it another name, or define it in a module without `#[patchable]`"
                        ),
                    );
                }
            }
            Annotated::Module(item) if attrs::has(&item.attrs, "macro_use") => {
                if let Some((_, items)) = &item.content {
                    leaving(items, errors);
                }
            }
            _ => {}
        }
    }
}

fn find_exported(items: &[Annotated], exported: &mut HashSet<String>) {
    for item in items {
        match item {
            Annotated::Other(Item::Macro(item)) if attrs::has(&item.attrs, "macro_export") => {
                exported.extend(item.ident.as_ref().map(Ident::to_string));
            }
            Annotated::Module(item) => {
                if let Some((_, items)) = &item.content {
                    find_exported(items, exported);
                }
            }
            _ => {}
        }
    }
}

fn named_by_path(items: &[Annotated], exported: &HashSet<String>, errors: &mut Errors) {
    for item in items {
        match item {
            Annotated::Use(item) => {
                for leaf in leaves(&item.tree) {
                    if let [first, name] = leaf.path.as_slice()
                        && first == "crate"
                        && exported.contains(&name.to_string())
                    {
                        forbidden(name, errors);
                    }
                }
            }
            Annotated::Module(item) => {
                if let Some((_, items)) = &item.content {
                    named_by_path(items, exported, errors);
                }
            }
            // `$crate::name!` in a macro may be only for other crates.
            Annotated::Other(Item::Macro(item)) if item.ident.is_some() => {}
            item => calls(item.to_token_stream(), exported, errors),
        }
    }
}

/// Adds an error for each `crate::name!` that is not `$crate::name!`.
fn calls(tokens: TokenStream, exported: &HashSet<String>, errors: &mut Errors) {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    for (index, tree) in trees.iter().enumerate() {
        if let TokenTree::Group(group) = tree {
            calls(group.stream(), exported, errors);
        }
        let [
            TokenTree::Ident(first),
            TokenTree::Punct(one),
            TokenTree::Punct(two),
            TokenTree::Ident(name),
            TokenTree::Punct(bang),
            ..,
        ] = &trees[index..]
        else {
            continue;
        };
        let of_macro = index > 0
            && matches!(&trees[index - 1], TokenTree::Punct(dollar) if dollar.as_char() == '$');
        if first == "crate"
            && !of_macro
            && [one, two].iter().all(|punct| punct.as_char() == ':')
            && bang.as_char() == '!'
            && exported.contains(&name.to_string())
        {
            forbidden(name, errors);
        }
    }
}

fn forbidden(name: &Ident, errors: &mut Errors) {
    errors.at(
        name,
        format!(
            "the compiler accepts no path of this crate to an exported macro in an annotated module; \
             define `{name}!` in a module without `#[patchable]`"
        ),
    );
}
