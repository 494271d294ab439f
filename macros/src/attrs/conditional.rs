//! `cfg_attr`.

use syn::punctuated::Punctuated;
use syn::{Meta, Token};

/// Returns the condition and the attributes of `cfg_attr(CONDITION, ATTRIBUTES)`, if `meta` is one.
pub(super) fn conditional(meta: &Meta) -> Option<(Meta, Vec<Meta>)> {
    let Meta::List(list) = meta else { return None };
    if !list.path.is_ident("cfg_attr") {
        return None;
    }
    let parse = Punctuated::<Meta, Token![,]>::parse_terminated;
    let mut metas = list.parse_args_with(parse).ok()?.into_iter();
    Some((metas.next()?, metas.collect()))
}
