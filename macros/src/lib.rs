//! The attribute macros of greenpatch. Users name them through the `greenpatch` crate.
//!
//! An expansion goes through three stages: parse (`args`, `item`), check (`check`: all rules,
//! with a result that cannot be wrong), expand (`expand`, which cannot fail).
#![forbid(unsafe_code)]

mod args;
mod attrs;
mod check;
mod errors;
mod expand;
mod fallback;
mod item;
mod paths;
mod replaces;
mod shadow;
mod source_module;
mod visit;

use args::PatchableArgs;
use proc_macro::TokenStream;

/// Makes every function of the annotated item a patch point.
///
/// The item is a function, an `impl`, a trait or an inline module. In a module, and in its child
/// modules, the name `std` means greenpatch as well, so that what its code calls can go green.
///
/// Options, separated by commas:
///
/// - `strict`: a function that cannot be a patch point is an error; otherwise it stays as it is, and
///   is listed with the reason.
/// - `lenient`: even the annotated item itself may stay as it is.
/// - `skip`: leaves an item out of the annotated item around it.
/// - `dispatch`: in a module, patch points alone: `std` stays std.
/// - `crate = path`: where greenpatch is, if it is not a dependency of that name.
#[proc_macro_attribute]
pub fn patchable(args: TokenStream, item: TokenStream) -> TokenStream {
    let item = proc_macro2::TokenStream::from(item);
    let expanded = PatchableArgs::parse(args.into()).and_then(|args| {
        if args.skip {
            return Ok(item.clone());
        }
        let checked = check::check(item::parse(item.clone())?, &args)?;
        Ok(expand::expand(&checked, &paths::Private::of(&args.krate())))
    });
    expanded
        .unwrap_or_else(|error| fallback::with_error(&item, &error))
        .into()
}

/// Registers the annotated function as a replacement for a patch point.
///
/// Its type is checked against the patch point's. It takes effect when it is patched.
#[proc_macro_attribute]
pub fn replaces(args: TokenStream, item: TokenStream) -> TokenStream {
    let item = proc_macro2::TokenStream::from(item);
    replaces::replaces(args.into(), item.clone())
        .unwrap_or_else(|error| fallback::with_error(&item, &error))
        .into()
}

/// Marks the will hook of a module of replacements: a function in a module that has
/// [`macro@replaces`] on it. It may edit what is to be replaced, warn, or cancel.
#[proc_macro_attribute]
pub fn will_patch(_: TokenStream, item: TokenStream) -> TokenStream {
    fallback::misplaced_hook("will_patch", item.into()).into()
}

/// Marks the did hook of a module of replacements: a function in a module that has
/// [`macro@replaces`] on it.
#[proc_macro_attribute]
pub fn did_patch(_: TokenStream, item: TokenStream) -> TokenStream {
    fallback::misplaced_hook("did_patch", item.into()).into()
}

/// Names a patch point as a value: the typed handle of its slot, a `&'static Slot`.
///
/// The path is written as in [`macro@replaces`]. The handle calls the original, is replaced by
/// `patch_item`, and overridden by `override_item`.
#[proc_macro]
pub fn patch_point(path: TokenStream) -> TokenStream {
    replaces::point(path.into())
        .unwrap_or_else(|error| error.into_compile_error())
        .into()
}
