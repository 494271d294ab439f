//! The slots of a generic function: one for each instantiation that is ever replaced.
//!
//! A call first reads one atomic pointer: the list of instantiations that have a slot. It is null
//! until the first instantiation is replaced. From then on a call looks up its own instantiation by key. The list only
//! grows, so neither path takes a lock.
//!
//! Invariants:
//! 1. The nodes of a list are leaked, linked by a release store, and never change except for their slots.
//! 2. An instantiation's key is the `TypeId` of a type that has all its type and const parameters, with
//!    lifetimes erased. A node is created only for parameters that contain no lifetime, so an instantiation that has
//!    the same key has the same types, and therefore the same `F` and `D`.
//! 3. `F` is a function pointer type: instances are built only by expansions, through the unsafe
//!    [`Instance::new`].
#![allow(unsafe_code)]

use std::any::{self, TypeId};
use std::fmt;
use std::marker::PhantomData;
use std::mem::{self, MaybeUninit};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Mutex, PoisonError};

use super::slot;
use super::slot::{Erased, RawSlot, Scoped, Site, Slot};

/// The counterpart of a slot for a generic patch point.
#[derive(Debug)]
pub struct GenericSlot {
    /// Used only in the listing, and never set.
    raw: RawSlot,
    head: AtomicPtr<Node>,
    growing: Mutex<()>,
}

impl GenericSlot {
    /// Creates the empty list of the slots of a generic function with a type that is displayed as `type_name`.
    pub const fn new(site: Site, type_name: fn() -> &'static str) -> Self {
        GenericSlot {
            raw: RawSlot::of_generic(site, type_name),
            head: AtomicPtr::new(ptr::null_mut()),
            growing: Mutex::new(()),
        }
    }

    /// Returns the representative of the function as a whole.
    pub const fn raw(&self) -> &RawSlot {
        &self.raw
    }

    #[inline(always)]
    fn is_empty(&self) -> bool {
        // Relaxed, because nothing is read through the pointer.
        self.head.load(Ordering::Relaxed).is_null()
    }

    fn nodes(&self) -> impl Iterator<Item = &'static Node> {
        // Pairs with the release in `slot_of`.
        let mut next = self.head.load(Ordering::Acquire).cast_const();
        std::iter::from_fn(move || {
            // SAFETY: by invariant 1 it is null or a node that is never freed.
            let node: &'static Node = unsafe { next.as_ref() }?;
            next = node.next;
            Some(node)
        })
    }

    fn find(&self, key: TypeId) -> Option<&'static Node> {
        self.nodes().find(|node| node.key == key)
    }

    /// Returns the function that a call of the instantiation with this key runs, or `None` for the original.
    #[cold]
    #[inline(never)]
    fn current(&self, key: fn() -> TypeId) -> Option<Erased> {
        self.find(key())?.raw.current()
    }
}

/// The slot of one instantiation.
#[derive(Debug)]
pub(crate) struct Node {
    key: TypeId,
    raw: &'static RawSlot,
    /// The `Slot<F, D>` that `raw` is in.
    slot: *const (),
    /// Writes the result of [`Slot::scoped`] for that slot, a `Scoped<F, D>`.
    scoped: unsafe fn(slot: *const (), found: *mut ()),
    next: *const Node,
}

/// One instantiation of a generic patch point, with or without a slot.
pub struct Instance<F, D: ?Sized> {
    erased: ErasedInstance,
    /// Invariant in `F` and in `D`, as `Slot` is.
    pointer: PhantomData<fn(F) -> F>,
    closure: PhantomData<fn(Box<D>) -> Box<D>>,
}

/// The part of an instance that does not depend on its type.
#[derive(Clone, Copy)]
pub(crate) struct ErasedInstance {
    generic: &'static GenericSlot,
    key: fn() -> TypeId,
    key_name: fn() -> &'static str,
    original: Erased,
    trampoline: Erased,
}

/// An instance for which a slot can be created.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    instance: ErasedInstance,
    slot: unsafe fn(ErasedInstance) -> &'static Node,
}

impl Entry {
    /// Returns the slot, which the first call creates; see [`Instance::handle`].
    pub(crate) fn raw(self) -> &'static RawSlot {
        // SAFETY: `Instance::entry` combined them for one `F` and one `D`.
        unsafe { (self.slot)(self.instance) }.raw
    }

    /// Returns the slot, if it was created.
    pub(crate) fn made(self) -> Option<&'static RawSlot> {
        self.instance.node().map(|node| node.raw)
    }

    /// Returns the place where the generic function is written, and its name.
    pub(crate) fn generic_site(self) -> Site {
        self.instance.generic.raw.site()
    }
}

impl<F: Copy, D: ?Sized> Instance<F, D> {
    /// Creates the instance of `generic` with the parameters of `K`.
    ///
    /// # Safety
    ///
    /// `F` must be a function pointer type. `K` must be a type that is used only for `generic` and is named
    /// `__GREENPATCH_Key`. `F` and `D` must depend on nothing except the parameters of `K`.
    #[inline(always)]
    pub const unsafe fn new<K: ?Sized>(
        generic: &'static GenericSlot,
        original: F,
        trampoline: F,
    ) -> Self {
        Instance {
            erased: ErasedInstance {
                generic,
                key: key::<K>,
                key_name: any::type_name::<K>,
                // SAFETY: the caller guarantees that `F` is a function pointer type.
                original: unsafe { slot::erase(original) },
                // SAFETY: the caller guarantees that `F` is a function pointer type.
                trampoline: unsafe { slot::erase(trampoline) },
            },
            pointer: PhantomData,
            closure: PhantomData,
        }
    }

    /// Returns the function to call instead of the original, if there is one.
    #[inline(always)]
    pub fn get(&self) -> Option<F> {
        let ErasedInstance { generic, key, .. } = self.erased;
        if generic.is_empty() {
            return None;
        }
        // Passed by value and not by reference, so that no instance is written to memory before the test.
        let function = generic.current(key)?;
        // SAFETY: by invariant 2 the slot is of this `F`, and its function was erased from one.
        Some(unsafe { slot::restore(function) })
    }

    /// Returns the function or closure that the trampoline calls.
    pub fn scoped(&self) -> Scoped<F, D> {
        let Some(node) = self.erased.node() else {
            return Scoped::Pointer(self.original());
        };
        let mut found = MaybeUninit::<Scoped<F, D>>::uninit();
        // SAFETY: `node.scoped` belongs to `node.slot`, and by invariant 2 to this `F` and `D`.
        unsafe { (node.scoped)(node.slot, found.as_mut_ptr().cast()) };
        // SAFETY: it was initialized above.
        unsafe { found.assume_init() }
    }

    /// Returns the original function.
    #[inline(always)]
    pub const fn original(&self) -> F {
        // SAFETY: by invariant 3 and `new` it was erased from an `F`.
        unsafe { slot::restore(self.erased.original) }
    }
}

impl<F: Copy + 'static, D: ?Sized + 'static> Instance<F, D> {
    /// Returns the slot of this instantiation, which the first call creates.
    ///
    /// # Panics
    ///
    /// Panics if a type parameter contains a lifetime: a function that was replaced for `&'static str` would
    /// be called with any `&str`.
    #[doc(hidden)]
    pub fn handle(self) -> &'static Slot<F, D> {
        // SAFETY: the instance is of this `F` and this `D`.
        let node = unsafe { slot_of::<F, D>(self.erased) };
        // SAFETY: by invariant 2 the node of this key was created for this `F` and `D`.
        unsafe { &*node.slot.cast::<Slot<F, D>>() }
    }

    /// Returns the instance with its type erased.
    pub(crate) const fn entry(self) -> Entry {
        Entry {
            instance: self.erased,
            slot: slot_of::<F, D>,
        }
    }
}

impl ErasedInstance {
    fn node(&self) -> Option<&'static Node> {
        self.generic.find((self.key)())
    }
}

/// Returns the node of an instance, which the first call creates.
///
/// # Safety
///
/// `instance` must be the part of an `Instance<F, D>`.
unsafe fn slot_of<F: Copy + 'static, D: ?Sized + 'static>(
    instance: ErasedInstance,
) -> &'static Node {
    let generic = instance.generic;
    let parameters = parameters((instance.key_name)());
    let site = generic.raw.site();
    assert!(
        !has_lifetime(parameters),
        "cannot replace `{}::{}::{parameters}`: what has a lifetime in it, or is a trait object, cannot \
         be told from the same with another lifetime; name an instantiation that has none",
        site.module,
        site.name,
    );
    // Poisoning is ignored, because a panic under the lock leaves the list unchanged.
    let growing = generic
        .growing
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    if let Some(node) = instance.node() {
        return node;
    }
    let name = String::leak(format!("{}::{parameters}", site.name));
    // SAFETY: the caller guarantees that both were erased from an `F`, a function pointer type.
    let original = unsafe { slot::restore::<F>(instance.original) };
    // SAFETY: as above.
    let trampoline = unsafe { slot::restore::<F>(instance.trampoline) };
    // SAFETY: as above.
    let slot = unsafe { Slot::<F, D>::new(original, trampoline, Site { name, ..site }) };
    let slot: &'static Slot<F, D> = Box::leak(Box::new(slot));
    let node: &'static mut Node = Box::leak(Box::new(Node {
        key: (instance.key)(),
        raw: slot.raw(),
        slot: ptr::from_ref(slot).cast(),
        scoped: scoped::<F, D>,
        next: generic.head.load(Ordering::Relaxed),
    }));
    let node = ptr::from_mut(node);
    // Pairs with the acquire in `nodes`.
    generic.head.store(node, Ordering::Release);
    drop(growing);
    // SAFETY: by invariant 1 it is never freed.
    unsafe { &*node }
}

/// Writes the result of [`Slot::scoped`] to `found`.
///
/// # Safety
///
/// `slot` must point to a `Slot<F, D>`, and `found` must be valid for writing a `Scoped<F, D>`.
unsafe fn scoped<F: Copy + 'static, D: ?Sized + 'static>(slot: *const (), found: *mut ()) {
    // SAFETY: guaranteed by the caller.
    let slot = unsafe { &*slot.cast::<Slot<F, D>>() };
    // SAFETY: guaranteed by the caller.
    unsafe { found.cast::<Scoped<F, D>>().write(slot.scoped()) };
}

/// Returns the `TypeId` of a type with erased lifetimes.
fn key<K: ?Sized>() -> TypeId {
    trait Key {
        fn id(&self) -> TypeId
        where
            Self: 'static;
    }
    impl<K: ?Sized> Key for PhantomData<K> {
        fn id(&self) -> TypeId
        where
            Self: 'static,
        {
            TypeId::of::<K>()
        }
    }
    let key: &dyn Key = &PhantomData::<K>;
    // SAFETY: only the lifetime bound of the trait object changes. `id` reads no data with a lifetime that could have
    // ended, and the type is the same after compilation, which erases lifetimes.
    unsafe { mem::transmute::<&dyn Key, &(dyn Key + 'static)>(key) }.id()
}

/// Returns `<u32, 4>` of `path::to::<impl T>::__GREENPATCH_Key<u32, 4>`.
fn parameters(key_name: &'static str) -> &'static str {
    const NAME: &str = "__GREENPATCH_Key";
    key_name
        .find(NAME)
        .map_or(key_name, |start| &key_name[start + NAME.len()..])
}

/// Returns whether a type of that name may contain a lifetime. Every reference is displayed as `&`, and every
/// lifetime argument as `'_`. A trait object has a lifetime that is not displayed. So may the captures of a closure or
/// an async block; the names of these contain a part in double braces. The lifetimes of a function item do not
/// matter, because it contains no data.
fn has_lifetime(type_name: &str) -> bool {
    type_name.contains(['&', '\'']) || ["dyn ", "{{"].iter().any(|mark| type_name.contains(mark))
}

impl<F: Copy, D: ?Sized> Clone for Instance<F, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F: Copy, D: ?Sized> Copy for Instance<F, D> {}

impl<F, D: ?Sized> fmt::Debug for Instance<F, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parameters = parameters((self.erased.key_name)());
        write!(f, "{}::{parameters}", self.erased.generic.raw.site().name)
    }
}

// SAFETY: by invariant 1 a node does not change, and a slot may be shared between threads.
unsafe impl Send for Node {}
// SAFETY: as above.
unsafe impl Sync for Node {}
