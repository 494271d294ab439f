//! What of a program goes green, and what in it blocks all the same, said before it is built.

use std::path::Path;

use cargo_metadata::CrateType;
use serde::Serialize;

use crate::arguments::Report;
use crate::blocking::{self, Cause, Finding};
use crate::error::{Context, Failure};
use crate::program::{Part, Program, Treatment};
use crate::shell::Shell;

/// How many packages a short line names.
const NAMED: usize = 6;

/// Prints the report in the form asked for.
pub(crate) fn print(
    program: &Program<'_>,
    form: Report,
    cache: &Path,
    shell: Shell,
) -> Result<(), Failure> {
    let lines: Vec<_> = program
        .parts
        .iter()
        .map(|part| Line::of(part, cache))
        .collect();
    match form {
        Report::Short => short(&lines, shell),
        Report::Full => {
            short(&lines, shell);
            lines.iter().for_each(full);
        }
        Report::Json => {
            let text = serde_json::to_string(&serde_json::json!({ "crates": lines }));
            println!("{}", text.context(|| "the report".to_owned())?);
        }
    }
    Ok(())
}

/// Three lines at most: how packages are compiled, what in them waits below std, and which C libraries they link.
fn short(lines: &[Line<'_>], shell: Shell) {
    let of = |treatment| {
        let lines = lines.iter();
        lines.filter(move |line| line.treatment == treatment)
    };
    let green = of(Treatment::Green).count();
    let native: Vec<_> = of(Treatment::Native).map(|line| line.name).collect();
    let host = of(Treatment::Host).count();
    let mut text = format!("{green} package{} green", if green == 1 { "" } else { "s" });
    if !native.is_empty() {
        text.push_str(&format!(", on std as asked: {}", native.join(", ")));
    }
    if host > 0 {
        text.push_str(&format!(
            ", {host} left alone (proc macros and what build scripts use)"
        ));
    }
    shell.status("Greenpatch", &text);
    let named = |is: fn(&Finding) -> bool| {
        let mut named = Vec::new();
        for line in lines {
            let mut names: Vec<_> = line
                .blocks
                .iter()
                .filter(|finding| is(finding))
                .map(|finding| finding.name.as_str())
                .collect();
            let more = names.len().saturating_sub(3);
            names.truncate(3);
            if more > 0 {
                names.push("…");
            }
            if !names.is_empty() {
                named.push(format!("{} ({})", line.name, names.join(", ")));
            }
        }
        let more = named.len().saturating_sub(NAMED);
        named.truncate(NAMED);
        let mut text = named.join(", ");
        if more > 0 {
            text.push_str(&format!(" and {more} more"));
        }
        text
    };
    for (is, what) in [
        (
            (|finding| finding.cause != Cause::Links) as fn(&Finding) -> bool,
            "waits below std may hold an OS thread",
        ),
        (
            |finding| finding.cause == Cause::Links,
            "so may the C libraries of",
        ),
    ] {
        let names = named(is);
        if !names.is_empty() {
            shell.status("Blocks", &format!("{what}: {names}"));
        }
    }
}

/// A line for the package, and one for each thing in it that blocks.
fn full(line: &Line<'_>) {
    println!(
        "{:<8} {} {}: {}",
        word(line.treatment),
        line.name,
        line.version,
        line.reason
    );
    for finding in &line.blocks {
        let what = match finding.cause {
            Cause::Libc => "calls `{}` of the C library, which waits",
            Cause::Descriptor => {
                "calls `{}` of the C library, which waits unless its descriptor does not block"
            }
            Cause::Futex => "waits by futexes of its own: `{}`",
            Cause::SystemCall => "makes system calls of its own: `{}`",
            Cause::Links => "links the C library `{}`",
        };
        let what = what.replace("{}", &finding.name);
        match (&finding.file, finding.line) {
            (Some(file), Some(at)) => {
                println!("         blocks: {what}, first in {}:{at}", file.display());
            }
            _ => println!("         blocks: {what}"),
        }
    }
}

fn word(treatment: Treatment) -> &'static str {
    match treatment {
        Treatment::Green => "green",
        Treatment::Native => "native",
        Treatment::Host => "host",
        Treatment::Copy => "copy",
    }
}

fn reason(part: &Part<'_>) -> &'static str {
    let is_for_c = |kind: &CrateType| matches!(kind, CrateType::CDyLib | CrateType::StaticLib);
    let mut targets = part.package.targets.iter();
    match part.treatment {
        Treatment::Green if targets.any(|target| target.crate_types.iter().any(is_for_c)) => {
            "compiled with greenpatch in place of std; as a library for C it patches nothing by itself"
        }
        Treatment::Green => "compiled with greenpatch in place of std",
        Treatment::Native => "keeps std, as asked: all that it waits for blocks",
        Treatment::Host => "passed over: runs while others are compiled",
        Treatment::Copy => "passed over: the one copy stands for it",
    }
}

/// A package in JSON.
#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    version: String,
    id: &'a str,
    treatment: Treatment,
    reason: &'a str,
    blocks: Vec<Finding>,
}

impl<'a> Line<'a> {
    fn of(part: &'a Part<'a>, cache: &Path) -> Self {
        let blocks = match part.treatment {
            Treatment::Green | Treatment::Native => blocking::search(part.package, cache),
            Treatment::Host | Treatment::Copy => Vec::new(),
        };
        Line {
            name: part.package.name.as_str(),
            version: part.package.version.to_string(),
            id: &part.package.id.repr,
            treatment: part.treatment,
            reason: reason(part),
            blocks,
        }
    }
}
