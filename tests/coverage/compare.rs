//! Whether greenpatch's item is std's, has std's shape, differs, or is missing.

use crate::html::{Item, Page};
use crate::surface::Surface;
use std::collections::{BTreeSet, HashMap};

/// Traits that stable Rust cannot name, and `Drop`, which is not part of an interface.
const NOT_INTERFACE: [&str; 10] = [
    "AsyncIterator",
    "CoerceUnsized",
    "DerefPure",
    "DispatchFromDyn",
    "Drop",
    "Freeze",
    "PinCoerceUnsized",
    "StructuralPartialEq",
    "TrivialClone",
    "UnsafeUnpin",
];

/// Where greenpatch has an item of std from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Its own, declared like std's.
    Own,
    /// Its own, but declared otherwise: std's declaration and ours.
    Differs(String, String),
    /// Std's.
    ReExported,
    /// Greenpatch does not have it.
    Missing,
}

/// One line of the table.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// The item, such as `sync::Mutex`.
    pub(crate) path: String,
    /// The member, such as `lock` or `impl Debug`; empty for the item itself.
    pub(crate) member: String,
    /// As rustdoc calls it.
    pub(crate) kind: String,
    pub(crate) origin: Origin,
}

impl Line {
    /// The name under which the accounts list it.
    pub(crate) fn name(&self) -> String {
        if self.member.is_empty() {
            self.path.clone()
        } else {
            format!("{}::{}", self.path, self.member)
        }
    }

    /// Whether it can be called.
    pub(crate) fn is_function(&self) -> bool {
        ["fn", "method"].contains(&self.kind.as_str())
    }
}

/// Compares both surfaces, item by item of std.
pub(crate) fn lines(std: &Surface, own: &Surface) -> Vec<Line> {
    let own_types = own_types(own);
    let mut lines = Vec::new();
    for (path, page) in std {
        let is_of_std =
            |surface: &Surface| surface.get(path).is_some_and(|page| page[""].is_of_std);
        for (member, item) in page {
            if let Some(target) = member.strip_prefix("impl for ")
                && is_of_std(own)
            {
                // The page lists what implements the trait in either crate. What it is implemented for itself has
                // a page of its own.
                let missing = item.declaration == "once" && wraps_any(target, &own_types);
                if missing {
                    lines.push(Line {
                        path: path.clone(),
                        member: member.clone(),
                        kind: item.kind.clone(),
                        origin: Origin::Missing,
                    });
                }
            } else if is_interface(member) {
                let origin = origin(item, own.get(path), member);
                let (path, member, kind) = (path.clone(), member.clone(), item.kind.clone());
                lines.push(Line {
                    path,
                    member,
                    kind,
                    origin,
                });
            }
        }
    }
    lines
}

/// The names of the types that are greenpatch's own.
fn own_types(own: &Surface) -> BTreeSet<&str> {
    own.iter()
        .filter(|(_, page)| {
            ["struct", "enum"].contains(&page[""].kind.as_str()) && !page[""].is_of_std
        })
        .map(|(path, _)| path.rsplit("::").next().unwrap_or(path))
        // What std has several of; none of those has its traits for something around it.
        .filter(|name| !["Iter", "IntoIter", "Builder", "Once"].contains(name))
        .collect()
}

/// Whether a type is made of one of those, and is none of them: `Arc<File>`.
fn wraps_any(target: &str, types: &BTreeSet<&str>) -> bool {
    let words = target.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.split_first().is_some_and(|(first, rest)| {
        !types.contains(first) && rest.iter().any(|word| types.contains(word))
    })
}

/// The names in greenpatch's modules that std's do not have.
pub(crate) fn extras(std: &Surface, own: &Surface) -> Vec<String> {
    let mut extras = Vec::new();
    for (path, page) in own {
        match std.get(path) {
            None => extras.push(path.clone()),
            Some(theirs) => extras.extend(
                page.iter()
                    // Of what implements a trait of std's this was said on the type's page.
                    .filter(|(member, _)| !(page[""].is_of_std && member.starts_with("impl for ")))
                    .map(|(member, _)| member)
                    .filter(|member| is_interface(member) && !theirs.contains_key(*member))
                    .map(|member| format!("{path}::{member}")),
            ),
        }
    }
    extras
}

fn is_interface(member: &str) -> bool {
    let Some(name) = member.strip_prefix("impl ") else {
        return true;
    };
    let name = name
        .trim_start_matches('!')
        .split(['<', '('])
        .next()
        .unwrap_or(name);
    !NOT_INTERFACE.contains(&name)
}

fn origin(std: &Item, page: Option<&Page>, member: &str) -> Origin {
    let (Some(whole), Some(own)) = (
        page.and_then(|page| page.get("")),
        page.and_then(|page| page.get(member)),
    ) else {
        return Origin::Missing;
    };
    if own.is_of_std && whole.is_of_std {
        return Origin::ReExported;
    }
    // The patterns of a macro do not matter, and neither do the bounds of an impl that does not exist.
    if std.kind == "macro" || member.starts_with("impl !") || member.starts_with("impl for ") {
        return Origin::Own;
    }
    let (theirs, ours) = (normal(&std.declaration), normal(&own.declaration));
    if theirs == ours {
        Origin::Own
    } else {
        Origin::Differs(theirs, ours)
    }
}

/// A declaration without what a caller cannot see: names of lifetimes and arguments, the order of
/// bounds, the form of private fields.
pub(crate) fn normal(declaration: &str) -> String {
    let declaration = arguments_without_names(declaration);
    let declaration = sorted_bounds(&declaration);
    let declaration = without_single_lifetimes(&lifetimes_in_order(&declaration));
    declaration
        .replace("&'_ ", "&")
        .replace("(/* private fields */);", " { /* private fields */ }")
        .replace("(/* private fields */)", " { /* private fields */ }")
        .replace(",)", ")")
        .replace("( ", "(")
        .replace(", )", ")")
}

/// `impl<'1, T> A for B<'1, T>` as `impl<T> A for B<'_, T>`.
fn without_single_lifetimes(text: &str) -> String {
    let mut text = text.to_string();
    for number in 1..10 {
        let name = format!("'{number}");
        let uses = text.matches(&name).count();
        for (declared, without) in [
            (format!("impl<{name}, "), "impl<"),
            (format!("impl<{name}>"), "impl"),
            (format!(", {name}>"), ">"),
        ] {
            if uses == 2 && text.starts_with("impl") && text.contains(&declared) {
                text = text.replacen(&declared, without, 1).replace(&name, "'_");
                break;
            }
        }
    }
    text
}

fn lifetimes_in_order(text: &str) -> String {
    let mut names: HashMap<&str, String> = HashMap::new();
    let mut result = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\'') {
        let (before, tail) = rest.split_at(at);
        let end = tail[1..]
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .map_or(tail.len(), |end| end + 1);
        let (name, after) = tail.split_at(end);
        result.push_str(before);
        if ["'_", "'static"].contains(&name) {
            result.push_str(name);
        } else {
            let next = format!("'{}", names.len() + 1);
            result.push_str(names.entry(name).or_insert(next));
        }
        rest = after;
    }
    result + rest
}

/// `fn f(a: A, b: B)` as `fn f(A, B)`.
fn arguments_without_names(text: &str) -> String {
    let Some(at) = text.find("fn ") else {
        return text.to_string();
    };
    let Some(open) = argument_list(&text[at..]).map(|open| at + open) else {
        return text.to_string();
    };
    let mut depth = 0_i32;
    let mut result = text[..open].to_string();
    let mut argument = String::new();
    let mut chars = text[open..].char_indices();
    for (offset, c) in chars.by_ref() {
        depth += i32::from("([{<".contains(c)) - i32::from(")]}".contains(c));
        depth -= i32::from(c == '>' && !argument.ends_with('-'));
        let ends = depth == 0 || depth == 1 && c == ',';
        if offset > 0 && ends {
            let unnamed = match argument.split_once(": ") {
                Some((name, ty))
                    if name.trim().chars().all(|c| c.is_alphanumeric() || c == '_') =>
                {
                    ty
                }
                _ => &argument,
            };
            result.push_str(unnamed.trim());
            argument.clear();
            result.push(c);
        } else if offset == 0 {
            result.push(c);
        } else {
            argument.push(c);
        }
        if depth == 0 {
            return result + &text[open + offset + c.len_utf8()..];
        }
    }
    text.to_string()
}

/// Where the arguments of `fn name<…>(` begin.
fn argument_list(text: &str) -> Option<usize> {
    let mut depth = 0_i32;
    let mut last = ' ';
    for (at, c) in text.char_indices() {
        depth += i32::from(c == '<') - i32::from(c == '>' && last != '-');
        if c == '(' && depth == 0 {
            return Some(at);
        }
        last = c;
    }
    None
}

/// Sorts the bounds of each line of a `where` clause: `T: ?Sized + Debug` is `T: Debug + ?Sized`.
fn sorted_bounds(text: &str) -> String {
    let mut parts = text.split(" where ");
    let mut result = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let (clause, rest) = match part.find(['{', ';']) {
            Some(end) => part.split_at(end),
            None => (part, ""),
        };
        let mut bounds: Vec<String> = top_level(clause, ',')
            .into_iter()
            .map(|bound| bound.trim().to_string())
            .filter(|bound| !bound.is_empty())
            .map(|bound| match bound.split_once(": ") {
                Some((of, traits)) => {
                    let mut traits: Vec<&str> =
                        top_level(traits, '+').into_iter().map(str::trim).collect();
                    traits.sort_unstable();
                    format!("{of}: {}", traits.join(" + "))
                }
                None => bound,
            })
            .collect();
        bounds.sort();
        result.push_str(" where ");
        result.push_str(&bounds.join(", "));
        result.push(' ');
        result.push_str(rest);
    }
    result.trim_end().to_string()
}

/// Splits where no bracket is open.
fn top_level(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut depth = 0_i32;
    let (mut start, mut last) = (0, ' ');
    for (at, c) in text.char_indices() {
        depth += i32::from("([<".contains(c)) - i32::from(")]".contains(c));
        depth -= i32::from(c == '>' && last != '-');
        if c == separator && depth == 0 {
            parts.push(&text[start..at]);
            start = at + c.len_utf8();
        }
        last = c;
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_no_caller_sees_do_not_count() {
        let theirs = "impl<'a, T> C<'a, T> where T: ?Sized + Debug, { pub fn w<F>( &self, guard: G<'a, (T, U)>, f: F, ) -> R where F: FnMut(&mut T) -> bool, }";
        let ours = "impl<'b, T> C<'b, T> where T: Debug + ?Sized, { pub fn w<F>(&self, held: G<'b, (T, U)>, condition: F) -> R where F: FnMut(&mut T) -> bool, }";
        assert_eq!(normal(theirs), normal(ours));
        let named = "impl<'scope, T> Debug for H<'scope, T>";
        assert_eq!(normal(named), "impl<T> Debug for H<'_, T>");
        assert_eq!(normal("impl<'a> Debug for H<'a>"), "impl Debug for H<'_>");
        assert_eq!(
            normal("pub struct S<'a>(/* private fields */);"),
            normal("pub struct S<'b> { /* private fields */ }")
        );
    }

    #[test]
    fn what_a_caller_sees_counts() {
        let base = "impl<T> M<T> { pub const fn new(t: T) -> M<T> }";
        for other in [
            "impl<T> M<T> { pub fn new(t: T) -> M<T> }",
            "impl<T> M<T> { pub const fn new(t: &T) -> M<T> }",
            "impl<T> M<T> where T: Send, { pub const fn new(t: T) -> M<T> }",
            "impl<T> M<T> { pub const fn new(t: T, u: T) -> M<T> }",
        ] {
            assert_ne!(normal(base), normal(other));
        }
    }
}
