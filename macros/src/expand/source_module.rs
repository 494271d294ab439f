//! A source module: its replacements and hooks as a value.

use super::replacement;
use crate::attrs;
use crate::check::SourceModule;
use crate::paths::{self, Private};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

/// Writes a module of replacements.
///
/// Input:
///
/// ```text
/// #[replaces(net)]
/// mod green_net { pub fn connect() { … } }
/// ```
///
/// Output:
///
/// ```text
/// use net as __greenpatch_target_green_net;
/// mod green_net {
///     pub fn connect() { … }
///     pub static SOURCE: Source = Source::new(module_path!(), "net", &[…]);
/// }
/// ```
pub(super) fn expand(module: &SourceModule, private: &Private) -> TokenStream {
    let SourceModule {
        item,
        inner,
        items,
        target,
        alias,
        replacements,
        hooks,
        auto,
        feature,
    } = module;
    let mut shims = TokenStream::new();
    let mut values = TokenStream::new();
    for replacement in replacements {
        let cfg = &replacement.cfg;
        let shim = replacement::shim(replacement, private);
        shims.extend(shim.map(|shim| quote!(#(#cfg)* #shim)));
        let value = replacement::value(replacement, private);
        values.extend(quote!(#(#cfg)* #value,));
    }
    let text = paths::text(target);
    let auto = auto.then(|| quote!(.auto()));
    let feature = feature.as_ref().map(|name| quote!(.feature_named(#name)));
    let hooks = hooks.iter().map(|hook| {
        let (method, function) = (&hook.method, &hook.function);
        quote!(.#method(#function))
    });
    let source = quote! {
        #shims
        /// The replacements in this module, as a value.
        #[allow(unreachable_pub)]
        pub static SOURCE: #private::Source =
            #private::Source::new(#private::module_path!(), #text, &[#values])
                #feature #auto #(#hooks)*;
        const _: () = {
            #private::inventory::submit! { #private::Linked(&SOURCE) }
        };
    };
    let items: TokenStream = items.iter().map(ToTokens::to_token_stream).collect();
    let cfg = attrs::cfgs(&item.attrs);
    let item = item.with(inner, quote!(#items #source));
    quote! {
        #(#cfg)*
        #[doc(hidden)]
        #[allow(unused_imports, non_snake_case)]
        use #target as #alias;
        #item
    }
}
