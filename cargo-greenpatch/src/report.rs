//! What of a program goes green, said before it is built.

use serde::Serialize;

use crate::arguments::Report;
use crate::error::{Context, Failure};
use crate::program::{Part, Program, Treatment};
use crate::shell::Shell;

/// Prints the report in the form asked for.
pub(crate) fn print(program: &Program<'_>, form: Report, shell: Shell) -> Result<(), Failure> {
    match form {
        Report::Short => short(program, shell),
        Report::Full => {
            short(program, shell);
            for part in &program.parts {
                println!(
                    "{:<8} {} {}: {}",
                    word(part.treatment),
                    part.package.name,
                    part.package.version,
                    reason(part)
                );
            }
        }
        Report::Json => {
            let crates: Vec<_> = program.parts.iter().map(Line::of).collect();
            let text = serde_json::to_string(&serde_json::json!({ "crates": crates }));
            println!("{}", text.context(|| "the report".to_owned())?);
        }
    }
    Ok(())
}

fn short(program: &Program<'_>, shell: Shell) {
    let names = |treatment| {
        let parts = program
            .parts
            .iter()
            .filter(move |part| part.treatment == treatment);
        parts
            .map(|part| part.package.name.as_str())
            .collect::<Vec<_>>()
    };
    let green = names(Treatment::Green).len();
    let native = names(Treatment::Native);
    let host = names(Treatment::Host).len();
    let mut line = format!("{green} package{} green", if green == 1 { "" } else { "s" });
    if !native.is_empty() {
        line.push_str(&format!(", on std as asked: {}", native.join(", ")));
    }
    if host > 0 {
        line.push_str(&format!(
            ", {host} left alone (proc macros and what build scripts use)"
        ));
    }
    shell.status("Greenpatch", &line);
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
    match part.treatment {
        Treatment::Green => "compiled with greenpatch in place of std",
        Treatment::Native => "keeps std, as asked",
        Treatment::Host => "runs while others are compiled",
        Treatment::Copy => "the one copy stands for it",
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
}

impl<'a> Line<'a> {
    fn of(part: &'a Part<'a>) -> Self {
        Line {
            name: part.package.name.as_str(),
            version: part.package.version.to_string(),
            id: &part.package.id.repr,
            treatment: part.treatment,
            reason: reason(part),
        }
    }
}
