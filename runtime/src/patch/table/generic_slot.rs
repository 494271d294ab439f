//! The slots of a generic function: one for each instantiation that is ever replaced.
//!
//! A call reads one atomic pointer first: the list of instantiations that have a slot. It is null
//! until the first one is replaced, and then a call looks for its own by key. The list only grows, so
//! neither path takes a lock.
//!
//! Invariants:
//! 1. The nodes of a list are leaked, never changed but for their slots, and linked by a release.
//! 2. An instantiation's key is the `TypeId` of a type that has all its type and const parameters, with
//!    lifetimes erased. A node is made only for parameters that have no lifetime in them, so what has
//!    its key has its very types, and therefore its `F` and its `D`.
//! 3. `F` is a function pointer type: instances are built by expansions alone, through the unsafe
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

/// What a generic patch point has in the place of a slot.
#[derive(Debug)]
pub struct GenericSlot {
    /// For the listing alone: it is never set.
    raw: RawSlot,
    head: AtomicPtr<Node>,
    growing: Mutex<()>,
}

impl GenericSlot {
    /// Makes the list of the slots of a generic function, whose type is written `type_name`.
    pub const fn new(site: Site, type_name: fn() -> &'static str) -> Self {
        GenericSlot {
            raw: RawSlot::of_generic(site, type_name),
            head: AtomicPtr::new(ptr::null_mut()),
            growing: Mutex::new(()),
        }
    }

    /// What stands for the function as a whole.
    pub const fn raw(&self) -> &RawSlot {
        &self.raw
    }

    #[inline(always)]
    fn is_empty(&self) -> bool {
        // Nothing is read through it, so it needs no partner.
        self.head.load(Ordering::Relaxed).is_null()
    }

    fn nodes(&self) -> impl Iterator<Item = &'static Node> {
        // Partner of the release in `slot`.
        let mut next = self.head.load(Ordering::Acquire).cast_const();
        std::iter::from_fn(move || {
            // SAFETY: by invariant 1 it is null or a node that lives for ever.
            let node: &'static Node = unsafe { next.as_ref() }?;
            next = node.next;
            Some(node)
        })
    }

    fn find(&self, key: TypeId) -> Option<&'static Node> {
        self.nodes().find(|node| node.key == key)
    }

    /// What a call of the instantiation runs that `key` names; `None` is the original.
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
    /// Writes what [`Slot::scoped`] says of that slot, a `Scoped<F, D>`.
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

/// An instance whose slot can be made.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    instance: ErasedInstance,
    slot: unsafe fn(ErasedInstance) -> &'static Node,
}

impl Entry {
    /// The slot, made when it is first asked for; see [`Instance::handle`].
    pub(crate) fn raw(self) -> &'static RawSlot {
        // SAFETY: `Instance::entry` put them together, for one `F` and one `D`.
        unsafe { (self.slot)(self.instance) }.raw
    }

    /// The slot, if it was ever asked for.
    pub(crate) fn made(self) -> Option<&'static RawSlot> {
        self.instance.node().map(|node| node.raw)
    }

    /// Where the generic function was written, and its name.
    pub(crate) fn generic_site(self) -> Site {
        self.instance.generic.raw.site()
    }
}

impl<F: Copy, D: ?Sized> Instance<F, D> {
    /// Names the instantiation of `generic` with the parameters that `K` has.
    ///
    /// # Safety
    ///
    /// `F` is a function pointer type. `K` is a type made for `generic` alone, and named
    /// `__GREENPATCH_Key`; `F` and `D` depend on nothing but the parameters of `K`.
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
                // SAFETY: the caller promises that `F` is a function pointer type.
                original: unsafe { slot::erase(original) },
                // SAFETY: the caller promises that `F` is a function pointer type.
                trampoline: unsafe { slot::erase(trampoline) },
            },
            pointer: PhantomData,
            closure: PhantomData,
        }
    }

    /// The function to call instead of the original, if there is one.
    #[inline(always)]
    pub fn get(&self) -> Option<F> {
        let ErasedInstance { generic, key, .. } = self.erased;
        if generic.is_empty() {
            return None;
        }
        // In words and not by reference, so that no instance is written to memory before the test.
        let function = generic.current(key)?;
        // SAFETY: by invariant 2 the slot is of this `F`, and it holds what was made from one.
        Some(unsafe { slot::restore(function) })
    }

    /// What to call here and now, for the trampoline.
    pub fn scoped(&self) -> Scoped<F, D> {
        let Some(node) = self.erased.node() else {
            return Scoped::Pointer(self.original());
        };
        let mut found = MaybeUninit::<Scoped<F, D>>::uninit();
        // SAFETY: `node.scoped` was made for `node.slot`, and by invariant 2 for this `F` and `D`.
        unsafe { (node.scoped)(node.slot, found.as_mut_ptr().cast()) };
        // SAFETY: it was written just now.
        unsafe { found.assume_init() }
    }

    /// The function as its author wrote it.
    #[inline(always)]
    pub const fn original(&self) -> F {
        // SAFETY: by invariant 3 and `new` it was made from an `F`.
        unsafe { slot::restore(self.erased.original) }
    }
}

impl<F: Copy + 'static, D: ?Sized + 'static> Instance<F, D> {
    /// The slot of this instantiation, made when it is first asked for.
    ///
    /// # Panics
    ///
    /// A type parameter has a lifetime in it: a function that was replaced for `&'static str` would
    /// be called with any `&str`.
    #[doc(hidden)]
    pub fn handle(self) -> &'static Slot<F, D> {
        // SAFETY: the instance is of this `F` and this `D`.
        let node = unsafe { slot_of::<F, D>(self.erased) };
        // SAFETY: by invariant 2 the node of this key was made for this `F` and `D`.
        unsafe { &*node.slot.cast::<Slot<F, D>>() }
    }

    /// Itself, its type forgotten.
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

/// The node of an instance, made when it is first asked for.
///
/// # Safety
///
/// `instance` is of an `Instance<F, D>`.
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
    // A panic inside leaves the list as it was.
    let growing = generic
        .growing
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    if let Some(node) = instance.node() {
        return node;
    }
    let name = String::leak(format!("{}::{parameters}", site.name));
    // SAFETY: the caller promises that these were made from an `F`, a function pointer type.
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
    // Partner of the acquire in `nodes`.
    generic.head.store(node, Ordering::Release);
    drop(growing);
    // SAFETY: by invariant 1 it lives for ever.
    unsafe { &*node }
}

/// # Safety
///
/// `slot` is a `Slot<F, D>`, and a `Scoped<F, D>` can be written to `found`.
unsafe fn scoped<F: Copy + 'static, D: ?Sized + 'static>(slot: *const (), found: *mut ()) {
    // SAFETY: the caller promises it.
    let slot = unsafe { &*slot.cast::<Slot<F, D>>() };
    // SAFETY: the caller promises it.
    unsafe { found.cast::<Scoped<F, D>>().write(slot.scoped()) };
}

/// The `TypeId` of a type whose lifetimes are erased.
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
    // SAFETY: only the lifetime bound of the trait object changes. `id` reads nothing that could have
    // ended: its type is the same, lifetimes being erased when it is compiled.
    unsafe { mem::transmute::<&dyn Key, &(dyn Key + 'static)>(key) }.id()
}

/// `<u32, 4>` of `path::to::<impl T>::__GREENPATCH_Key<u32, 4>`.
fn parameters(key_name: &'static str) -> &'static str {
    const NAME: &str = "__GREENPATCH_Key";
    key_name
        .find(NAME)
        .map_or(key_name, |start| &key_name[start + NAME.len()..])
}

/// Whether a lifetime may be in a type of that name, seen or not: every reference shows as `&`, every
/// lifetime argument as `'_`; a trait object has one that does not show, and so may what a closure or
/// an async block has captured, whose names have a part in double braces. A function item has none
/// that matters: it holds no data.
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

// SAFETY: by invariant 1 a node does not change, and a slot is what threads share.
unsafe impl Send for Node {}
// SAFETY: as above.
unsafe impl Sync for Node {}
