//! The place where a function is written, as an expression.

use crate::paths::Private;
use proc_macro2::{Literal, Span, TokenStream};
use quote::quote;

/// Returns the place of a function as a `Site`. The line is that of `span`, because `line!()` is the line of the outermost
/// macro, which is the same for all functions of a module. The tests of this crate run outside the compiler, which alone
/// knows the place of a span.
pub(super) fn site(name: &str, span: Span, private: &Private) -> TokenStream {
    let (file, line) = if proc_macro::is_available() {
        let span = span.unwrap();
        (span.file(), span.line())
    } else {
        (String::from("src/lib.rs"), 1)
    };
    let line = Literal::usize_unsuffixed(line);
    quote! {
        #private::Site {
            module: #private::module_path!(),
            name: #name,
            file: #file,
            line: #line,
        }
    }
}
