//! The requests, and the answer to each: one line of JSON.
#![forbid(unsafe_code)]

use std::env;
use std::path::Path;
use std::process;
use std::time::Duration;

use crate::inspect::gather::dump;
use crate::inspect::json_writer::Json;
use crate::inspect::stats::stats;

const REQUESTS: [&str; 3] = ["about", "dump", "stats"];

/// Returns the answer to a request. `age` is how long the socket has been open.
pub(super) fn answer(request: &str, age: Duration) -> String {
    match request {
        "about" => about(age),
        "dump" => dump().to_json(),
        "stats" => stats().to_json(),
        _ => error(&format!(
            "unknown request {request:?}; expected {}",
            REQUESTS.join(", ")
        )),
    }
}

/// Returns an answer that says what is wrong.
pub(super) fn error(message: &str) -> String {
    let mut out = String::new();
    Json::between(&mut out, ['{', '}'], |json| {
        json.text("error", Some(message))
    });
    out
}

fn about(age: Duration) -> String {
    let program = env::args_os().next().unwrap_or_default();
    let program = Path::new(&program).file_name().unwrap_or_default();
    let mut out = String::new();
    Json::between(&mut out, ['{', '}'], |json| {
        json.text("program", Some(&program.to_string_lossy()));
        json.field("pid", process::id());
        json.text("greenpatch", Some(env!("CARGO_PKG_VERSION")));
        json.field("open_seconds", age.as_secs_f64());
        json.list("requests", &REQUESTS, |out, name| {
            out.push_str(&format!("\"{name}\""));
        });
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_is_quoted() {
        assert_eq!(
            answer("du\"mp", Duration::ZERO),
            r#"{"error":"unknown request \"du\\\"mp\"; expected about, dump, stats"}"#
        );
    }

    #[test]
    fn it_says_which_process_it_is() {
        let answer = answer("about", Duration::from_millis(1500));
        let pid = format!("\"pid\":{},", process::id());
        assert!(answer.contains(&pid), "{answer}");
        assert!(answer.contains("\"open_seconds\":1.5,"), "{answer}");
    }
}
