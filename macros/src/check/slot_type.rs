//! The type of a slot.

use syn::{Abi, Lifetime, ReturnType, Token, Type};

/// The type of a slot: `for<lifetimes> unsafety abi fn(witness, inputs..) -> output`.
pub(crate) struct SlotType {
    pub(crate) lifetimes: Vec<Lifetime>,
    /// An argument that contains only lifetimes: those that no other argument has, and those that must outlive
    /// others.
    pub(crate) witness: Option<Type>,
    pub(crate) inputs: Vec<Type>,
    pub(crate) output: ReturnType,
    /// The lifetime of paths in the output that elide one invisibly; see [`Written`](super::elision::Written).
    pub(crate) lender: Option<Lifetime>,
    pub(crate) unsafety: Option<Token![unsafe]>,
    pub(crate) abi: Option<Abi>,
    /// Whether the original is less general than this type: some of its lifetimes are the impl's.
    pub(crate) narrower: bool,
    /// For an `async fn`: the lifetime of everything that its future borrows. `output` is the future's output.
    pub(crate) future: Option<Lifetime>,
}
