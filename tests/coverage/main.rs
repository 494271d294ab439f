//! Compares greenpatch with std, item by item, and keeps docs/COVERAGE.md: see README.md beside this.

mod accounts;
mod compare;
mod html;
mod surface;
mod table;

use accounts::{Accounts, Heading};
use compare::{Line, Origin};
use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

/// Std's items, the extra ones of greenpatch, and the accounts of both.
struct Coverage {
    lines: Vec<Line>,
    extras: Vec<String>,
    accounts: Accounts,
}

/// Computed once for all tests, since rustdoc takes seconds.
static COVERAGE: LazyLock<Coverage> = LazyLock::new(|| {
    let (std, own) = surface::both();
    Coverage {
        lines: compare::lines(&std, &own),
        extras: compare::extras(&std, &own),
        accounts: Accounts::parse(include_str!("accounts.txt")),
    }
});

fn fail_if_any(what: &str, found: &[String]) {
    assert!(
        found.is_empty(),
        "{what}: {}\n  {}",
        found.len(),
        found.join("\n  ")
    );
}

/// Guards against pages in another format, from which nothing would be read.
#[test]
fn the_pages_are_understood() {
    let names: BTreeSet<String> = COVERAGE.lines.iter().map(Line::name).collect();
    for known in [
        "thread::spawn",
        "thread::LocalKey::with",
        "thread_local!",
        "sync::Mutex::lock",
        "sync::Mutex::impl Send",
        "sync::MutexGuard::impl !Send",
        "sync::mpsc::Receiver::impl IntoIterator for &",
        "sync::mpsc::TryRecvError::Empty",
        "sync::atomic::fence",
        "panic::catch_unwind",
        "hint::spin_loop",
        "net::TcpStream::impl Read for &",
        "net::TcpStream::impl From<TcpStream> for OwnedFd",
        "net::ToSocketAddrs::impl for (IpAddr, u16)",
        "io::Read::impl for Arc<File>",
        "os::unix::net::UnixStream::pair",
        "print!",
    ] {
        assert!(names.contains(known), "{known} was not found");
    }
    for unstable in [
        "sync::ReentrantLock",
        "sync::mpmc::channel",
        "sync::Mutex::data_ptr",
    ] {
        assert!(!names.contains(unstable), "{unstable} is not stable");
    }
}

#[test]
fn nothing_is_missing() {
    let Coverage {
        lines, accounts, ..
    } = &*COVERAGE;
    let missing: Vec<String> = lines
        .iter()
        .filter(|line| line.origin == Origin::Missing)
        .map(Line::name)
        .filter(|name| accounts.note(Heading::Missing, name).is_none())
        .collect();
    fail_if_any("std has, and greenpatch has not", &missing);
}

#[test]
fn declarations_are_as_in_std() {
    let Coverage {
        lines, accounts, ..
    } = &*COVERAGE;
    let differ: Vec<String> = lines
        .iter()
        .filter(|line| accounts.note(Heading::Differs, &line.name()).is_none())
        .filter_map(|line| match &line.origin {
            Origin::Differs(std, own) => {
                Some(format!("{}\n    std:  {std}\n    here: {own}", line.name()))
            }
            _ => None,
        })
        .collect();
    fail_if_any("declared otherwise than in std", &differ);
}

#[test]
fn nothing_is_beyond_std_without_a_reason() {
    let Coverage {
        extras, accounts, ..
    } = &*COVERAGE;
    let extras: Vec<String> = extras
        .iter()
        .filter(|name| accounts.note(Heading::Extra, name).is_none())
        .cloned()
        .collect();
    fail_if_any("greenpatch has, and std has not", &extras);
}

/// Fails on a function of the toolchain's std that accounts.txt does not account for.
#[test]
fn of_every_function_it_is_known_whether_it_blocks() {
    let Coverage {
        lines, accounts, ..
    } = &*COVERAGE;
    let mut found = Vec::new();
    for line in lines {
        let name = line.name();
        let blocks = accounts.note(Heading::Blocks, &name).is_some();
        let never = accounts.note(Heading::NeverBlocks, &name).is_some();
        let is_own = line.origin != Origin::ReExported;
        if blocks && never {
            found.push(format!("{name} is said to block and not to"));
        } else if blocks && !is_own {
            found.push(format!(
                "{name} can block, but is std's own: it would block the whole hub"
            ));
        } else if is_own && line.is_function() && !blocks && !never {
            found.push(format!("{name} is neither said to block nor not to"));
        }
    }
    fail_if_any("tests/coverage/accounts.txt", &found);
}

#[test]
fn the_accounts_name_what_there_is() {
    let Coverage {
        lines,
        extras,
        accounts,
    } = &*COVERAGE;
    let is = |heading: Heading, name: &str| {
        if heading == Heading::Extra {
            return extras.iter().any(|extra| extra == name);
        }
        lines
            .iter()
            .filter(|line| line.name() == name)
            .any(|line| match heading {
                Heading::Missing => line.origin == Origin::Missing,
                Heading::Differs => matches!(line.origin, Origin::Differs(..)),
                _ => true,
            })
    };
    let headings = [
        Heading::Blocks,
        Heading::NeverBlocks,
        Heading::Missing,
        Heading::Differs,
        Heading::Extra,
    ];
    let stale: Vec<String> = headings
        .into_iter()
        .flat_map(|heading| accounts.names(heading).map(move |name| (heading, name)))
        .filter(|(heading, name)| !is(*heading, name))
        .map(|(heading, name)| format!("{heading:?}: {name}"))
        .collect();
    fail_if_any("the accounts name what is not so", &stale);
}

#[test]
fn the_table_is_up_to_date() {
    let Coverage {
        lines,
        extras,
        accounts,
    } = &*COVERAGE;
    let table = table::markdown(lines, extras, accounts);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/COVERAGE.md");
    if env::var_os("COVERAGE").is_some_and(|value| value == "overwrite") {
        fs::create_dir_all(path.parent().expect("a folder")).expect("a writable checkout");
        fs::write(&path, table).expect("a writable checkout");
        return;
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    let line = committed
        .lines()
        .zip(table.lines())
        .find(|(old, new)| old != new);
    assert!(
        committed == table,
        "docs/COVERAGE.md is out of date, first at {line:?};\n\
         run `COVERAGE=overwrite cargo test -p greenpatch-tests --test coverage`"
    );
}

/// Built-in items have std's names, so that a query or a hook can be written from std's documentation.
#[test]
fn what_is_built_in_is_called_as_in_std() {
    let names: BTreeSet<String> = COVERAGE.lines.iter().map(Line::name).collect();
    let mut found = Vec::new();
    for source in greenpatch::sources() {
        for item in source.implements() {
            // The module of this target has the name of what makes the static.
            let target = source.target().replace("std::thread_local", "std::thread");
            let full = match item.strip_prefix("std::") {
                Some(rest) => rest.to_string(),
                None => format!("{}::{item}", target.trim_start_matches("std::")),
            };
            // A method of a trait is named by the type.
            let of_type = full.rsplit_once("::").is_some_and(|(ty, method)| {
                let traits = ["impl Read", "impl Write", "impl BufRead"];
                let by_trait = traits.map(|name| format!("{ty}::{name}"));
                ["read", "write", "read_line"].contains(&method)
                    && by_trait.iter().any(|name| names.contains(name))
            });
            let is_macro = names.contains(&format!("{full}!"));
            if !names.contains(&full) && !of_type && !is_macro {
                found.push(full);
            }
        }
    }
    fail_if_any("std has no", &found);
}
