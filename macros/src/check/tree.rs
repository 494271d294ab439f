//! Walks through an annotated item and decides on each function in it.

use super::function::{self, Point};
use super::known::Known;
use super::macros;
use super::owner::Owner;
use super::trait_impl::TraitNames;
use crate::args::PatchableArgs;
use crate::attrs;
use crate::errors::{Errors, Reason};
use crate::imports::leaves;
use crate::item::{Annotated, Body, Function, Impl, Member, Module, Trait};
use crate::shadow::{OwnMacros, Shadow};
use proc_macro2::TokenStream;
use quote::ToTokens;
use std::collections::HashSet;
use syn::{Attribute, Generics, Ident, Visibility};

/// A checked item with `#[patchable]`, or inside one.
pub(crate) enum Checked {
    /// Unchanged, with records of the functions that were passed over.
    AsIs(TokenStream, Vec<PassedOver>),
    Function(Box<Point>),
    Impl(Box<CheckedImpl>),
    Trait(Box<CheckedTrait>),
    Module(Box<CheckedModule>),
}

/// An impl that keeps its members or rewrites them.
pub(crate) struct CheckedImpl {
    pub(crate) item: Impl,
    pub(crate) owner: Owner,
    /// For the impl of a trait.
    pub(crate) names: Option<TraitNames>,
    pub(crate) members: Vec<CheckedMember>,
    pub(crate) passed_over: Vec<PassedOver>,
    /// Whether items can be added: another attribute may reject them.
    pub(crate) open: bool,
}

/// A trait that keeps its default methods or rewrites them.
pub(crate) struct CheckedTrait {
    pub(crate) item: Trait,
    pub(crate) owner: Owner,
    pub(crate) members: Vec<CheckedMember>,
    pub(crate) passed_over: Vec<PassedOver>,
}

pub(crate) enum CheckedMember {
    AsIs(TokenStream),
    Function(Box<Point>),
}

pub(crate) struct CheckedModule {
    pub(crate) item: Module,
    pub(crate) inner: Vec<Attribute>,
    pub(crate) items: Vec<Checked>,
    pub(crate) shadow: Shadow,
}

/// A function that is left unchanged, for a reason that the listing shows.
pub(crate) struct PassedOver {
    pub(crate) cfg: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    pub(crate) name: String,
    pub(crate) reason: String,
}

/// Checks the item that `#[patchable]` is on.
pub(crate) fn check(item: Annotated, args: &PatchableArgs) -> syn::Result<Checked> {
    let mut walk = Walk {
        errors: Errors::default(),
        known: Known::default(),
        depth: 0,
        shadowed: false,
        macros: OwnMacros::default(),
        imported: HashSet::new(),
    };
    let checked = walk.item(item, args);
    walk.errors.finish(checked)
}

struct Walk {
    errors: Errors,
    /// The names that the annotated module defines and imports.
    known: Known,
    /// How many items contain this one: 0 for the annotated item.
    depth: usize,
    /// Whether `std` refers to greenpatch in the module around this item.
    shadowed: bool,
    /// The macros that the modules around this item define.
    macros: OwnMacros,
    /// The names that the module around this item imports.
    imported: HashSet<String>,
}

impl Walk {
    fn item(&mut self, mut item: Annotated, args: &PatchableArgs) -> Checked {
        let args = self.own_options(attributes(&mut item), args);
        match item {
            Annotated::Module(item) if args.skip => self.left_out(item),
            item if args.skip => Checked::AsIs(item.into_token_stream(), Vec::new()),
            Annotated::Function(item) => self.function(item, &args),
            Annotated::Impl(item) => self.implementation(item, &args),
            Annotated::Trait(item) => self.definition(item, &args),
            Annotated::Module(item) => self.module(item, &args),
            other => {
                if self.depth == 0 {
                    self.errors.at(
                        &other,
                        "expected a function, an `impl`, a trait or an inline module",
                    );
                }
                Checked::AsIs(other.into_token_stream(), Vec::new())
            }
        }
    }

    /// Removes the options of an item inside the annotated one, and combines them with those in force.
    fn own_options(
        &mut self,
        attrs: Option<&mut Vec<Attribute>>,
        args: &PatchableArgs,
    ) -> PatchableArgs {
        let mut args = args.clone();
        for attr in attrs.map(attrs::take_patchable).into_iter().flatten() {
            match attrs::options(&attr).and_then(PatchableArgs::parse) {
                Ok(own) => args = args.inherit(own),
                Err(error) => self.errors.push(error),
            }
        }
        args
    }

    fn function(&mut self, item: Function, args: &PatchableArgs) -> Checked {
        if self.depth == 0
            && let Some(receiver) = item.sig.receiver()
        {
            self.errors.at(
                receiver,
                "a method alone has no place for its slot; put `#[patchable]` on the `impl`, and \
                 `#[patchable(skip)]` on methods to leave out",
            );
            return Checked::AsIs(item.into_token_stream(), Vec::new());
        }
        if self.depth == 0
            && let Some(own) = function::own_type(&item)
        {
            self.errors.at(
                own,
                "a function of a type alone has no place for its slot; put `#[patchable]` on the `impl`, \
                 and `#[patchable(skip)]` on functions to leave out",
            );
            return Checked::AsIs(item.into_token_stream(), Vec::new());
        }
        match function::check(&item, None, &self.known) {
            Ok(point) => Checked::Function(Box::new(point)),
            Err(reason) => {
                let name = function::name(&item.sig, None);
                let passed_over = self.pass_over(&item, name, reason, self.depth == 0, args);
                Checked::AsIs(item.into_token_stream(), passed_over.into_iter().collect())
            }
        }
    }

    /// Records that `item` is left unchanged, or adds an error if the item must be a patch point.
    fn pass_over(
        &mut self,
        item: &Function,
        name: String,
        reason: Reason,
        required: bool,
        args: &PatchableArgs,
    ) -> Option<PassedOver> {
        if args.strict || required && !args.lenient {
            self.errors.push(reason.into_error());
            return None;
        }
        Some(PassedOver {
            cfg: attrs::cfgs(&item.attrs),
            vis: item.vis.clone(),
            ident: item.sig.ident.clone(),
            generics: item.sig.generics.clone(),
            name,
            reason: reason.text,
        })
    }

    fn implementation(&mut self, mut item: Impl, args: &PatchableArgs) -> Checked {
        let (mut owner, head) = Owner::of(&item, &args.krate());
        owner.of_import = item.of.as_ref().is_some_and(|(of, _)| {
            of.leading_colon.is_none() && self.imported.contains(&of.segments[0].ident.to_string())
        });
        let names = match &item.of {
            None => Ok(None),
            Some(_) => TraitNames::of(&item, &owner).map(Some),
        };
        let whole = whole_impl(&item)
            .and(head)
            .and(names.as_ref().map(drop).map_err(Reason::clone));
        self.whole(&whole, args);
        let cfg = attrs::cfgs(&item.attrs);
        let members = std::mem::take(&mut item.members);
        let (members, passed_over) = self.members(members, &whole, &owner, &cfg, args);
        let open = item.of.is_none() && whole.is_ok();
        Checked::Impl(Box::new(CheckedImpl {
            item,
            owner,
            open,
            names: names.ok().flatten(),
            members,
            passed_over,
        }))
    }

    fn definition(&mut self, mut item: Trait, args: &PatchableArgs) -> Checked {
        let owner = Owner::of_trait(&item);
        let whole = whole_trait(&item);
        self.whole(&whole, args);
        let cfg = attrs::cfgs(&item.attrs);
        let members = std::mem::take(&mut item.members);
        let (members, passed_over) = self.members(members, &whole, &owner, &cfg, args);
        Checked::Trait(Box::new(CheckedTrait {
            item,
            owner,
            members,
            passed_over,
        }))
    }

    /// Adds an error if the annotated item as a whole cannot be rewritten.
    fn whole(&mut self, whole: &Result<(), Reason>, args: &PatchableArgs) {
        if let Err(reason) = whole
            && self.depth == 0
            && !args.lenient
        {
            self.errors.push(reason.clone().into_error());
        }
    }

    fn members(
        &mut self,
        members: Vec<Member>,
        whole: &Result<(), Reason>,
        owner: &Owner,
        cfg: &[Attribute],
        args: &PatchableArgs,
    ) -> (Vec<CheckedMember>, Vec<PassedOver>) {
        let mut checked = Vec::new();
        let mut passed_over = Vec::new();
        for member in members {
            let mut function = match member {
                Member::Function(function) => function,
                other => {
                    checked.push(CheckedMember::AsIs(other.into_token_stream()));
                    continue;
                }
            };
            let args = self.own_options(Some(&mut function.attrs), args);
            let has_body = matches!(function.body, Body::Block(_));
            if args.skip || !has_body {
                checked.push(CheckedMember::AsIs(function.into_token_stream()));
                continue;
            }
            let point = whole
                .clone()
                .and_then(|()| function::check(&function, Some(owner), &self.known));
            match point {
                Ok(mut point) => {
                    // The items beside the impl exist only if the impl does.
                    point.attrs.cfg.extend(cfg.iter().cloned());
                    checked.push(CheckedMember::Function(Box::new(point)));
                }
                Err(reason) => {
                    let name = function::name(&function.sig, Some(owner));
                    let record = self.pass_over(&function, name, reason, false, &args);
                    passed_over.extend(record.map(|mut record| {
                        record.cfg.extend(cfg.iter().cloned());
                        record
                    }));
                    checked.push(CheckedMember::AsIs(function.into_token_stream()));
                }
            }
        }
        (checked, passed_over)
    }

    fn module(&mut self, mut item: Module, args: &PatchableArgs) -> Checked {
        let Some((inner, mut items)) = item.content.take() else {
            self.errors.at(
                &item,
                format!(
                    "the macro cannot see into another file; write `mod {0} {{ … }}` with the code in \
                     braces, or annotate the items in the file one by one",
                    item.ident
                ),
            );
            return Checked::AsIs(item.into_token_stream(), Vec::new());
        };
        let macros = self.macros.with(&items);
        let macros_outside = std::mem::replace(&mut self.macros, macros);
        let shadow = if args.dispatch {
            self.lift(&items)
        } else {
            Shadow::cast(&mut items, &self.macros, &args.krate())
        };
        if self.depth == 0 {
            self.known = Known::of(&items);
            macros::check(&item, &items, &mut self.errors);
        }
        let outside = std::mem::replace(&mut self.shadowed, shadow.is_cast());
        let imported = std::mem::replace(&mut self.imported, imported(&items));
        self.depth += 1;
        let items = items
            .into_iter()
            .map(|child| self.item(child, args))
            .collect();
        self.depth -= 1;
        self.shadowed = outside;
        self.macros = macros_outside;
        self.imported = imported;
        Checked::Module(Box::new(CheckedModule {
            item,
            inner,
            items,
            shadow,
        }))
    }

    /// Leaves a module unchanged, except that it lifts a shadow around it that a glob would import.
    fn left_out(&mut self, mut item: Module) -> Checked {
        let Some((inner, items)) = item.content.take() else {
            return Checked::AsIs(item.into_token_stream(), Vec::new());
        };
        let shadow = self.lift(&items);
        let items = items
            .into_iter()
            .map(|child| match child {
                Annotated::Module(child) => self.left_out(child),
                child => Checked::AsIs(child.into_token_stream(), Vec::new()),
            })
            .collect();
        Checked::Module(Box::new(CheckedModule {
            item,
            inner,
            items,
            shadow,
        }))
    }

    fn lift(&self, items: &[Annotated]) -> Shadow {
        if self.shadowed {
            Shadow::lift(items, &self.macros)
        } else {
            Shadow::default()
        }
    }
}

/// Returns an error if an impl as a whole cannot be rewritten.
fn whole_impl(item: &Impl) -> Result<(), Reason> {
    attrs::unknown(&item.attrs)?;
    if let Some(default) = &item.default {
        return Err(Reason::new(
            default,
            "a `default impl` is not supported; remove `default`",
        ));
    }
    Ok(())
}

/// Returns an error if a trait as a whole cannot be rewritten.
fn whole_trait(item: &Trait) -> Result<(), Reason> {
    attrs::unknown(&item.attrs)?;
    match item.generics.lifetimes().next() {
        None => Ok(()),
        Some(param) => Err(Reason::new(
            param,
            "the default methods of a trait with a lifetime parameter have no place for a slot; \
             make them functions that the trait calls",
        )),
    }
}

fn imported(items: &[Annotated]) -> HashSet<String> {
    let mut names = HashSet::new();
    for item in items {
        if let Annotated::Use(item) = item
            && !attrs::has(&item.attrs, "cfg")
        {
            let leaves = leaves(&item.tree).into_iter();
            names.extend(
                leaves
                    .filter_map(|leaf| leaf.bound)
                    .map(|name| name.to_string()),
            );
        }
    }
    names
}

fn attributes(item: &mut Annotated) -> Option<&mut Vec<Attribute>> {
    match item {
        Annotated::Function(item) => Some(&mut item.attrs),
        Annotated::Impl(item) => Some(&mut item.attrs),
        Annotated::Trait(item) => Some(&mut item.attrs),
        Annotated::Module(item) => Some(&mut item.attrs),
        // The attribute stays, and reports the items that it is for.
        Annotated::Use(_) | Annotated::ExternCrate(_) | Annotated::Other(_) => None,
    }
}
