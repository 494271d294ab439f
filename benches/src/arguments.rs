//! The command line.

use crate::scenario::Scenario;

pub(crate) const HELP: &str = "\
greenpatch's benchmarks, beside its peers

    cargo run --release -p greenpatch-bench -- [OPTIONS] --all
    cargo run --release -p greenpatch-bench -- [OPTIONS] SCENARIO...

    --all             every scenario
    --rounds N        how often the peers take turns (7); large cases make fewer rounds
    --quick           small cases only, for short, in one round unless --rounds says otherwise: to see that all work
    --peers A,B       only these peers, for instance greenpatch,tokio
    --workers N       on N OS threads and all cores, where the peers have such a mode, instead of on one core
    --write-readme    put what --all finds into the root README too
    --list            list the scenarios
    --help            print this

What --all finds is written to benches/results; with --quick, --peers or --workers, or of single scenarios, to target/bench-results.
";

/// The mode that the command line selects.
#[derive(Debug, PartialEq)]
pub(crate) enum Request {
    Help,
    List,
    /// Runs all scenarios, with the peers in alternation.
    Measure(Plan),
    /// Runs one program in this process, a child of the one above.
    Child {
        scenario: String,
        size: String,
        peer: String,
        quick: bool,
    },
    /// Runs an echo server, a child of the load generator.
    Serve(String),
}

/// The selection of scenarios.
#[derive(Debug, PartialEq)]
pub(crate) struct Plan {
    /// Names of scenarios.
    pub(crate) scenarios: Vec<&'static str>,
    /// All scenarios if empty.
    pub(crate) peers: Vec<String>,
    pub(crate) rounds: usize,
    /// The number of OS threads that run green threads and tasks.
    pub(crate) workers: usize,
    pub(crate) quick: bool,
    pub(crate) write_readme: bool,
}

/// Parses a command line without its first word.
///
/// # Errors
///
/// Returns a sentence about the first word that is not understood.
pub(crate) fn parse(words: &[String], known: &[Scenario]) -> Result<Request, String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["run", scenario, size, peer, ref rest @ ..] => Ok(Request::Child {
            scenario: scenario.to_owned(),
            size: size.to_owned(),
            peer: peer.to_owned(),
            quick: rest == ["--quick"],
        }),
        ["serve", peer] => Ok(Request::Serve(peer.to_owned())),
        _ => parse_plan(&words, known),
    }
}

fn parse_plan(words: &[&str], known: &[Scenario]) -> Result<Request, String> {
    let (mut all, mut quick, mut write_readme, mut rounds) = (false, false, false, None);
    let mut workers = 1;
    let (mut names, mut peers) = (Vec::new(), Vec::new());
    let mut words = words.iter();
    while let Some(&word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word {
            "--help" | "-h" => return Ok(Request::Help),
            "--list" => return Ok(Request::List),
            "--all" => all = true,
            "--quick" => quick = true,
            "--write-readme" => write_readme = true,
            "--rounds" => match value()?.parse() {
                Ok(number) if number > 0 => rounds = Some(number),
                _ => return Err("--rounds needs a number above zero".to_owned()),
            },
            "--workers" => match value()?.parse() {
                Ok(number) if number > 0 => workers = number,
                _ => return Err("--workers needs a number above zero".to_owned()),
            },
            "--peers" => peers = peers_of(value()?, known)?,
            option if option.starts_with('-') => {
                return Err(format!("unknown option {option}; see --help"));
            }
            name => names.push(name),
        }
    }
    let scenarios: Vec<_> = known
        .iter()
        .map(|scenario| scenario.name)
        .filter(|name| all || names.contains(name))
        .collect();
    if let Some(name) = names
        .iter()
        .find(|name| known.iter().all(|scenario| scenario.name != **name))
    {
        return Err(format!("unknown scenario {name}; see --list"));
    }
    if write_readme && !(all && peers.is_empty() && !quick && workers == 1) {
        return Err(
            "--write-readme goes with --all, all peers, one core and no --quick".to_owned(),
        );
    }
    if scenarios.is_empty() {
        return Err("name a scenario, or say --all; see --help".to_owned());
    }
    Ok(Request::Measure(Plan {
        scenarios,
        peers,
        rounds: rounds.unwrap_or(if quick { 1 } else { 7 }),
        quick,
        workers,
        write_readme,
    }))
}

fn peers_of(list: &str, known: &[Scenario]) -> Result<Vec<String>, String> {
    let exists = |name: &str| {
        let mut cases = known.iter().flat_map(|scenario| scenario.cases);
        cases.any(|case| case.peers.contains(&name))
    };
    match list.split(',').find(|name| !exists(name)) {
        Some(name) => Err(format!("unknown peer {name}; see --list")),
        None => Ok(list.split(',').map(str::to_owned).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenarios::ALL;

    fn parsed(line: &str) -> Result<Request, String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        parse(&words, ALL)
    }

    #[test]
    fn a_plan_keeps_the_order_of_the_scenarios() {
        let plan = Plan {
            scenarios: vec!["switch", "mutex"],
            peers: vec!["tokio".to_owned()],
            rounds: 3,
            workers: 2,
            quick: true,
            write_readme: false,
        };
        assert_eq!(
            parsed("mutex --rounds 3 switch --quick --peers tokio --workers 2"),
            Ok(Request::Measure(plan))
        );
        let Ok(Request::Measure(plan)) = parsed("--all") else {
            panic!("it is a plan")
        };
        assert_eq!((plan.scenarios.len(), plan.rounds), (ALL.len(), 7));
    }

    #[test]
    fn what_is_unknown_is_named() {
        for (line, error) in [
            ("swich", "unknown scenario swich; see --list"),
            ("--all swich", "unknown scenario swich; see --list"),
            ("--quik switch", "unknown option --quik; see --help"),
            ("--rounds", "--rounds needs a value"),
            ("switch --workers 0", "--workers needs a number above zero"),
            ("switch --rounds 0", "--rounds needs a number above zero"),
            ("switch --peers gevent", "unknown peer gevent; see --list"),
            (
                "switch --write-readme",
                "--write-readme goes with --all, all peers, one core and no --quick",
            ),
            ("", "name a scenario, or say --all; see --help"),
        ] {
            assert_eq!(parsed(line), Err(error.to_owned()), "{line}");
        }
    }
}
