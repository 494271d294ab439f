//! Writes the expansion. What comes in was checked, so nothing can go wrong here.

mod point;
mod replacement;

pub(crate) use replacement::{replacement, slot};

use crate::check::{Checked, CheckedImpl, CheckedMember, CheckedModule, PassedOver};
use crate::paths::Private;
use point::Place;
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

/// Writes a checked item.
pub(crate) fn expand(checked: &Checked, private: &Private) -> TokenStream {
    match checked {
        Checked::AsIs(item, passed_over) => {
            let records = records(passed_over, private);
            quote!(#item #records)
        }
        Checked::Function(point) => point::expand(point, &Place::Free, private),
        Checked::Impl(item) => implementation(item, private),
        Checked::Module(item) => module(item, private),
    }
}

fn implementation(checked: &CheckedImpl, private: &Private) -> TokenStream {
    let members = checked
        .members
        .iter()
        .map(|member| match member {
            CheckedMember::AsIs(member) => member.clone(),
            CheckedMember::Function(point) => {
                point::expand(point, &Place::Inherent(&checked.owner), private)
            }
        })
        .collect();
    let item = checked.item.with(members);
    let cfg = crate::attrs::cfgs(&checked.item.attrs);
    let records = records(&checked.passed_over, private);
    if records.is_empty() {
        return item;
    }
    quote!(#item #(#cfg)* const _: () = { #records };)
}

fn module(checked: &CheckedModule, private: &Private) -> TokenStream {
    let shadow = &checked.shadow;
    let mut items = shadow.imports().clone();
    for item in &checked.items {
        let tokens = expand(item, private);
        items.extend(match item {
            // It has a shadow of its own, or none.
            Checked::Module(_) => tokens,
            _ => shadow.redirect(tokens),
        });
    }
    checked.item.with(&checked.inner, items)
}

fn records(passed_over: &[PassedOver], private: &Private) -> TokenStream {
    passed_over
        .iter()
        .map(|function| {
            let cfg = &function.cfg;
            let reason = &function.reason;
            let site = site(&function.name, function.ident.span(), private);
            quote! {
                #(#cfg)*
                const _: () = {
                    #private::inventory::submit! { #private::PassedOver::new(#site, #reason) }
                };
            }
        })
        .collect()
}

/// Where a function was written: `line!()` says the line of the tokens that it is written with.
pub(crate) fn site(name: &str, span: Span, private: &Private) -> TokenStream {
    let file = quote_spanned!(span=> #private::file!());
    let line = quote_spanned!(span=> #private::line!());
    quote! {
        #private::Site {
            module: #private::module_path!(),
            name: #name,
            file: #file,
            line: #line,
        }
    }
}

/// The lints that generated items would set off, for no fault of the user.
pub(crate) fn allowed() -> TokenStream {
    quote! {
        #[allow(
            dead_code,
            deprecated,
            mismatched_lifetime_syntaxes,
            non_snake_case,
            non_upper_case_globals,
            private_interfaces,
            unreachable_pub
        )]
    }
}
