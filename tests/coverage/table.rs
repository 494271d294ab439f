//! The table as Markdown: docs/COVERAGE.md.

use crate::accounts::{Accounts, Heading};
use crate::compare::{Line, Origin};
use std::fmt::Write as _;

const INTRODUCTION: &str = "# What greenpatch has of std

Written by `COVERAGE=overwrite cargo test -p greenpatch-tests --test coverage`; the same test without
the variable fails when this table is out of date, when a toolchain has an item of which
tests/coverage/accounts.txt does not say whether it blocks, or when a declaration differs from std's
and the accounts do not say why.

Every public, stable item of the modules below, as the toolchain itself reports it. *own*: greenpatch's,
declared like std's. *std*: std's own item, re-exported; its members are counted, not listed.
*missing* and *differs* come with the reason. What blocks lets other green threads run meanwhile.

";

/// Writes the table.
pub(crate) fn markdown(lines: &[Line], extras: &[String], accounts: &Accounts) -> String {
    let mut text = INTRODUCTION.to_string();
    let count = |matches: &dyn Fn(&Line) -> bool| lines.iter().filter(|line| matches(line)).count();
    writeln!(
        text,
        "{} items: {} own, {} std's, {} that differ, {} missing; {} can block.\n",
        lines.len(),
        count(&|line| line.origin == Origin::Own),
        count(&|line| line.origin == Origin::ReExported),
        count(&|line| matches!(line.origin, Origin::Differs(..))),
        count(&|line| line.origin == Origin::Missing),
        count(&|line| accounts.note(Heading::Blocks, &line.name()).is_some()),
    )
    .expect("a String");

    let mut module = "";
    let mut rest = lines;
    while let Some(first) = rest.first() {
        let members = rest
            .iter()
            .take_while(|line| line.path == first.path)
            .count();
        let (item, after) = rest.split_at(members);
        rest = after;
        let of = first
            .path
            .rsplit_once("::")
            .map_or("std", |(module, _)| module);
        if of != module {
            module = of;
            let heading = if of == "std" {
                of.to_string()
            } else {
                format!("std::{of}")
            };
            let line = "| item | kind | from | blocks | |\n| --- | --- | --- | --- | --- |";
            writeln!(text, "\n## {heading}\n\n{line}").expect("a String");
        }
        rows(&mut text, item, accounts);
    }

    if !extras.is_empty() {
        text.push_str("\n## Beyond std\n\n");
        for name in extras {
            let note = accounts
                .note(Heading::Extra, name)
                .unwrap_or("unaccounted for");
            writeln!(text, "- `{name}`: {note}").expect("a String");
        }
    }
    text
}

/// The rows of one item and its members.
fn rows(text: &mut String, item: &[Line], accounts: &Accounts) {
    let Some((first, members)) = item.split_first() else {
        return;
    };
    if first.origin == Origin::ReExported {
        let note = match members.len() {
            0 => String::new(),
            1 => "and 1 member".to_string(),
            n => format!("and {n} members"),
        };
        row(text, first, &first.path, &note, accounts);
        return;
    }
    row(
        text,
        first,
        &first.path,
        &impls(members, accounts),
        accounts,
    );
    for member in members {
        let listed = member.kind != "impl"
            || !matches!(member.origin, Origin::Own)
            || accounts.note(Heading::Blocks, &member.name()).is_some();
        if listed && first.origin != Origin::Missing {
            row(text, member, &member.member, "", accounts);
        }
    }
}

/// The impls that are like std's and do not block, on one line.
fn impls(members: &[Line], accounts: &Accounts) -> String {
    let names: Vec<String> = members
        .iter()
        .filter(|line| line.kind == "impl" && line.origin == Origin::Own)
        .filter(|line| accounts.note(Heading::Blocks, &line.name()).is_none())
        .map(|line| format!("`{}`", line.member.trim_start_matches("impl ")))
        .collect();
    if names.is_empty() {
        String::new()
    } else {
        format!("impl {}", names.join(", "))
    }
}

fn row(text: &mut String, line: &Line, name: &str, note: &str, accounts: &Accounts) {
    // rustdoc numbers methods of the same name in several impls.
    let name = match name.rsplit_once('-') {
        Some((name, number)) if number.parse::<u8>().is_ok() => name,
        _ => name,
    };
    let name = if line.member.is_empty() {
        let (_, last) = name.rsplit_once("::").unwrap_or(("", name));
        format!("**{last}**")
    } else {
        format!("`{name}`")
    };
    let (from, reason) = match &line.origin {
        Origin::Own => ("own", ""),
        Origin::ReExported => ("std", ""),
        Origin::Differs(..) => (
            "differs",
            accounts
                .note(Heading::Differs, &line.name())
                .unwrap_or("unaccounted for"),
        ),
        Origin::Missing => (
            "missing",
            accounts
                .note(Heading::Missing, &line.name())
                .unwrap_or("unaccounted for"),
        ),
    };
    let blocks = accounts.note(Heading::Blocks, &line.name()).unwrap_or("");
    let note: Vec<&str> = [reason, note]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    writeln!(
        text,
        "| {name} | {} | {from} | {blocks} | {} |",
        line.kind,
        note.join("; ")
    )
    .expect("a String");
}
