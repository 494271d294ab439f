//! The attribute macros of greenpatch. Users name them through the `greenpatch` crate.
//!
//! Each attribute goes through three stages: parse (`args`, `attrs`, `item`), check (`check`, which has all rules;
//! its result can always be expanded), expand (`expand`, which cannot fail).
#![forbid(unsafe_code)]

mod args;
mod attrs;
mod check;
mod errors;
mod expand;
mod fallback;
#[cfg(test)]
mod golden;
mod imports;
mod item;
mod paths;
mod shadow;
mod visit;

use args::{PatchableArgs, PointArgs, ReplacesArgs};
use paths::Private;
use proc_macro::TokenStream;

/// Makes every function of the annotated item a patch point.
///
/// The item is a function, an `impl`, a trait or an inline module. In a module and its child modules, the
/// name `std` refers to greenpatch, so that their calls of std can be made green.
///
/// While the function is not patched, a call runs it as it is written, after one load and one comparison, which
/// are inlined into the caller. The function's `inline` attributes apply to its body. A function that is
/// `cold`, or exported under a name, is not inlined, so the load and the comparison follow the call. A function
/// that cannot be a patch point is left unchanged, and `greenpatch::patch_points()` lists it with the reason.
/// If the attribute is on that function itself, the reason is a compile error.
///
/// A generic function is replaced for one instantiation at a time. The replacement of an `async` function
/// returns a boxed future. The expansion of a function `f` adds two hidden items beside it: `f__PATCH`, which
/// leads to its slot (see [`patch_point!`]), and `f__original`, the function as it is written. For a method
/// `Type::go` these are `Type::go__PATCH` and `Type::go__original`. If a lifetime appears in no argument, or
/// must outlive another, the slot's function has an additional first argument, a `PhantomData`.
///
/// # Options
///
/// - `strict`: a function that cannot be a patch point is an error.
/// - `lenient`: a function that cannot be a patch point is no error, even if the attribute is on the function itself.
/// - `skip`: excludes an item from the annotated item around it.
/// - `dispatch`: in a module, adds only patch points: `std` remains std.
/// - `crate = path`: the path of greenpatch, if it is not a dependency of that name.
///
/// # Examples
///
/// ```
/// use greenpatch::{Overrides, patch_point, patchable};
///
/// #[patchable]
/// fn fetch(url: &str) -> usize {
///     url.len()
/// }
///
/// struct Client;
///
/// #[patchable]
/// impl Client {
///     fn send(&self, text: &str) -> usize {
///         fetch(text)
///     }
///
///     #[patchable(skip)]
///     fn close(self) {}
/// }
///
/// assert_eq!(Client.send("text"), 4);
/// Overrides::new()
///     .item(patch_point!(fetch), Box::new(|_: &str| 7))
///     .run(|| assert_eq!(Client.send("text"), 7));
/// Client.close();
/// ```
#[proc_macro_attribute]
pub fn patchable(args: TokenStream, item: TokenStream) -> TokenStream {
    let item = proc_macro2::TokenStream::from(item);
    let expanded = PatchableArgs::parse(args.into()).and_then(|args| {
        if args.skip {
            return Ok(item.clone());
        }
        let checked = check::check(item::parse(item.clone())?, &args)?;
        Ok(expand::expand(&checked, &Private::of(&args.krate())))
    });
    expanded
        .unwrap_or_else(|error| fallback::with_error(&item, &error))
        .into()
}

/// Registers the annotated function as a replacement for a patch point.
///
/// The compiler checks its type against the patch point's. The replacement takes effect when its module is
/// patched, for example by `patch_module`.
///
/// | path | what is replaced |
/// | --- | --- |
/// | `path::to::function` | a function |
/// | `path::to::function::<u32>` | one instantiation of a generic function |
/// | `path::to::Type::method`, `Type::<u32>::method` | a method; `self` is the first argument |
/// | `<path::to::name>::method` | the same, for a type with a lower-case name |
/// | `<Type as Trait>::method` | a method in the impl of a trait |
/// | `default <Type as path::to::Trait>::method` | a default method of a trait, for one type |
/// | `path::to::module` | on a module: several functions |
///
/// The path is that of the item's definition, not of an import. A trait is written with the name and the
/// arguments that the `impl` has. If the `impl` is for every type, the method of one type is replaced. For a path
/// of a single name, as in `#[replaces(price)]`, the error for a function that is no patch point is the compiler's own:
/// it cannot find `price__PATCH`. Use the signature of the original: a lifetime that appears only in the output
/// must be declared in both. An `async fn` is replaced by another `async fn`, or by a function that returns a boxed
/// future.
///
/// On an inline module, the attribute makes a **source module**: each public function in it replaces the
/// function of the same name in the target module. The static `SOURCE` in the module represents them as one value.
/// The functions marked [`macro@will_patch`] and [`macro@did_patch`] are its hooks. A source module is in
/// another module or at the root of the crate, not in a function.
///
/// # Options
///
/// On a module:
///
/// - `implements(connect, Client::send = client_send)`: selects the functions that are replacements.
/// - `auto`: `patch_all()` patches the module, after the built-in modules.
/// - `feature = "name"`: modules of one feature are patched, and cancelled, together.
///
/// On a module or a function: `crate = path`, as for [`macro@patchable`].
///
/// # Examples
///
/// ```
/// mod net {
///     #[greenpatch::patchable]
///     pub fn connect(host: &str) -> usize {
///         host.len()
///     }
/// }
///
/// use greenpatch::replaces;
///
/// #[replaces(net)]
/// mod green_net {
///     pub fn connect(host: &str) -> usize {
///         2 * host.len()
///     }
/// }
///
/// fn main() -> Result<(), greenpatch::PatchError> {
///     assert_eq!(net::connect("host"), 4);
///     assert!(greenpatch::patch_module(&green_net::SOURCE)?.is_done());
///     assert_eq!(net::connect("host"), 8);
///     Ok(())
/// }
/// ```
#[proc_macro_attribute]
pub fn replaces(args: TokenStream, item: TokenStream) -> TokenStream {
    let item = proc_macro2::TokenStream::from(item);
    let expanded = ReplacesArgs::parse(args.into()).and_then(|args| {
        let checked = check::check_replaces(item::parse(item.clone())?, &args)?;
        Ok(expand::expand_replaces(
            &checked,
            &Private::of(&args.krate()),
        ))
    });
    expanded
        .unwrap_or_else(|error| fallback::with_error(&item, &error))
        .into()
}

/// Marks the will hook of a source module, a module with [`macro@replaces`]. The hook may edit the list of
/// replacements, warn, or cancel.
#[proc_macro_attribute]
pub fn will_patch(_: TokenStream, item: TokenStream) -> TokenStream {
    fallback::misplaced_hook("will_patch", item.into()).into()
}

/// Marks the did hook of a source module, a module with [`macro@replaces`].
#[proc_macro_attribute]
pub fn did_patch(_: TokenStream, item: TokenStream) -> TokenStream {
    fallback::misplaced_hook("did_patch", item.into()).into()
}

/// Returns the typed handle of a patch point's slot, a `&'static Slot`.
///
/// The path is written as in [`macro@replaces`]. `crate = path` after it is the path of greenpatch, if it is
/// not a dependency of that name. The handle returns the original, and is passed to `patch_item` and
/// `override_item`.
///
/// # Panics
///
/// Panics if the path names an instantiation of a generic function with a type that contains a lifetime
/// behind an alias: such instantiations cannot be distinguished from those with another lifetime.
///
/// # Examples
///
/// ```
/// use greenpatch::{patch_point, patchable};
///
/// #[patchable]
/// fn twice<T: Clone>(value: T) -> (T, T) {
///     (value.clone(), value)
/// }
///
/// assert_eq!(patch_point!(twice::<u8>).original()(1), (1, 1));
/// ```
#[proc_macro]
pub fn patch_point(path: TokenStream) -> TokenStream {
    let expanded = PointArgs::parse(path.into()).and_then(|args| {
        let target = check::Target::read(&args.target)?;
        Ok(expand::expand_point(&target, &Private::of(&args.krate())))
    });
    expanded
        .unwrap_or_else(|error| error.into_compile_error())
        .into()
}
