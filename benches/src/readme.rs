//! The part of the root README that is generated from results.

use std::fs;
use std::io;
use std::path::Path;

use crate::machine;
use crate::results::Results;
use crate::scenario::{GREENPATCH, MAY, STD, TOKIO};
use crate::table::rounded;

const START: &str = "<!-- results -->\n";
const END: &str = "<!-- /results -->";

/// The name of a row, and the source of its figures.
const ROWS: &[(&str, &str, &str)] = &[
    ("switch between 2 threads, ns", "switch", "2"),
    ("switch between 1,000, ns", "switch", "1,000"),
    ("spawn and join, 1,000 alive, ns", "spawn_join", "1,000"),
    ("spawn and join, 100,000 alive, ns", "spawn_join", "100,000"),
    ("round trip over two channels, ns", "pingpong", "2"),
    (
        "message over a channel, 4 producers, ns",
        "mpsc",
        "4, channel",
    ),
    ("lock and unlock, 8 threads, ns", "mutex", "8"),
    ("round trip over a condvar, ns", "condvar", "2"),
    (
        "echo, 1,000 connections, µs of CPU a request",
        "echo",
        "1,000",
    ),
    (
        "memory of a sleeping thread, of 10,000, bytes",
        "sleepers",
        "10,000",
    ),
    (
        "memory of a sleeping thread, of 1,000,000, bytes",
        "sleepers",
        "1,000,000",
    ),
];

/// Writes charts and medians into the README at `path`.
///
/// # Errors
///
/// If the file cannot be read or written, or has no marks.
pub(crate) fn refresh(path: &Path, results: &Results) -> io::Result<()> {
    let text = fs::read_to_string(path)?;
    let no_place = || io::Error::other(format!("{} has no {START}", path.display()));
    fs::write(path, replaced(&text, &block(results)).ok_or_else(no_place)?)
}

/// Returns the text with the block between the marks replaced.
fn replaced(text: &str, block: &str) -> Option<String> {
    let (before, rest) = text.split_once(START)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{START}{block}{END}{after}"))
}

fn block(results: &Results) -> String {
    let peers = [GREENPATCH, TOKIO, MAY, STD];
    let mut text = format!(
        "| | {} |\n| --- | --- | --- | --- | --- |\n",
        peers.join(" | ")
    );
    for (label, scenario, size) in ROWS {
        let cells = peers.map(|peer| match results.find(scenario, size, peer) {
            Some(entry) => entry
                .medians()
                .map_or_else(|| "fails".to_owned(), |medians| rounded(medians[0])),
            None => "–".to_owned(),
        });
        if cells.iter().any(|cell| cell != "–") {
            text += &format!("| {label} | {} |\n", cells.join(" | "));
        }
    }
    format!(
        "![ns per operation beside peers](benches/results/overview.svg)\n\n{text}\n\
         ![ns per operation, by the number of threads](benches/results/flat.svg)\n\n\
         Medians on one core: {}; {}.\n",
        machine::description().join("; "),
        machine::versions(&["tokio", "may"]).join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::tests::some;

    #[test]
    fn only_what_is_between_the_marks_is_replaced() {
        let text = format!("a\n{START}old\n{END}\nb\n");
        let block = block(&some());
        assert!(block.contains("| switch between 2 threads, ns | 10.0 | 50.0 | fails | – |\n"));
        assert!(!block.contains("echo, 1,000"));
        assert_eq!(
            replaced(&text, &block),
            Some(format!("a\n{START}{block}{END}\nb\n"))
        );
        assert_eq!(replaced("no marks", &block), None);
    }

    #[test]
    fn the_readme_has_a_place_for_results() {
        let readme = include_str!("../../README.md");
        assert!(replaced(readme, "").is_some());
    }
}
