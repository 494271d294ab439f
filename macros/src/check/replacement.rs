//! A function that replaces a patch point's original.

use super::function::slot_type_of;
use super::slot_type::SlotType;
use super::target::Target;
use crate::attrs;
use crate::item::Function;
use proc_macro2::Ident;
use syn::Attribute;

/// A function that replaces a patch point's original.
pub(crate) struct Replacement {
    pub(crate) target: Target,
    /// The function's name.
    pub(crate) function: Ident,
    pub(crate) cfg: Vec<Attribute>,
    /// The type of the function around it that has the slot's type, if its own type differs.
    pub(crate) shim: Option<SlotType>,
}

impl Replacement {
    pub(super) fn of(function: &Function, target: Target) -> syn::Result<Self> {
        Ok(Replacement {
            target,
            function: function.sig.ident.clone(),
            cfg: attrs::cfgs(&function.attrs),
            shim: shim(function)?,
        })
    }
}

/// Returns the slot's type if `function` has another one: a slot's function takes the lifetimes that its other
/// arguments do not show, and boxes its future.
fn shim(function: &Function) -> syn::Result<Option<SlotType>> {
    match slot_type_of(function) {
        Ok(slot) => {
            let needed = slot.witness.is_some() || slot.future.is_some();
            Ok(needed.then_some(slot))
        }
        // An unboxed future has an anonymous type, which no slot accepts.
        Err(reason) if function.sig.asyncness.is_some() => Err(reason.into_error_of_replacement()),
        Err(_) => Ok(None),
    }
}
