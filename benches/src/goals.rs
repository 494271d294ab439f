//! The goals of greenpatch, as ratios within one run.

use std::fmt::Write;

use crate::results::Results;
use crate::scenario::{COROSENSEI, GREENPATCH, GREENPATCH_64, MAY, Peer, STD, TOKIO};
use crate::scenarios;
use crate::table::rounded;

/// A figure with a limit.
struct Goal {
    scenario: &'static str,
    size: &'static str,
    /// The index of the metric of the scenario.
    metric: usize,
    peer: Peer,
    limit: Limit,
}

#[derive(Clone, Copy)]
enum Limit {
    /// At most this many times the figure of a peer.
    Times(f64, Peer),
    /// At least this many times the figure of a peer.
    AtLeast(f64, Peer),
    /// At most the figure of a peer that runs the same instructions; two runs of the same program differ by up to 1 %.
    Equals(Peer),
    /// At most an absolute number.
    Number(f64),
}

use Limit::{AtLeast, Equals, Number, Times};

const fn goal(scenario: &'static str, size: &'static str, limit: Limit) -> Goal {
    Goal {
        scenario,
        size,
        metric: 0,
        peer: GREENPATCH,
        limit,
    }
}

impl Goal {
    const fn metric(mut self, metric: usize) -> Goal {
        self.metric = metric;
        self
    }

    const fn peer(mut self, peer: Peer) -> Goal {
        self.peer = peer;
        self
    }

    /// Returns the measured value in terms of the limit, and whether it reaches the goal.
    fn reached(&self, results: &Results) -> Option<(f64, bool)> {
        let find = |peer| results.find(self.scenario, self.size, peer);
        let own = find(self.peer)?;
        let ratio = |peer| own.ratio(find(peer)?, self.metric);
        Some(match self.limit {
            Times(most, peer) => {
                let ratio = ratio(peer)?;
                (ratio, ratio <= most)
            }
            AtLeast(least, peer) => {
                let ratio = ratio(peer)?;
                (ratio, ratio >= least)
            }
            Equals(peer) => {
                let ratio = ratio(peer)?;
                (ratio, ratio <= 1.01)
            }
            Number(most) => {
                let own = own.medians()?[self.metric];
                (own, own <= most)
            }
        })
    }
}

const GOALS: &[Goal] = &[
    goal("switch", "2", Times(0.25, MAY)),
    goal("switch", "2", Times(4.0, COROSENSEI)),
    goal("switch_deep", "2", Times(0.25, MAY)),
    goal("switch_deep", "2", Times(4.0, COROSENSEI)),
    goal("switch", "1,000", Times(0.6, TOKIO)),
    goal("switch", "1,000", Times(2.0, COROSENSEI)),
    goal("spawn_join", "1,000", Times(0.7, TOKIO)),
    goal("spawn_join", "100,000", Times(0.7, TOKIO)),
    goal("pingpong", "2", Times(0.5, TOKIO)),
    goal("mutex", "1", Times(1.05, STD)),
    goal("mutex", "8", Times(1.0, STD)),
    goal("echo", "100", Times(0.95, TOKIO)),
    goal("echo", "100", AtLeast(1.0, TOKIO)).metric(1),
    goal("echo", "100", Times(1.0, TOKIO)).metric(3),
    goal("echo", "1,000", Times(0.95, TOKIO)),
    goal("echo", "1,000", AtLeast(1.0, TOKIO)).metric(1),
    goal("echo", "1,000", Times(1.0, TOKIO)).metric(3),
    goal("sleepers", "1,000,000", Number(4_700.0)).peer(GREENPATCH_64),
    goal("sleepers", "1,000,000", Number(20.0)).metric(2),
    goal("dispatch", "1", Equals("null check by hand")).peer("unpatched"),
];

/// Returns the goals of the scenarios that were measured as a Markdown table; empty if there are none.
pub(crate) fn table(results: &Results) -> String {
    let mut text = String::new();
    for goal in GOALS {
        let Some((figure, reached)) = goal.reached(results) else {
            continue;
        };
        let mut all = scenarios::ALL.iter();
        let Some(scenario) = all.find(|scenario| scenario.name == goal.scenario) else {
            continue;
        };
        let limit = match goal.limit {
            Times(most, peer) => format!("≤ {most} × {peer}"),
            AtLeast(least, peer) => format!("≥ {least} × {peer}"),
            Equals(peer) => format!("≤ 1 × {peer}, to 1 %"),
            Number(most) => format!("≤ {}", rounded(most)),
        };
        let _ = writeln!(
            text,
            "| {} {} | {} | {} | {limit} | {} | {} |",
            goal.scenario,
            goal.size,
            goal.peer,
            scenario.metrics[goal.metric],
            rounded(figure),
            if reached { "yes" } else { "no" }
        );
    }
    if text.is_empty() {
        return text;
    }
    format!(
        "| scenario | peer | what | goal | measured | reached |\n| --- | --- | --- | --- | --- | --- |\n{text}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::tests::some;

    #[test]
    fn every_goal_names_something_that_is_measured() {
        for goal in GOALS {
            let mut all = scenarios::ALL.iter();
            let scenario = all.find(|scenario| scenario.name == goal.scenario).unwrap();
            let mut cases = scenario.cases.iter();
            let case = cases.find(|case| case.size == goal.size).unwrap();
            assert!(goal.metric < scenario.metrics.len());
            assert!(case.peers.contains(&goal.peer));
            if let Times(_, peer) | AtLeast(_, peer) | Equals(peer) = goal.limit {
                assert!(case.peers.contains(&peer), "{} {peer}", goal.scenario);
            }
        }
    }

    #[test]
    fn a_ratio_is_held_against_its_limit() {
        let mut results = some();
        assert_eq!(table(&results), "");
        results.entry("switch", "1,000", TOKIO).rounds = vec![vec![50.0]];
        results.entry("switch", "1,000", GREENPATCH).rounds = vec![vec![20.0]];
        let row = "| switch 1,000 | greenpatch | ns per switch | ≤ 0.6 × tokio | 0.40 | yes |";
        assert!(table(&results).ends_with(&format!("{row}\n")));
    }
}
