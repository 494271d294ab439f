//! All the rules: which function becomes a patch point, and what it is then made of.
//!
//! What comes out of here can be expanded without an error.

mod asynchronous;
mod body;
mod elision;
mod function;
mod generics;
mod impl_trait;
mod known;
mod macros;
mod owner;
mod slot_type;
mod std_names;
mod trait_impl;
mod tree;

pub(crate) use function::{Point, slot_type_of};
pub(crate) use generics::Declared;
pub(crate) use owner::{Header, Owner, arguments, is_made_up};
pub(crate) use slot_type::SlotType;
pub(crate) use trait_impl::{TraitNames, key as trait_key, takes_itself};
pub(crate) use tree::{
    Checked, CheckedImpl, CheckedMember, CheckedModule, CheckedTrait, PassedOver, check,
};
