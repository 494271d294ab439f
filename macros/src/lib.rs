//! The attribute macros of greenpatch. Users name them through the `greenpatch` crate.
#![forbid(unsafe_code)]

use proc_macro::TokenStream;

/// Makes every function of the annotated item a patch point.
#[proc_macro_attribute]
pub fn patchable(_args: TokenStream, item: TokenStream) -> TokenStream {
    item
}
