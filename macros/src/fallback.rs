//! The expansion in case of an error: the errors and the unchanged item. With the item, other code that uses it
//! still resolves, and editors still complete inside it.

use crate::attrs;
use crate::item::{self, Annotated, Member};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Attribute;

/// Returns `item` and, beside it, `error`.
pub(crate) fn with_error(item: &TokenStream, error: &syn::Error) -> TokenStream {
    let error = error.to_compile_error();
    let item = without_helpers(item);
    quote!(#item #error)
}

/// Returns `item` without the helper attributes inside it, which would cause further errors.
fn without_helpers(tokens: &TokenStream) -> TokenStream {
    match item::parse(tokens.clone()) {
        Ok(mut item) => {
            clean(&mut item);
            item.into_token_stream()
        }
        // Not an item: the compiler reports it.
        Err(_) => tokens.clone(),
    }
}

fn clean(item: &mut Annotated) {
    match item {
        Annotated::Function(item) => clean_attributes(&mut item.attrs),
        Annotated::Impl(item) => {
            clean_attributes(&mut item.attrs);
            item.members.iter_mut().for_each(clean_member);
        }
        Annotated::Trait(item) => {
            clean_attributes(&mut item.attrs);
            item.members.iter_mut().for_each(clean_member);
        }
        Annotated::Module(item) => {
            clean_attributes(&mut item.attrs);
            if let Some((_, items)) = &mut item.content {
                items.iter_mut().for_each(clean);
            }
        }
        Annotated::Use(_) | Annotated::ExternCrate(_) | Annotated::Other(_) => {}
    }
}

fn clean_member(member: &mut Member) {
    if let Member::Function(function) = member {
        clean_attributes(&mut function.attrs);
    }
}

fn clean_attributes(attributes: &mut Vec<Attribute>) {
    attrs::take_patchable(attributes);
    attributes.retain(|attr| !attrs::is_hook(attr));
}

/// Returns the expansion of a hook attribute that is not in a source module.
pub(crate) fn misplaced_hook(name: &str, item: TokenStream) -> TokenStream {
    let error = syn::Error::new(
        proc_macro2::Span::call_site(),
        format!(
            "`#[{name}]` is for a function directly in a module with `#[replaces(path::to::module)]`"
        ),
    );
    with_error(&item, &error)
}
