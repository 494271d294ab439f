//! The command line of `cargo greenpatch top`.

use std::time::Duration;

use clap::{Arg, ArgAction, Command, value_parser};

use super::order::{Listing, Sort};

/// The shortest time between two requests. Requests wake hubs, and less would keep them from noticing deadlocks.
const SHORTEST: Duration = Duration::from_millis(250);

/// What was asked for.
#[derive(Clone, Debug)]
pub(super) struct Options {
    /// The process, by its number or the path of its socket.
    pub(super) process: Option<String>,
    pub(super) every: Duration,
    /// One frame is printed.
    pub(super) once: bool,
    /// The width of that frame.
    pub(super) width: u16,
    pub(super) color: bool,
    pub(super) listing: Listing,
    pub(super) has_details: bool,
    /// The text of a name: the thread that is selected.
    pub(super) select: Option<String>,
}

/// The command, for clap.
pub(super) fn command() -> Command {
    let option = |name: &'static str, help: &'static str| Arg::new(name).long(name).help(help);
    let flag = |name, help| option(name, help).action(ArgAction::SetTrue);
    let sorts = Sort::ALL.map(|(_, sort)| sort.name());
    Command::new("cargo greenpatch top")
        .about(
            "Shows what the green threads of a running process do, which was started with GREENPATCH_LISTEN=1",
        )
        .arg(Arg::new("process").value_name("PID|PATH").help(
            "The process, or its socket [default: the only process that listens]",
        ))
        .arg(
            option("every", "How often the process is asked")
                .value_name("TIME")
                .default_value("1s")
                .value_parser(time),
        )
        .arg(option("filter", "Shows the threads that have this text somewhere").value_name("TEXT"))
        .arg(
            option("sort", "What threads are ordered by")
                .value_name("COLUMN")
                .default_value("number")
                .value_parser(sorts),
        )
        .arg(flag("reverse", "In the opposite order"))
        .arg(flag("flat", "Not as a tree"))
        .arg(option("select", "Selects the first thread with this name, and shows its details").value_name("NAME"))
        .arg(flag("once", "Prints one frame and ends"))
        .arg(
            option("width", "The width of that frame")
                .value_name("COLUMNS")
                .default_value("140")
                .value_parser(value_parser!(u16).range(40..=500)),
        )
        .arg(
            option("color", "Whether that frame has colours")
                .value_name("WHEN")
                .default_value("never")
                .value_parser(["never", "always"]),
        )
}

/// Reads what follows `top`.
pub(super) fn parse(
    words: impl IntoIterator<Item = std::ffi::OsString>,
) -> Result<Options, clap::Error> {
    let words = [std::ffi::OsString::from("top")].into_iter().chain(words);
    let matches = command().try_get_matches_from(words)?;
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let sort = text("sort").unwrap_or_default();
    let sorts = Sort::ALL.into_iter().map(|(_, sort)| sort);
    let select = text("select");
    Ok(Options {
        process: text("process"),
        every: matches.get_one("every").copied().unwrap_or(SHORTEST),
        once: matches.get_flag("once"),
        width: matches.get_one("width").copied().unwrap_or(140),
        color: text("color").as_deref() == Some("always"),
        listing: Listing {
            sort: sorts
                .into_iter()
                .find(|one| one.name() == sort)
                .unwrap_or_default(),
            is_reversed: matches.get_flag("reverse"),
            is_tree: !matches.get_flag("flat"),
            filter: text("filter").unwrap_or_default(),
        },
        has_details: select.is_some(),
        select,
    })
}

/// Reads a time such as `500ms` or `2s`.
fn time(text: &str) -> Result<Duration, String> {
    let end = text.find(|char: char| !char.is_ascii_digit());
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let number: Option<u64> = number.parse().ok();
    let time = match (number, unit) {
        (Some(number), "ms") => Duration::from_millis(number),
        (Some(number), "s") => Duration::from_secs(number),
        _ => return Err("expected a time such as 500ms or 2s".to_owned()),
    };
    if !(SHORTEST..=Duration::from_secs(3600)).contains(&time) {
        return Err(format!("expected between {SHORTEST:?} and 3600s"));
    }
    Ok(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit_and_bounds() {
        assert_eq!(time("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(time("2s"), Ok(Duration::from_secs(2)));
        for text in [
            "",
            "1",
            "s",
            "1m",
            "-1s",
            "10ms",
            "9999s",
            "99999999999999999999s",
        ] {
            assert!(time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_command_line_is_sound() {
        command().debug_assert();
        let words = "123 --every 2s --sort waited --flat --once".split(' ');
        let options = parse(words.map(Into::into)).unwrap();
        assert_eq!(options.process.as_deref(), Some("123"));
        assert_eq!(options.listing.sort, Sort::Waited);
        assert!(options.once && !options.listing.is_tree);
        assert!(parse(["--sort".into(), "color".into()]).is_err());
    }
}
