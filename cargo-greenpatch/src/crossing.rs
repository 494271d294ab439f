//! Errors of rustc at a border between crates that have greenpatch for std and crates that are left on std: a type of
//! std that crosses it is two types.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// A value of a type of std that one crate passes to another, which has a different std.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Crossing {
    /// The type, by its name in std.
    name: String,
    /// Which of the two types the value has, if the error says so.
    passed: Option<Origin>,
    /// Where the error is.
    place: String,
    /// Every file that the error refers to.
    files: Vec<PathBuf>,
    /// The lines of the source that the error shows.
    shown: String,
}

/// Which of two types of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Greenpatch,
    Std,
}

/// The unit that failed.
pub(crate) struct Unit<'a> {
    /// Its package.
    pub(crate) package: &'a str,
    /// The crates that it is given with `--extern`.
    pub(crate) crates: &'a [String],
    /// The packages that are left on std.
    pub(crate) native: &'a [String],
    /// The folders of packages by their names.
    pub(crate) folders: &'a BTreeMap<String, PathBuf>,
}

impl Crossing {
    /// Reads a line that rustc prints in JSON.
    pub(crate) fn of(line: &str) -> Option<Crossing> {
        let diagnostic: Value = serde_json::from_str(line).ok()?;
        if diagnostic["level"] != "error" || diagnostic["code"].is_null() {
            return None;
        }
        let spans = || list(&diagnostic["spans"]);
        let children = || list(&diagnostic["children"]);
        let all_spans = || spans().chain(children().flat_map(|child| list(&child["spans"])));
        let labels: Vec<&str> = spans().filter_map(|span| span["label"].as_str()).collect();
        let message = diagnostic["message"].as_str().unwrap_or_default();
        let notes: Vec<Definition> = children().filter_map(Definition::of).collect();
        let texts = labels.iter().copied().chain([message]);
        let texts = texts.chain(children().filter_map(|child| child["message"].as_str()));
        let written = || texts.clone().flat_map(quoted).find_map(Written::of);
        let (name, passed) = match &notes[..] {
            // The type that was found comes first.
            [found, other] if found.origin != other.origin => {
                let green = [found, other]
                    .into_iter()
                    .find(|note| note.origin == Origin::Greenpatch)?;
                (green.name.clone(), Some(found.origin))
            }
            _ => {
                let found = labels
                    .iter()
                    .filter_map(|label| label.rsplit_once("found "));
                let found = found.flat_map(|(_, found)| quoted(found));
                let passed = found.filter_map(Written::origin).next();
                (written()?.name, passed)
            }
        };
        let primary = spans().find(|span| span["is_primary"] == true)?;
        let lines = all_spans().flat_map(|span| list(&span["text"]));
        Some(Crossing {
            name,
            passed,
            place: format!(
                "{}:{}",
                primary["file_name"].as_str()?,
                primary["line_start"]
            ),
            files: all_spans()
                .filter_map(|span| std::path::absolute(span["file_name"].as_str()?).ok())
                .collect(),
            shown: lines
                .filter_map(|line| line["text"].as_str())
                .collect::<Vec<_>>()
                .join("\n"),
        })
    }

    /// The package on the other side: one that the error refers to, that the source names, or the only one.
    fn other_side<'a>(&self, unit: &Unit<'a>) -> Vec<&'a str> {
        let is_native = |name: &str| unit.native.iter().any(|native| native == name);
        let here = is_native(unit.package);
        let others = unit
            .folders
            .iter()
            .filter(|(name, _)| is_native(name) != here);
        let others: Vec<_> = others.collect();
        let owner = |file: &PathBuf| {
            let owners = unit
                .folders
                .iter()
                .filter(|(_, folder)| file.starts_with(folder));
            let owner = owners.max_by_key(|(_, folder)| folder.as_os_str().len());
            owner.map(|(name, _)| name.as_str())
        };
        let referred: Vec<_> = self.files.iter().filter_map(owner).collect();
        let is_referred = |(name, _): &(&'a String, &PathBuf)| referred.contains(&name.as_str());
        if let Some((name, _)) = others.iter().copied().find(is_referred) {
            return vec![name];
        }
        let direct = others.into_iter().map(|(name, _)| name.as_str());
        let direct: Vec<_> = direct
            .filter(|name| unit.crates.contains(&name.replace('-', "_")))
            .collect();
        let words = || {
            self.shown
                .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        };
        let named = direct.iter().copied().find(|name| {
            let name = name.replace('-', "_");
            words().any(|word| word == name)
        });
        named.map_or(direct, |name| vec![name])
    }
}

/// The lines that follow the errors of a unit: which crate passes which type to which other, and what to do.
pub(crate) fn explain(crossings: &[Crossing], unit: &Unit<'_>) -> Vec<String> {
    let is_native = |name: &str| unit.native.iter().any(|native| native == name);
    let here = unit.package;
    let mut lines = Vec::new();
    let mut natives = Vec::new();
    let mut seen = Vec::new();
    for crossing in crossings {
        let others = crossing.other_side(unit);
        if others.is_empty() || seen.contains(&(&crossing.name, crossing.passed, others.clone())) {
            continue;
        }
        let there = others.iter().map(|name| format!("`{name}`"));
        let there = there.collect::<Vec<_>>().join(" or ");
        let name = &crossing.name;
        let own = if is_native(here) {
            Origin::Std
        } else {
            Origin::Greenpatch
        };
        let passes = match crossing.passed {
            Some(passed) if passed == own => format!("`{here}` passes a `{name}` to {there}"),
            Some(_) => format!("{there} passes a `{name}` to `{here}`"),
            None => format!("a `{name}` crosses between `{here}` and {there}"),
        };
        lines.push(format!("note: {passes} ({})", crossing.place));
        natives.extend(others.iter().copied().filter(|name| is_native(name)));
        seen.push((&crossing.name, crossing.passed, others));
    }
    if lines.is_empty() {
        return lines;
    }
    if is_native(here) {
        natives.push(here);
    }
    natives.sort_unstable();
    natives.dedup();
    let list = natives.iter().map(|name| format!("`{name}`"));
    let list = list.collect::<Vec<_>>().join(" and ");
    let verb = if natives.len() == 1 { "is" } else { "are" };
    lines.push(format!(
        "note: {list} {verb} left on std, and greenpatch's types are others than std's"
    ));
    lines.push(if is_native(here) {
        format!("help: take `{here}` out of `--native`, or leave the crates on std, too, that it shares types with")
    } else {
        format!(
            "help: take {list} out of `--native`, or leave `{here}` on std, too, with `--native {here}`; many types of \
             greenpatch convert to and from those of std by `into()`"
        )
    });
    lines
}

/// A note of rustc that a type is defined in one of the two crates.
struct Definition {
    name: String,
    origin: Origin,
}

impl Definition {
    fn of(child: &Value) -> Option<Definition> {
        let message = child["message"].as_str()?;
        let (name, origin) = message.split_once(" is defined in crate ")?;
        let origin = match origin {
            "`greenpatch`" => Origin::Greenpatch,
            "`std`" => Origin::Std,
            _ => return None,
        };
        let name = without_arguments(name.trim_matches('`'));
        let name = name.rsplit("::").next().unwrap_or(name);
        // Modules are folders in greenpatch, as they are in std for a user.
        let file = list(&child["spans"]).find_map(|span| span["file_name"].as_str());
        let folder = file.and_then(|file| file.split_once("/runtime/src/"));
        let folder = folder.and_then(|(_, inside)| Path::new(inside).parent());
        let modules = folder.into_iter().flat_map(|folder| folder.iter());
        let mut path = String::from("std::");
        for module in modules {
            path.push_str(&module.to_string_lossy());
            path.push_str("::");
        }
        let name = path + name;
        Some(Definition { name, origin })
    }
}

/// A type in a message, by a path that leads to greenpatch or, through it, to std.
struct Written {
    name: String,
    origin: Origin,
}

impl Written {
    fn of(text: &str) -> Option<Written> {
        let path = ["greenpatch_launch::", "greenpatch::"]
            .iter()
            .find_map(|root| Some(&text[text.find(root)? + root.len()..]))?;
        let end = path.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
        let path = path[..end.unwrap_or(path.len())].trim_end_matches(':');
        let inside = path.strip_prefix("std::").unwrap_or(path);
        // Where std has its locks; greenpatch has no such module.
        let is_std = inside.len() < path.len() || path.contains("poison::");
        let mut names: Vec<&str> = inside
            .split("::")
            .filter(|name| *name != "poison")
            .collect();
        // A private module with the type's own name: `tcp_stream::TcpStream`.
        if let [.., module, name] = names[..]
            && module.replace('_', "") == name.to_lowercase()
        {
            names.remove(names.len() - 2);
        }
        Some(Written {
            name: format!("std::{}", names.join("::")),
            origin: if is_std {
                Origin::Std
            } else {
                Origin::Greenpatch
            },
        })
    }

    /// Which type it is, if it is one of std by its own path or by way of greenpatch.
    fn origin(text: &str) -> Option<Origin> {
        let written = Written::of(text).map(|written| written.origin);
        written.or_else(|| text.contains("std::").then_some(Origin::Std))
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> + Clone {
    value.as_array().into_iter().flatten()
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn without_arguments(name: &str) -> &str {
    name.split('<').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn explained(error: &Value, package: &str, native: &str) -> Vec<String> {
        let crossing = Crossing::of(&error.to_string()).unwrap();
        let folders = ["app", "kept", "other"]
            .map(|name| (name.to_owned(), PathBuf::from(format!("/w/{name}"))));
        let unit = Unit {
            package,
            crates: &["kept".to_owned(), "app".to_owned(), "core".to_owned()],
            native: &[native.to_owned()],
            folders: &folders.into(),
        };
        explain(&[crossing], &unit)
    }

    fn span(file: &str, label: &str, text: &str) -> Value {
        json!({ "file_name": file, "line_start": 7, "is_primary": true, "label": label, "text": [{ "text": text }] })
    }

    #[test]
    fn a_type_by_its_definition_goes_from_the_crate_that_has_it() {
        let defined = |name: &str, file: &str| json!({ "message": format!("`Sender<u8>` is defined in crate `{name}`"), "spans": [span(file, "", "")] });
        let green = defined("greenpatch", "/c/source/runtime/src/sync/mpsc/mod.rs");
        let std = defined("std", "/rustc/1/library/std/src/sync/mpsc.rs");
        let error = |children: Value| {
            json!({
                "level": "error", "code": { "code": "E0308" }, "message": "mismatched types", "children": children,
                "spans": [span("/w/app/src/main.rs", "expected `Sender<u8>`, found a different `Sender<u8>`", "kept::S(s)")],
            })
        };
        let lines = explained(&error(json!([green, std])), "app", "kept");
        assert_eq!(
            lines[0],
            "note: `app` passes a `std::sync::mpsc::Sender` to `kept` (/w/app/src/main.rs:7)"
        );
        assert_eq!(lines.len(), 3);
        let lines = explained(&error(json!([std, green])), "app", "kept");
        assert_eq!(
            lines[0],
            "note: `kept` passes a `std::sync::mpsc::Sender` to `app` (/w/app/src/main.rs:7)"
        );
        let lines = explained(&error(json!([std, green])), "app", "app");
        assert_eq!(
            lines[0],
            "note: `app` passes a `std::sync::mpsc::Sender` to `kept` (/w/app/src/main.rs:7)"
        );
        assert!(
            lines[2].starts_with("help: take `app` out of `--native`"),
            "{lines:?}"
        );
    }

    #[test]
    fn a_type_by_its_path_is_known_too() {
        let error = json!({
            "level": "error", "code": { "code": "E0277" }, "children": [],
            "message": "the trait bound `W: AsRef<greenpatch_launch::sync::poison::RwLock<u8>>` is not satisfied",
            "spans": [span("/w/app/src/main.rs", "unsatisfied trait bound", "kept::reader(w)")],
        });
        let lines = explained(&error, "app", "kept");
        assert_eq!(
            lines[0],
            "note: a `std::sync::RwLock` crosses between `app` and `kept` (/w/app/src/main.rs:7)"
        );
        let error = json!({
            "level": "error", "code": { "code": "E0053" }, "children": [],
            "message": "method `run` has an incompatible type for trait",
            "spans": [span("/w/app/src/main.rs", "expected `greenpatch::std::net::TcpStream`, found `&mut greenpatch::net::tcp_stream::TcpStream`", "")],
        });
        let lines = explained(&error, "app", "kept");
        assert_eq!(
            lines[0],
            "note: `app` passes a `std::net::TcpStream` to `kept` (/w/app/src/main.rs:7)"
        );
        let other = json!({ "level": "error", "code": { "code": "E0308" }, "message": "mismatched types", "children": [],
            "spans": [span("x", "expected `u8`, found `&str`", "")] });
        assert_eq!(Crossing::of(&other.to_string()), None);
    }
}
