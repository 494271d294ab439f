//! Builds applications and published crates with cargo and with `cargo greenpatch`, and holds what they do against
//! each other: see README.md beside this file.

mod crates;
mod explanations;
mod folders;
mod process;
mod programs;
mod records;
mod suite;
mod table;

use std::fs;
use std::process::ExitCode;

use folders::Folders;
use records::Records;

const USAGE: &str = "usage: applications [--programs] [--crates] [--table] [NAME…]";

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("applications: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the selected applications and crates, and writes the table. Returns whether each difference is explained.
fn run(arguments: impl Iterator<Item = String>) -> Result<bool, String> {
    let (mut programs, mut crates, mut table_alone) = (false, false, false);
    let mut names = Vec::new();
    for argument in arguments {
        match argument.as_str() {
            "--programs" => programs = true,
            "--crates" => crates = true,
            "--table" => table_alone = true,
            name if !name.starts_with('-') => names.push(argument),
            _ => return Err(USAGE.to_owned()),
        }
    }
    let folders = Folders::new();
    if !table_alone {
        let tool = folders.tool()?;
        let all = programs == crates;
        if programs || all {
            programs::run(&folders, &tool, &names)?;
        }
        if crates || all {
            crates::run(&folders, &tool, &names)?;
        }
    }
    let records = Records::read(&folders.records())?;
    let explanations = explanations::read(&folders.explanations())?;
    fs::write(folders.table(), table::write(&records, &explanations))
        .map_err(|error| format!("cannot write the table: {error}"))?;
    let unexplained = explanations::missing(&records, &explanations);
    for name in &unexplained {
        eprintln!("{name}: a difference without an explanation");
    }
    Ok(unexplained.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_that_of_the_records() {
        let folders = Folders::new();
        let records = Records::read(&folders.records()).unwrap();
        let explanations = explanations::read(&folders.explanations()).unwrap();
        let table = fs::read_to_string(folders.table()).unwrap();
        assert_eq!(
            table,
            table::write(&records, &explanations),
            "out of date: cargo run -p greenpatch-tests --bin applications -- --table"
        );
    }

    #[test]
    fn each_difference_is_explained_and_nothing_else_is() {
        let folders = Folders::new();
        let records = Records::read(&folders.records()).unwrap();
        let explanations = explanations::read(&folders.explanations()).unwrap();
        assert_eq!(
            explanations::missing(&records, &explanations),
            Vec::<String>::new()
        );
        assert_eq!(
            explanations::unused(&records, &explanations),
            Vec::<String>::new()
        );
    }
}
