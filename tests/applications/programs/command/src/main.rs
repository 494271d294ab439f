//! A tool on the command line that reads its settings and runs other processes: clap, serde, serde_json and toml.

use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use clap::{CommandFactory, Parser};
use serde::{Deserialize, Serialize};

/// Runs a command for each name, and counts what it printed.
#[derive(Debug, Parser)]
#[command(name = "command", version)]
struct Arguments {
    /// How many processes at once.
    #[arg(short, long, default_value_t = 4)]
    jobs: usize,
    /// What they are given.
    #[arg(default_values = ["one", "two", "three", "four", "five"])]
    names: Vec<String>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Settings {
    program: String,
    arguments: Vec<String>,
    limits: Limits,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Limits {
    bytes: usize,
}

const SETTINGS: &str = r#"
program = "cat"
arguments = ["-"]

[limits]
bytes = 1000
"#;

#[derive(Debug, Serialize)]
struct Outcome {
    name: String,
    bytes: usize,
    success: bool,
}

fn run(settings: &Settings, name: &str) -> Outcome {
    let mut child = Command::new(&settings.program)
        .args(&settings.arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program is there");
    let mut input = child.stdin.take().expect("a pipe");
    let text = format!("{name}\n").repeat(settings.limits.bytes / (name.len() + 1));
    let writer = thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output().expect("it ends");
    writer
        .join()
        .expect("no thread panics")
        .expect("the program reads");
    Outcome {
        name: name.to_owned(),
        bytes: output.stdout.len(),
        success: output.status.success(),
    }
}

fn main() {
    let measure = std::env::args().nth(1).is_some();
    let line: &[&str] = if measure {
        &["command", "--jobs=8"]
    } else {
        &["command"]
    };
    let arguments = Arguments::parse_from(line);
    let settings: Settings = toml::from_str(SETTINGS).expect("settings");
    let text = serde_json::to_string(&settings).expect("JSON");
    assert_eq!(
        serde_json::from_str::<Settings>(&text).expect("JSON"),
        settings
    );
    let names: Vec<String> = if measure {
        arguments.names.iter().cycle().take(200).cloned().collect()
    } else {
        arguments.names.clone()
    };
    let start = Instant::now();
    let mut outcomes = Vec::new();
    for names in names.chunks(arguments.jobs) {
        thread::scope(|scope| {
            let running: Vec<_> = names
                .iter()
                .map(|name| scope.spawn(|| run(&settings, name)))
                .collect();
            let ended = running
                .into_iter()
                .map(|thread| thread.join().expect("no panic"));
            outcomes.extend(ended);
        });
    }
    if measure {
        println!(
            "{:.0} processes/s",
            outcomes.len() as f64 / start.elapsed().as_secs_f64()
        );
        return;
    }
    println!("{text}");
    println!("{}", serde_json::to_string_pretty(&outcomes).expect("JSON"));
    println!("{}", Arguments::command().render_usage());
    let error = Arguments::try_parse_from(["command", "--jobs", "many"]);
    println!("{}", error.expect_err("not a number"));
}
