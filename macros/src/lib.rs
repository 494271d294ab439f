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
#[cfg(test)]
mod golden;
mod imports;
mod item;
mod paths;
mod replaces;
mod shadow;
mod shim;
mod source_module;
mod target;
mod visit;

use args::PatchableArgs;
use proc_macro::TokenStream;

/// Makes every function of the annotated item a patch point.
///
/// The item is a function, an `impl`, a trait or an inline module. In a module, and in its child
/// modules, the name `std` means greenpatch as well, so that what its code calls can go green.
///
/// Not patched, a call runs the function as it was written, after one load and a comparison, which are
/// inlined where it is called; what the function says of inlining is about its body. A function that is
/// `cold`, or exported under a name, does them after the call. What cannot be a patch point stays as it is, and `greenpatch::patch_points()` lists it with the reason;
/// the annotated function itself is an error then, at the tokens that are to blame.
///
/// Of a generic function, one instantiation at a time is replaced; of an `async` one, the replacement
/// gives a boxed future. Beside the function `f` stand the hidden `f__PATCH`, which leads to its slot
/// (see [`patch_point!`]), and `f__original`, the function as it was written; beside the method
/// `Type::go`, `Type::go__PATCH` and `Type::go__original`. In a slot's type, a lifetime that no argument
/// has, or that outlives another, is the business of a first argument, a `PhantomData`.
///
/// # Options
///
/// - `strict`: a function that cannot be a patch point is an error.
/// - `lenient`: even the annotated function itself may stay as it is.
/// - `skip`: leaves an item out of the annotated item around it.
/// - `dispatch`: in a module, patch points alone: `std` stays std.
/// - `crate = path`: where greenpatch is, if it is not a dependency of that name.
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
        Ok(expand::expand(&checked, &paths::Private::of(&args.krate())))
    });
    expanded
        .unwrap_or_else(|error| fallback::with_error(&item, &error))
        .into()
}

/// Registers the annotated function as a replacement for a patch point.
///
/// Its type is checked against the patch point's when it is compiled. It takes effect when it is
/// patched: with the others for its module by `patch_module`.
///
/// | path | what is replaced |
/// | --- | --- |
/// | `path::to::function` | a function |
/// | `path::to::function::<u32>` | one instantiation of a generic function |
/// | `path::to::Type::method`, `Type::<u32>::method` | a method; `self` is the first argument |
/// | `<path::to::name>::method` | the same, of a type by a name in lower case |
/// | `<Type as Trait>::method` | a method in the impl of a trait |
/// | `default <Type as path::to::Trait>::method` | a default method of a trait, for one type |
/// | `path::to::module` | on a module: several functions |
///
/// The path is that of the place where the item is defined; a trait has the name and the arguments that
/// the `impl` writes. Of an `impl` for every type, one type's method is replaced. Of one name alone, as in `#[replaces(price)]`,
/// the compiler says itself if it is no patch point: it cannot find `price__PATCH`. The signature is best written as the
/// original's: a lifetime that only the output has must be one in both. In the place of an `async fn` stands
/// another, or a function that returns its future in a box.
///
/// On an inline module it makes a **source module**: each public function in it replaces the target
/// module's of the same name, and all together are a value, the static `SOURCE` in the module. The
/// functions marked [`macro@will_patch`] and [`macro@did_patch`] are its hooks. Such a module stands in
/// another module or at the root, not in a function.
///
/// # Options
///
/// Of a module:
///
/// - `implements(connect, Client::send = client_send)`: the functions that replace something.
/// - `auto`: `patch_all()` patches it, after the built-in modules.
/// - `feature = "name"`: modules of one feature are patched, and cancelled, as one.
///
/// And `crate = path`, as for [`macro@patchable`].
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
/// The path is written as in [`macro@replaces`]; `crate = path` after it says where greenpatch is, if it is
/// not a dependency of that name. The handle calls the original, is replaced by `patch_item`, and overridden
/// by `override_item`.
///
/// # Panics
///
/// The code that it stands for panics if it names a generic function's instantiation with a type that
/// has a lifetime in it, behind an alias: it could not be told from the same with another lifetime.
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
    replaces::point(path.into())
        .unwrap_or_else(|error| error.into_compile_error())
        .into()
}
