//! Where a function was written, as an expression.

use crate::paths::Private;
use proc_macro2::{Literal, Span, TokenStream};
use quote::quote;

/// Where a function was written. The compiler is asked for it, because `line!()` is the line of the outermost macro,
/// which is the same for all functions of a module. The tests of this crate run without a compiler.
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
