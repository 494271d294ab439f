//! What is known about the names in an annotated item: whether a path may hide a lifetime, as `Iter<T>` does for a type
//! that is declared `Iter<'a, T>`.
//!
//! A name alone is weak evidence: a user's `Range` may have a lifetime. Therefore a name is assumed to be std's if the
//! module imports it from std, or if other types rarely have it, and never if the module defines or imports another
//! type of that name.

use super::std_names::{CERTAIN, LIKELY, TRAITS};
use crate::imports::leaves;
use crate::item::Annotated;
use crate::visit::Lifetimes;
use std::collections::HashSet;
use syn::visit::{self, Visit};
use syn::{GenericArgument, Generics, Ident, Item, Path, PathArguments, Type, TypeParamBound};

/// What is known about names.
#[derive(Clone, Default)]
pub(crate) struct Known {
    /// Types without a lifetime parameter.
    plain: HashSet<String>,
    /// Names that are not std's, even if they look like it.
    others: HashSet<String>,
    /// Type aliases, which may stand for an associated type.
    aliases: HashSet<String>,
    /// Type parameters.
    parameters: HashSet<String>,
}

impl Known {
    /// Collects the names that `items` and their child modules define and import. Within one tree of modules, a name
    /// rarely has different meanings.
    pub(crate) fn of(items: &[Annotated]) -> Self {
        let mut found = Found::default();
        found.walk(items);
        let Found {
            mut plain,
            with_lifetime,
            foreign,
            within,
            aliases,
        } = found;
        plain.retain(|name| !with_lifetime.contains(name) && !foreign.contains(name));
        let mut others = with_lifetime;
        others.extend(foreign);
        others.extend(within.into_iter().filter(|name| !plain.contains(name)));
        Known {
            plain,
            others,
            aliases,
            parameters: HashSet::new(),
        }
    }

    /// Adds a type without a lifetime parameter.
    pub(crate) fn plain(&mut self, name: &Ident) {
        self.plain.insert(name.to_string());
    }

    /// Adds a type parameter.
    pub(crate) fn parameter(&mut self, name: &Ident) {
        self.parameters.insert(name.to_string());
    }

    /// Returns whether the single name `name` is that of a type of std.
    pub(crate) fn is_std(&self, name: &Ident) -> bool {
        !self.others.contains(&name.to_string())
    }

    /// Returns whether a path in `ty` may hide a lifetime.
    pub(crate) fn may_hide_lifetime(&self, ty: &Type) -> bool {
        match ty {
            Type::Path(ty) if ty.qself.is_some() => false,
            Type::Path(ty) => {
                let Some(last) = ty.path.segments.last() else {
                    return false;
                };
                let first = &ty.path.segments[0].ident;
                // `Self::Item` and `T::Item` hide no lifetime that the impl does not show.
                if first == "Self"
                    || ty.path.segments.len() > 1 && self.parameters.contains(&first.to_string())
                {
                    return false;
                }
                match &last.arguments {
                    PathArguments::AngleBracketed(args) => {
                        let explicit = args
                            .args
                            .iter()
                            .any(|arg| matches!(arg, GenericArgument::Lifetime(_)));
                        let inside = args.args.iter().any(|arg| match arg {
                            GenericArgument::Type(ty) => self.may_hide_lifetime(ty),
                            _ => false,
                        });
                        inside || !explicit && !self.is_plain(&ty.path, args.args.len())
                    }
                    PathArguments::None => !self.is_plain(&ty.path, 0),
                    PathArguments::Parenthesized(_) => false,
                }
            }
            Type::Reference(ty) => self.may_hide_lifetime(&ty.elem),
            Type::Array(ty) => self.may_hide_lifetime(&ty.elem),
            Type::Slice(ty) => self.may_hide_lifetime(&ty.elem),
            Type::Ptr(ty) => self.may_hide_lifetime(&ty.elem),
            Type::Group(ty) => self.may_hide_lifetime(&ty.elem),
            Type::Paren(ty) => self.may_hide_lifetime(&ty.elem),
            Type::Tuple(ty) => ty.elems.iter().any(|ty| self.may_hide_lifetime(ty)),
            // The lifetime that the trait object itself elides is never that of an argument.
            Type::TraitObject(ty) => ty.bounds.iter().any(|bound| match bound {
                TypeParamBound::Trait(bound) => self.trait_may_hide_lifetime(&bound.path),
                _ => false,
            }),
            Type::Never(_) | Type::FnPtr(_) => false,
            _ => true,
        }
    }

    /// Returns whether the path of a trait may hide a lifetime, as in `dyn Visit<Error>`.
    fn trait_may_hide_lifetime(&self, of: &Path) -> bool {
        let Some(last) = of.segments.last() else {
            return false;
        };
        let name = last.ident.to_string();
        let first = of.segments[0].ident.to_string();
        let of_std = match of.segments.len() {
            1 => !self.others.contains(&name),
            _ => matches!(first.as_str(), "std" | "core" | "alloc" | "io" | "fmt"),
        };
        let known = self.plain.contains(&name) || of_std && TRAITS.contains(&name.as_str());
        match &last.arguments {
            PathArguments::Parenthesized(_) => false,
            PathArguments::None => !known,
            PathArguments::AngleBracketed(args) => {
                let explicit = args
                    .args
                    .iter()
                    .any(|arg| matches!(arg, GenericArgument::Lifetime(_)));
                let inside = args.args.iter().any(|arg| match arg {
                    GenericArgument::Type(ty) => self.may_hide_lifetime(ty),
                    GenericArgument::AssocType(arg) => self.may_hide_lifetime(&arg.ty),
                    _ => false,
                });
                inside || !explicit && !known
            }
        }
    }

    /// Returns whether a path in `ty` may be an alias for an associated type of a type with a lifetime:
    /// `ErrorOf<Tokens<'a, T>>` for `<Tokens<'a, T> as Stream>::Error`.
    pub(crate) fn may_hide_projection(&self, ty: &Type) -> bool {
        struct Find<'a>(&'a Known, bool);
        impl<'ast> Visit<'ast> for Find<'_> {
            fn visit_path(&mut self, path: &'ast Path) {
                let types = path
                    .segments
                    .last()
                    .map(|last| type_arguments(&last.arguments));
                let types = types.unwrap_or_default();
                let known = self.0.is_plain(path, types.len())
                    && !path
                        .segments
                        .last()
                        .is_some_and(|last| self.0.aliases.contains(&last.ident.to_string()));
                let with_lifetime =
                    |ty: &&Type| matches!(ty, Type::Path(_)) && !Lifetimes::of(ty).named.is_empty();
                self.1 |= !known && types.iter().any(with_lifetime);
                visit::visit_path(self, path);
            }
        }
        let mut find = Find(self, false);
        find.visit_type(ty);
        find.1
    }

    fn is_plain(&self, path: &Path, arguments: usize) -> bool {
        let names: Vec<_> = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let std_has = |name: &str| CERTAIN.contains(&name) || LIKELY.contains(&name);
        match names.as_slice() {
            [name] => {
                self.plain.contains(*name)
                    || self.parameters.contains(*name)
                    || !self.others.contains(*name)
                        // A `Result` that is not std's is an alias with one parameter or none.
                        && (CERTAIN.contains(name) || *name == "Result" && arguments == 2)
            }
            ["std" | "core" | "alloc", .., name] => {
                std_has(name) || matches!(*name, "Error" | "ErrorKind" | "Result")
            }
            [module, name] if !self.others.contains(*module) => match (*module, *name) {
                ("io", "Result" | "Error" | "ErrorKind") | ("fmt", "Result" | "Error") => true,
                (
                    "collections" | "sync" | "time" | "net" | "path" | "cmp" | "string" | "rc"
                    | "mpsc",
                    name,
                ) => std_has(name),
                _ => false,
            },
            _ => false,
        }
    }
}

fn type_arguments(arguments: &PathArguments) -> Vec<&Type> {
    let PathArguments::AngleBracketed(args) = arguments else {
        return Vec::new();
    };
    let types = args.args.iter().filter_map(|arg| match arg {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.collect()
}

/// The names that a tree of modules defines or imports.
#[derive(Default)]
struct Found {
    plain: HashSet<String>,
    with_lifetime: HashSet<String>,
    /// From another crate than std.
    foreign: HashSet<String>,
    /// From another place of this crate.
    within: HashSet<String>,
    aliases: HashSet<String>,
}

impl Found {
    fn walk(&mut self, items: &[Annotated]) {
        for item in items {
            match item {
                Annotated::Other(Item::Struct(item)) => self.defined(&item.ident, &item.generics),
                Annotated::Other(Item::Enum(item)) => self.defined(&item.ident, &item.generics),
                Annotated::Other(Item::Union(item)) => self.defined(&item.ident, &item.generics),
                Annotated::Other(Item::Type(item)) => {
                    self.aliases.insert(item.ident.to_string());
                    self.defined(&item.ident, &item.generics);
                }
                Annotated::Trait(item) => self.defined(&item.ident, &item.generics),
                Annotated::Use(item) => {
                    for leaf in leaves(&item.tree) {
                        if let Some(bound) = leaf.bound {
                            self.imported(&leaf.path, bound.to_string());
                        }
                    }
                }
                Annotated::Module(item) => {
                    if let Some((_, items)) = &item.content {
                        self.walk(items);
                    }
                }
                _ => {}
            }
        }
    }

    fn defined(&mut self, name: &Ident, generics: &Generics) {
        let names = if generics.lifetimes().next().is_none() {
            &mut self.plain
        } else {
            &mut self.with_lifetime
        };
        names.insert(name.to_string());
    }

    fn imported(&mut self, path: &[Ident], bound: String) {
        let (Some(first), Some(last)) = (path.first(), path.last()) else {
            return;
        };
        let last = last.to_string();
        let known = CERTAIN.contains(&last.as_str()) || LIKELY.contains(&last.as_str());
        match first.to_string().as_str() {
            "std" | "core" | "alloc" | "greenpatch" => {
                if known || path.iter().any(|name| name == "io") && last == "Result" {
                    self.plain.insert(bound);
                }
            }
            "crate" | "self" | "super" => drop(self.within.insert(bound)),
            _ => drop(self.foreign.insert(bound)),
        }
    }
}
