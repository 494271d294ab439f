//! All rules: which function becomes a patch point, which function is a replacement, and the parts of their
//! expansions.
//!
//! The result of a check can be expanded without an error.

mod asynchronous;
mod body;
mod elision;
mod function;
mod generics;
mod impl_trait;
mod known;
mod macros;
mod owner;
mod replacement;
mod replaces;
mod slot_type;
mod source_module;
mod std_names;
mod target;
mod trait_impl;
mod tree;

pub(crate) use function::Point;
pub(crate) use generics::Declared;
pub(crate) use owner::{Header, Owner, arguments, is_made_up};
pub(crate) use replacement::Replacement;
pub(crate) use replaces::{Replaces, check as check_replaces};
pub(crate) use slot_type::SlotType;
pub(crate) use source_module::SourceModule;
pub(crate) use target::{Slot, Target};
pub(crate) use trait_impl::TraitNames;
pub(crate) use tree::{
    Checked, CheckedImpl, CheckedMember, CheckedModule, CheckedTrait, PassedOver, check,
};
