//! The type of a slot.

use syn::{Abi, Lifetime, ReturnType, Token, Type};

/// The type of a slot: `for<lifetimes> unsafety abi fn(witness, inputs..) -> output`.
pub(crate) struct SlotType {
    pub(crate) lifetimes: Vec<Lifetime>,
    /// An argument that carries nothing but lifetimes: those that no other argument has, and what
    /// they must outlive.
    pub(crate) witness: Option<Type>,
    pub(crate) inputs: Vec<Type>,
    pub(crate) output: ReturnType,
    /// The lifetime of the paths in the output that leave one out unseen; see [`Written`](super::elision::Written).
    pub(crate) lender: Option<Lifetime>,
    pub(crate) unsafety: Option<Token![unsafe]>,
    pub(crate) abi: Option<Abi>,
    /// Whether the original itself is less general than that: its lifetimes are not all its own.
    pub(crate) narrower: bool,
    /// For an `async fn`: the one lifetime of what its future borrows. `output` is what it resolves to.
    pub(crate) future: Option<Lifetime>,
}
