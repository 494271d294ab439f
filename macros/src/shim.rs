//! A function of a slot's type around a replacement.

use crate::check::slot_type_of;
use crate::expand;
use crate::item::Function;
use crate::paths::Private;
use proc_macro2::{Ident, TokenStream};

/// A function of the slot's type around one that has not quite that type: a slot's function takes the
/// lifetimes that its arguments do not show, and boxes its future.
pub(crate) fn shim(
    function: &Function,
    name: &Ident,
    private: &Private,
) -> syn::Result<Option<TokenStream>> {
    match slot_type_of(function) {
        Ok(slot) => {
            let needed = slot.witness.is_some() || slot.future.is_some();
            Ok(needed.then(|| expand::shim(&slot, name, &function.sig.ident, private)))
        }
        // Without a box its future has a type of its own, which fits no slot.
        Err(reason) if function.sig.asyncness.is_some() => Err(reason.into_error_of_replacement()),
        Err(_) => Ok(None),
    }
}
