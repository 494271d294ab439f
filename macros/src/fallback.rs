//! What is emitted when there is an error: the item as it was, so that what uses it still resolves and
//! editors still complete inside it, and the errors.

use proc_macro2::TokenStream;
use quote::quote;

/// `item`, and `error` beside it.
pub(crate) fn with_error(item: &TokenStream, error: &syn::Error) -> TokenStream {
    let error = error.to_compile_error();
    quote!(#item #error)
}

/// A hook's attribute that no module of replacements has taken off.
pub(crate) fn misplaced_hook(name: &str, item: TokenStream) -> TokenStream {
    let error = syn::Error::new(
        proc_macro2::Span::call_site(),
        format!(
            "`#[{name}]` is for a function directly in a module with `#[replaces(path::to::module)]`"
        ),
    );
    with_error(&item, &error)
}
