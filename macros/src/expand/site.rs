//! Where a function was written, as an expression.

use crate::paths::Private;
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

/// Where a function was written. `line!()` would say the line of the outermost macro, which is one for
/// all functions of a module; it is the way out where there is no compiler to ask.
pub(super) fn site(name: &str, span: Span, private: &Private) -> TokenStream {
    let (file, line) = if proc_macro::is_available() {
        let span = span.unwrap();
        let (file, line) = (span.file(), span.line() as u32);
        (quote!(#file), quote!(#line))
    } else {
        let file = quote_spanned!(span=> #private::file!());
        (file, quote_spanned!(span=> #private::line!()))
    };
    quote! {
        #private::Site {
            module: #private::module_path!(),
            name: #name,
            file: #file,
            line: #line,
        }
    }
}
