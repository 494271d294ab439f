//! Results as Markdown tables.

use std::fmt::Write;

use crate::results::{Entry, Results};
use crate::scenario::{Peer, Scenario};

/// Returns the table of one scenario: one column for each peer if there is one metric, otherwise one row for each peer.
pub(crate) fn of(scenario: &Scenario, results: &Results) -> String {
    match scenario.metrics.len() {
        1 => by_peer(scenario, results),
        _ => by_metric(scenario, results),
    }
}

/// Formats a number with three digits, and commas between thousands.
pub(crate) fn rounded(number: f64) -> String {
    let size = number.abs();
    if size < 9.995 {
        return format!("{number:.2}");
    }
    if size < 99.95 {
        return format!("{number:.1}");
    }
    let digits = format!("{size:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    match number < 0.0 {
        true => format!("-{text}"),
        false => text,
    }
}

fn by_peer(scenario: &Scenario, results: &Results) -> String {
    let peers = peers(scenario, results);
    let heads = peers.iter().map(|peer| (*peer).to_owned());
    let mut text = row([scenario.metrics[0].to_owned()].into_iter().chain(heads));
    text += &row(std::iter::repeat_n("---".to_owned(), peers.len() + 1));
    for case in measured(scenario, results) {
        let cells = peers.iter().map(|peer| {
            let Some(entry) = results.find(scenario.name, case, peer) else {
                return "–".to_owned();
            };
            match entry.medians() {
                Some(medians) => {
                    format!("{}{}", rounded(medians[0]), ratio(scenario, results, entry))
                }
                None => "fails".to_owned(),
            }
        });
        text += &row([case.to_owned()].into_iter().chain(cells));
    }
    text
}

fn by_metric(scenario: &Scenario, results: &Results) -> String {
    let heads = scenario.metrics.iter().map(|metric| (*metric).to_owned());
    let mut text = row(["size".to_owned(), "peer".to_owned()]
        .into_iter()
        .chain(heads));
    text += &row(std::iter::repeat_n(
        "---".to_owned(),
        scenario.metrics.len() + 2,
    ));
    for case in measured(scenario, results) {
        for peer in peers(scenario, results) {
            let Some(entry) = results.find(scenario.name, case, peer) else {
                continue;
            };
            let cells: Vec<String> = match entry.medians() {
                Some(medians) => {
                    let mut cells: Vec<_> = medians.iter().map(|median| rounded(*median)).collect();
                    let _ = write!(cells[0], "{}", ratio(scenario, results, entry));
                    cells
                }
                None => vec!["fails".to_owned(); scenario.metrics.len()],
            };
            text += &row([case.to_owned(), peer.to_owned()].into_iter().chain(cells));
        }
    }
    text
}

/// Formats the ratio to the baseline, in brackets after a space.
fn ratio(scenario: &Scenario, results: &Results, entry: &Entry) -> String {
    let baseline = scenario
        .baseline
        .and_then(|baseline| results.find(scenario.name, entry.size, baseline));
    match baseline.and_then(|baseline| entry.ratio(baseline, 0)) {
        Some(ratio) => format!(" ({ratio:.2})"),
        None => String::new(),
    }
}

fn measured(scenario: &Scenario, results: &Results) -> impl Iterator<Item = &'static str> {
    let sizes = scenario.cases.iter().map(|case| case.size);
    sizes.filter(|size| {
        let mut entries = results.entries.iter();
        entries.any(|entry| entry.scenario == scenario.name && entry.size == *size)
    })
}

/// Returns the peers that were measured, in the order of the cases.
fn peers(scenario: &Scenario, results: &Results) -> Vec<Peer> {
    let mut peers = Vec::new();
    for peer in scenario.cases.iter().flat_map(|case| case.peers) {
        let mut entries = results.entries.iter();
        let measured = entries.any(|entry| entry.scenario == scenario.name && entry.peer == *peer);
        if measured && !peers.contains(peer) {
            peers.push(peer);
        }
    }
    peers
}

fn row(cells: impl IntoIterator<Item = String>) -> String {
    let cells: Vec<_> = cells.into_iter().collect();
    format!("| {} |\n", cells.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::tests::some;
    use crate::scenarios::ALL;

    #[test]
    fn three_digits_are_kept() {
        for (number, text) in [
            (0.434, "0.43"),
            (9.999, "10.0"),
            (52.14, "52.1"),
            (99.96, "100"),
            (1234.4, "1,234"),
            (1_000_000.0, "1,000,000"),
            (-4.0, "-4.00"),
            (-1500.0, "-1,500"),
        ] {
            assert_eq!(rounded(number), text);
        }
    }

    #[test]
    fn a_table_has_ratios_and_failures() {
        let switch = ALL
            .iter()
            .find(|scenario| scenario.name == "switch")
            .unwrap();
        assert_eq!(
            of(switch, &some()),
            "| ns per switch | greenpatch | tokio | may |\n\
             | --- | --- | --- | --- |\n\
             | 2 | 10.0 (0.20) | 50.0 (1.00) | fails |\n"
        );
    }
}
