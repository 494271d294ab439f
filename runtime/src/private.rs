//! Every name that generated code, and what `cargo greenpatch` links in, may use. Not part of the public interface.
//!
//! Layer: beside the table of patch points. Called by: expansions of the macros. Calls: `patch`, `seam`, `panic_strategy`.
//! Never: named in a user's code.

pub use ::inventory;
pub use ::std::boxed::Box;
pub use ::std::convert::Infallible;
pub use ::std::future::Future;
pub use ::std::marker::{PhantomData, Send, Sized, Sync};
pub use ::std::ops::Fn;
pub use ::std::option::Option::{None, Some};
pub use ::std::pin::Pin;
pub use ::std::{file, line, module_path};

pub use crate::panic_strategy::panics_abort;
pub use crate::patch::generic_slot::{GenericSlot, Instance};
pub use crate::patch::registry::{PassedOver, PatchPoint};
pub use crate::patch::replacement::Replacement;
pub use crate::patch::slot::{Scoped, Site, Slot};
pub use crate::patch::source::{Linked, Source};
pub use crate::patch::{DoNotPatch, events};

/// Makes this OS thread run the green threads that are started on it, and returns how many it has that have not
/// ended. It has to live as long as the process. Returns none where green threads run on workers, or
/// threads are not patched.
///
/// # Errors
///
/// When the process has no descriptors or no address space left.
pub fn host_green_threads() -> ::std::io::Result<::std::option::Option<usize>> {
    crate::seam::thread::host()
}

/// Maps a type, the name of a trait's method (as a number) and the type arguments of both to the method's
/// slot. Implemented for a type of [`methods`], so that `Type` can be any type, including a type parameter;
/// `Impl` is a type that the impl defines.
#[diagnostic::on_unimplemented(
    message = "`{Type}` has no patch point for this method",
    label = "not a patch point",
    note = "put `#[patchable]` on the `impl` of the trait, and write the trait's name and arguments as there",
    note = "for a default method, put it on the trait, and write `#[replaces(default <…>::…)]`",
    note = "`greenpatch::patch_points()` lists the functions that were passed over, and why"
)]
pub trait TraitPoint<Impl, const METHOD: u64, OfTrait, OfMethod, Type: ?Sized> {
    /// A value with a method `point` that returns the slot.
    const POINT: Impl;
}

/// Maps the type of a function to the type of its output. `<fn(&'a ()) -> Words as OutputOf>::Output`
/// is `Words<'a>` if that is how `Words` is declared, and `Words` if not.
pub trait OutputOf {
    /// What the function returns.
    type Output;
}

impl<A, R> OutputOf for fn(A) -> R {
    type Output = R;
}

/// The types that [`TraitPoint`] is implemented for, one for each number of a method, so that an error lists no method
/// that is unrelated to the missing one.
pub mod methods {
    macro_rules! groups {
        ($($name:ident)*) => { $(#[derive(Debug)] pub enum $name {})* };
    }
    groups!(M0 M1 M2 M3 M4 M5 M6 M7 M8 M9 M10 M11 M12 M13 M14 M15);
}

/// `T`, in a place that implies no lifetime for a trait object: `&'a Same<dyn Tr>` is
/// a reference to `dyn Tr + 'static`.
pub type Same<T> = T;

/// What a slot's function returns for an `async fn`.
pub type BoxFuture<'x, T> = Pin<Box<dyn Future<Output = T> + Send + 'x>>;

/// A future that is about to be boxed.
#[derive(Debug)]
pub struct Boxing<T>(pub T);

/// Boxes a future that can be sent. Method look-up tries this one first.
pub trait BoxSend<'x, R> {
    /// Boxes the future.
    fn boxed(self) -> BoxFuture<'x, R>;
}

impl<'x, T: Future + Send + 'x> BoxSend<'x, T::Output> for Boxing<T> {
    fn boxed(self) -> BoxFuture<'x, T::Output> {
        Box::pin(self.0)
    }
}

/// Stands in for a future that cannot be sent. Method look-up tries this one last.
pub trait BoxLocal<'x, R> {
    /// Returns a future that panics with the reason.
    fn boxed(self) -> BoxFuture<'x, R>;
}

impl<'x, T: Future> BoxLocal<'x, T::Output> for &Boxing<T> {
    fn boxed(self) -> BoxFuture<'x, T::Output> {
        Box::pin(async {
            panic!(
                "the future of this `async fn` cannot be sent to another thread, so it cannot be \
                 called through its slot; call the function itself"
            )
        })
    }
}

/// What a path resolves to when the function that it names has no slot.
#[derive(Clone, Copy, Debug)]
pub struct NoPatchPoint<P = ThisPath>(pub PhantomData<P>);

impl<P> NoPatchPoint<P> {
    /// Always an error, which says what to do.
    pub const fn replacement<F: Copy>(self, _: F, _: Site) -> Replacement
    where
        P: IsPatchPoint,
    {
        unreachable!()
    }

    /// Always an error, which says what to do.
    pub const fn handle(self) -> &'static Slot<fn(), dyn Fn()>
    where
        P: IsPatchPoint,
    {
        unreachable!()
    }
}

/// A path in `#[replaces(..)]`.
#[derive(Clone, Copy, Debug)]
pub enum ThisPath {}

/// Implemented by nothing.
#[diagnostic::on_unimplemented(
    message = "this path names no patch point",
    label = "not a patch point, or not visible from here",
    note = "put `#[patchable]` on the function, or on the `impl` or module that it is in",
    note = "if it is imported from elsewhere, write the path of the place where it is defined",
    note = "in a module of replacements, `implements(..)` says which of its functions replace",
    note = "a method of a type by a name in lower case is `<name>::method`"
)]
pub trait IsPatchPoint {}

/// What a path resolves to when the function that it names was passed over.
#[derive(Clone, Copy, Debug)]
pub struct NoSlot<P = ThisPath>(pub PhantomData<P>);

impl<P> NoSlot<P> {
    /// Always an error, which says what to do.
    pub const fn replacement<F: Copy>(self, _: F, _: Site) -> Replacement
    where
        P: HasSlot,
    {
        unreachable!()
    }

    /// Always an error, which says what to do.
    pub const fn handle(self) -> &'static Slot<fn(), dyn Fn()>
    where
        P: HasSlot,
    {
        unreachable!()
    }
}

/// Implemented by nothing.
#[diagnostic::on_unimplemented(
    message = "this function is no patch point: `#[patchable]` passed it over",
    label = "passed over",
    note = "`greenpatch::patch_points()` gives the reason",
    note = "with `#[patchable(strict)]` around the function, the reason is an error there"
)]
pub trait HasSlot {}

/// Takes the calls that are made on a generic function's slot when no instantiation was named.
pub trait Uninstantiated<R>: Sized {
    /// Always an error, which says what to do.
    fn replacement<F>(self, _: F, _: Site) -> Replacement
    where
        Self: IsInstantiation,
    {
        unreachable!()
    }

    /// Always an error, which says what to do.
    fn handle(self) -> &'static Slot<fn(), dyn Fn()>
    where
        Self: IsInstantiation,
    {
        unreachable!()
    }
}

impl<T: Fn() -> R, R> Uninstantiated<R> for T {}

/// Implemented by nothing.
#[diagnostic::on_unimplemented(
    message = "this path names a generic function, and not one instantiation of it",
    label = "its type arguments are missing",
    note = "name the types that it is replaced for, as in `path::function::<u32>`"
)]
pub trait IsInstantiation {}
