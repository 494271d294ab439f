//! All the rules: which function becomes a patch point, and what it is then made of.
//!
//! What comes out of here can be expanded without an error.

mod elision;
mod function;
mod owner;
mod tree;

pub(crate) use function::{Point, SlotType};
pub(crate) use owner::Owner;
pub(crate) use tree::{Checked, CheckedImpl, CheckedMember, CheckedModule, PassedOver, check};
