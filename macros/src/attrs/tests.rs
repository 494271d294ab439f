//! The distribution of the attributes that affect how a function is compiled.

use super::sort;
use quote::ToTokens;
use syn::{Attribute, ItemFn};

/// Asserts the attributes of the dispatcher and the original of a function with `attrs`.
#[track_caller]
fn assert_sorted(attrs: &str, dispatcher: &str, original: &str) {
    let sorted = sort(&parse(attrs)).unwrap_or_else(|_| panic!("`{attrs}` is known"));
    assert_eq!(
        text(&sorted.dispatcher),
        text(&parse(dispatcher)),
        "on the dispatcher"
    );
    assert_eq!(
        text(&sorted.original),
        text(&parse(original)),
        "on the original"
    );
}

fn parse(attrs: &str) -> Vec<Attribute> {
    let function: ItemFn = syn::parse_str(&format!("{attrs} fn f() {{}}")).expect("it parses");
    function.attrs
}

fn text(attrs: &[Attribute]) -> Vec<String> {
    attrs
        .iter()
        .map(|attr| attr.to_token_stream().to_string())
        .collect()
}

#[test]
fn the_dispatcher_is_inlined_even_if_the_original_is_not() {
    assert_sorted("", "#[inline]", "");
    assert_sorted("#[must_use]", "#[must_use] #[inline]", "");
    assert_sorted(
        "#[track_caller]",
        "#[track_caller] #[inline]",
        "#[track_caller]",
    );
    assert_sorted("#[inline(never)]", "#[inline]", "#[inline(never)]");
}

#[test]
fn inline_applies_to_both() {
    assert_sorted("#[inline]", "#[inline]", "#[inline]");
    assert_sorted(
        "#[inline(always)]",
        "#[inline(always)]",
        "#[inline(always)]",
    );
}

#[test]
fn a_cold_dispatcher_is_not_inlined() {
    assert_sorted("#[cold]", "#[cold]", "#[cold]");
    let both = "#[cold] #[inline(never)]";
    assert_sorted(both, both, both);
}

#[test]
fn a_symbol_is_not_inlined() {
    assert_sorted("#[no_mangle]", "#[no_mangle]", "");
    assert_sorted(
        "#[unsafe(no_mangle)] #[inline(never)]",
        "#[unsafe(no_mangle)] #[inline(never)]",
        "#[inline(never)]",
    );
    assert_sorted(
        "#[unsafe(export_name = \"g\")]",
        "#[unsafe(export_name = \"g\")]",
        "",
    );
    assert_sorted(
        "#[unsafe(link_section = \".text.g\")]",
        "#[unsafe(link_section = \".text.g\")]",
        "",
    );
}

#[test]
fn under_a_condition() {
    assert_sorted(
        "#[cfg_attr(a, inline(never))]",
        "#[inline]",
        "#[cfg_attr(a, inline(never))]",
    );
    assert_sorted(
        "#[cfg_attr(a, inline(never), must_use)]",
        "#[cfg_attr(a, must_use)] #[inline]",
        "#[cfg_attr(a, inline(never))]",
    );
    assert_sorted(
        "#[cfg_attr(a, inline(always))]",
        "#[cfg_attr(a, inline(always))] #[cfg_attr(not(any(a)), inline)]",
        "#[cfg_attr(a, inline(always))]",
    );
    assert_sorted(
        "#[cfg_attr(a, unsafe(no_mangle))] #[cfg_attr(b, cfg_attr(c, cold))]",
        "#[cfg_attr(a, unsafe(no_mangle))] #[cfg_attr(b, cfg_attr(c, cold))] \
         #[cfg_attr(not(any(a, all(b, c))), inline)]",
        "#[cfg_attr(b, cfg_attr(c, cold))]",
    );
    assert_sorted(
        "#[cfg_attr(a, cold)] #[inline]",
        "#[cfg_attr(a, cold)] #[inline]",
        "#[cfg_attr(a, cold)] #[inline]",
    );
}
