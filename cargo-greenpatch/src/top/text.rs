//! Texts for people: times, sizes, and what a wait is for.

use super::wire::Wait;

/// Returns the text with a sign in place of each character that a terminal would obey, or that would change the direction of
/// what is beside it.
pub(super) fn clean(text: &str) -> String {
    let is_obeyed = |char: char| {
        char.is_control()
            || matches!(
                char,
                '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            )
            || matches!(char, '\u{2066}'..='\u{2069}')
    };
    let shown = |char: char| if is_obeyed(char) { '\u{fffd}' } else { char };
    text.chars().map(shown).collect()
}

/// A time in a few characters.
pub(super) fn span(seconds: f64) -> String {
    let whole = seconds as u64;
    match seconds {
        // Waits are not measured as exactly.
        ..0.001 => "0s".to_owned(),
        ..1.0 => format!("{:.0}ms", (seconds * 1e3).min(999.0)),
        ..10.0 => format!("{:.1}s", (seconds * 10.0).floor() / 10.0),
        ..60.0 => format!("{whole}s"),
        ..3600.0 => format!("{}m{:02}s", whole / 60, whole % 60),
        ..86_400.0 => format!("{}h{:02}m", whole / 3600, whole / 60 % 60),
        _ => format!("{}d{:02}h", whole / 86_400, whole / 3600 % 24),
    }
}

/// A number of bytes.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

/// A number of things.
pub(super) fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A number of events in a second.
pub(super) fn rate(number: f64) -> String {
    match number {
        ..9.95 => format!("{number:.1}"),
        ..9_999.5 => format!("{number:.0}"),
        ..999_950.0 => format!("{:.1}k", number / 1e3),
        _ => format!("{:.1}M", number / 1e6),
    }
}

/// What a wait is for. The thread that owns the object is not part of it.
pub(super) fn wait(wait: &Wait) -> String {
    let word = match wait.kind.as_str() {
        "descriptor" => {
            let fd = wait.fd.unwrap_or(-1);
            let way = if wait.writes { "write to" } else { "read from" };
            let peer = wait.peer.as_deref().map(|peer| format!(", {peer}"));
            return clean(&format!("to {way} fd {fd}{}", peer.unwrap_or_default()));
        }
        "call" => {
            let call = wait.call.as_deref().unwrap_or("?");
            return clean(&format!("call on OS thread {call}"));
        }
        // What is joined is the owner.
        "join" => return "the end of a thread".to_owned(),
        "sleep" => return "the end of a sleep".to_owned(),
        "mutex" => "mutex",
        "read" => "read lock",
        "write" => "write lock",
        "once" => "initialization",
        "condvar" => "condvar",
        "barrier" => "barrier",
        "send" => "room in channel",
        "receive" => "message from channel",
        "scope" => "the end of a scope",
        "park" => "unpark",
        "future" => "a future",
        other => other,
    };
    match &wait.address {
        Some(address) => clean(&format!("{word} {address}")),
        None => clean(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_not_shown() {
        assert_eq!(clean("\u{1b}[2J\u{9b}\r"), "\u{fffd}[2J\u{fffd}\u{fffd}");
        assert_eq!(
            clean("a\u{202e}\u{2066}b\u{200f}"),
            "a\u{fffd}\u{fffd}b\u{fffd}"
        );
        assert_eq!(clean("\u{ef}\u{30b6}"), "\u{ef}\u{30b6}");
    }

    #[test]
    fn times_are_short() {
        for (seconds, text) in [
            (0.0, "0s"),
            (0.000_5, "0s"),
            (0.25, "250ms"),
            (0.999_9, "999ms"),
            (1.05, "1.0s"),
            (59.9, "59s"),
            (61.0, "1m01s"),
            (3_725.0, "1h02m"),
            (90_000.0, "1d01h"),
        ] {
            assert_eq!(span(seconds), text);
        }
    }

    #[test]
    fn rates_are_short() {
        for (number, text) in [
            (0.0, "0.0"),
            (9.94, "9.9"),
            (9.96, "10"),
            (9_999.0, "9999"),
            (12_345.0, "12.3k"),
            (2_500_000.0, "2.5M"),
        ] {
            assert_eq!(rate(number), text);
        }
    }

    #[test]
    fn waits_are_said_in_words() {
        let of = |kind: &str| Wait {
            kind: kind.to_owned(),
            address: Some("0x10".to_owned()),
            ..Wait::default()
        };
        assert_eq!(wait(&of("mutex")), "mutex 0x10");
        assert_eq!(wait(&of("join")), "the end of a thread");
        // One that this version does not know.
        assert_eq!(wait(&of("sema\nphore")), "sema\u{fffd}phore 0x10");
        let socket = Wait {
            fd: Some(7),
            writes: true,
            peer: Some("127.0.0.1:80".to_owned()),
            ..of("descriptor")
        };
        assert_eq!(wait(&socket), "to write to fd 7, 127.0.0.1:80");
    }
}
