//! The results of all children, and their medians.

use crate::scenario::{Figures, Peer, median};

/// The results of one peer in one case.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) scenario: &'static str,
    pub(crate) size: &'static str,
    pub(crate) peer: Peer,
    /// The figures of each round.
    pub(crate) rounds: Vec<Figures>,
    /// The reason why there are no further rounds.
    pub(crate) failure: Option<String>,
}

impl Entry {
    /// Returns the median of each figure over the rounds; none if a round has failed.
    pub(crate) fn medians(&self) -> Option<Figures> {
        if self.failure.is_some() {
            return None;
        }
        let metrics = self.rounds.first()?.len();
        let values = |metric| -> Vec<f64> { self.rounds.iter().map(|f| f[metric]).collect() };
        Some((0..metrics).map(|metric| median(&values(metric))).collect())
    }

    /// Returns the ratio of this figure to the other: the median of the ratios within each round, because in one round
    /// both ran in the same minute. None if a round has failed, or the other figure is zero.
    pub(crate) fn ratio(&self, other: &Entry, metric: usize) -> Option<f64> {
        let is_whole = self.failure.is_none() && other.failure.is_none();
        let rounds = self.rounds.iter().zip(&other.rounds);
        let ratios: Vec<f64> = rounds
            .map(|(own, other)| own[metric] / other[metric])
            .collect();
        (is_whole && !ratios.is_empty() && ratios.iter().all(|ratio| ratio.is_finite()))
            .then(|| median(&ratios))
    }
}

/// All results, in the order in which they were first measured.
#[derive(Debug, Default)]
pub(crate) struct Results {
    pub(crate) entries: Vec<Entry>,
}

impl Results {
    /// Returns the entry of a peer in a case, which is created if missing.
    pub(crate) fn entry(
        &mut self,
        scenario: &'static str,
        size: &'static str,
        peer: Peer,
    ) -> &mut Entry {
        let found = self.position(scenario, size, peer);
        let index = found.unwrap_or_else(|| {
            self.entries.push(Entry {
                scenario,
                size,
                peer,
                rounds: Vec::new(),
                failure: None,
            });
            self.entries.len() - 1
        });
        &mut self.entries[index]
    }

    pub(crate) fn find(&self, scenario: &str, size: &str, peer: &str) -> Option<&Entry> {
        Some(&self.entries[self.position(scenario, size, peer)?])
    }

    /// Returns the median of the first figure of a case.
    pub(crate) fn first(&self, scenario: &str, size: &str, peer: &str) -> Option<f64> {
        Some(self.find(scenario, size, peer)?.medians()?[0])
    }

    fn position(&self, scenario: &str, size: &str, peer: &str) -> Option<usize> {
        self.entries
            .iter()
            .position(|entry| (entry.scenario, entry.size, entry.peer) == (scenario, size, peer))
    }

    /// Returns the medians, one line for each metric of each entry.
    pub(crate) fn csv(&self, metrics: impl Fn(&str) -> &'static [&'static str]) -> String {
        let mut text = "scenario,size,peer,metric,median,rounds,failure\n".to_owned();
        for entry in &self.entries {
            let medians = entry.medians();
            for (place, metric) in metrics(entry.scenario).iter().enumerate() {
                let median = medians
                    .as_ref()
                    .map_or_else(String::new, |medians| medians[place].to_string());
                let failure = entry.failure.as_deref().unwrap_or_default();
                let texts = [entry.scenario, entry.size, entry.peer, metric, &median];
                let rounds = entry.rounds.len().to_string();
                let cells = texts.into_iter().chain([rounds.as_str(), failure]);
                let cells: Vec<_> = cells.map(quoted).collect();
                text += &cells.join(",");
                text.push('\n');
            }
        }
        text
    }
}

/// A cell of a CSV file.
fn quoted(cell: &str) -> String {
    match cell.contains([',', '"', '\n']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Two peers with three rounds each of one case, and one peer that has failed.
    pub(crate) fn some() -> Results {
        let mut results = Results::default();
        results.entry("switch", "2", "tokio").rounds = vec![vec![50.0], vec![90.0], vec![40.0]];
        results.entry("switch", "2", "greenpatch").rounds = vec![vec![10.0]; 3];
        results.entry("switch", "2", "may").failure = Some("out of \"stacks\", it says".to_owned());
        results
    }

    #[test]
    fn a_failed_round_leaves_no_median() {
        let mut results = some();
        assert_eq!(results.first("switch", "2", "tokio"), Some(50.0));
        assert_eq!(results.first("switch", "2", "may"), None);
        assert_eq!(results.first("switch", "3", "tokio"), None);
        results.entry("switch", "2", "tokio").failure = Some("hangs".to_owned());
        assert_eq!(results.first("switch", "2", "tokio"), None);
        assert_eq!(results.entries.len(), 3);
    }

    #[test]
    fn ratios_are_taken_within_rounds() {
        let mut results = some();
        results.entry("switch", "2", "greenpatch").rounds = vec![vec![10.0], vec![9.0], vec![10.0]];
        let find = |peer| results.find("switch", "2", peer).unwrap();
        let (own, tokio, may) = (find("greenpatch"), find("tokio"), find("may"));
        assert_eq!(own.ratio(tokio, 0), Some(0.2));
        assert_eq!((own.ratio(may, 0), may.ratio(own, 0)), (None, None));
    }

    #[test]
    fn a_cell_with_a_comma_is_quoted() {
        let csv = some().csv(|_| &["ns"]);
        let lines: Vec<_> = csv.lines().collect();
        assert_eq!(lines[1], "switch,2,tokio,ns,50,3,");
        assert_eq!(
            lines[3],
            "switch,2,may,ns,,0,\"out of \"\"stacks\"\", it says\""
        );
    }
}
