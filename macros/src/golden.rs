//! Compares expansions with the files in `golden/`, which `golden/README.md` explains. `GOLDEN=overwrite` rewrites
//! them.

use crate::args::{PatchableArgs, ReplacesArgs};
use crate::paths::Private;
use crate::{check, expand, item};
use proc_macro2::TokenStream;
use std::path::Path;
use std::{env, fs};
use syn::{Attribute, Item};

/// Expands each item of `golden/NAME.rs` that has an attribute, and compares with
/// `golden/NAME.expanded.rs`.
fn compare(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let input = fs::read_to_string(folder.join(format!("{name}.rs"))).expect("the input is there");
    let input = syn::parse_file(&input).expect("the input parses");
    let expanded: TokenStream = input.items.into_iter().map(expand_item).collect();
    let expanded = syn::parse2(expanded).expect("the expansion parses");
    let expanded = prettyplease::unparse(&expanded);
    let path = folder.join(format!("{name}.expanded.rs"));
    if env::var_os("GOLDEN").is_some_and(|value| value == "overwrite") {
        fs::write(&path, expanded).expect("the golden file can be written");
        return;
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        golden == expanded,
        "{} differs; if that is meant, run again with GOLDEN=overwrite\n{expanded}",
        path.display()
    );
}

fn expand_item(mut item: Item) -> TokenStream {
    let attrs: &mut Vec<Attribute> = match &mut item {
        Item::Fn(item) => &mut item.attrs,
        Item::Impl(item) => &mut item.attrs,
        Item::Trait(item) => &mut item.attrs,
        Item::Mod(item) => &mut item.attrs,
        other => return quote::quote!(#other),
    };
    if attrs.is_empty() {
        return quote::quote!(#item);
    }
    let attr = attrs.remove(0);
    let args = match &attr.meta {
        syn::Meta::List(list) => list.tokens.clone(),
        _ => TokenStream::new(),
    };
    let tokens = quote::quote!(#item);
    if attr.path().is_ident("replaces") {
        let args = ReplacesArgs::parse(args).expect("the options are fine");
        let item = item::parse(tokens).expect("the item parses");
        let checked = check::check_replaces(item, &args).expect("the replacement is fine");
        return expand::expand_replaces(&checked, &Private::of(&args.krate()));
    }
    let args = PatchableArgs::parse(args).expect("the options are fine");
    let item = item::parse(tokens).expect("the item parses");
    let checked = check::check(item, &args).expect("the item can be rewritten");
    expand::expand(&checked, &Private::of(&args.krate()))
}

#[test]
fn function() {
    compare("function");
}

#[test]
fn lifetimes() {
    compare("lifetimes");
}

#[test]
fn generic_function() {
    compare("generic_function");
}

#[test]
fn async_function() {
    compare("async_function");
}

#[test]
fn inherent_impl() {
    compare("inherent_impl");
}

#[test]
fn trait_impl() {
    compare("trait_impl");
}

#[test]
fn default_method() {
    compare("default_method");
}

#[test]
fn module() {
    compare("module");
}

#[test]
fn replacement() {
    compare("replacement");
}

#[test]
fn source_module() {
    compare("source_module");
}

/// Another attribute may reject items that the user did not write.
#[test]
fn an_impl_with_another_attribute_gets_no_items() {
    let expanded = |attr: TokenStream| {
        let args = PatchableArgs::parse(quote::quote!(lenient)).expect("the options are fine");
        let item = quote::quote!(#attr impl Type { const fn limit() -> u8 { 1 } });
        let item = item::parse(item).expect("the item parses");
        let checked =
            check::check(item, &args).expect("a function that cannot be rewritten is passed over");
        expand::expand(&checked, &Private::of(&args.krate())).to_string()
    };
    assert!(expanded(quote::quote!()).contains("limit__PATCH"));
    assert!(!expanded(quote::quote!(#[other])).contains("limit__PATCH"));
}
