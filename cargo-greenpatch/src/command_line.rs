//! The command line.

use std::env;
use std::ffi::OsString;

use clap::{Arg, Command};

use crate::arguments::Request;
use crate::command;
use crate::error::Failure;
use crate::run;

/// The tool's own options, which may stand among cargo's.
const OWN: &str = "\
Options, beside those of cargo's own command (`cargo help COMMAND`):
      --native <CRATE>[,…]  Leave these packages of the graph on std
      --bodies <WHERE>      Run the bodies of tests on `green` threads, or on the harness's `native` ones [default: green]
      --report[=json]       Say of each package how it is compiled, before it is";

const ENVIRONMENT: &str = "\
Environment, read by the programs that are built:
  GREENPATCH=off            Patch nothing
  GREENPATCH=thread,net     Patch these features alone: thread, time, net, dns, process, stdio, fs, libc
  GREENPATCH=+fs,-dns       Patch fs too, and dns not
  GREENPATCH_WORKERS=N      Run green threads on N OS threads, or per-core, not on main's
  GREENPATCH_STACK_SIZE=N   The size of their stacks in bytes
  GREENPATCH_LISTEN=1       Have `cargo greenpatch top` see what they do

Environment, read by this command:
  CARGO_GREENPATCH_CACHE    The folder for greenpatch's own build [default: $CARGO_HOME/greenpatch]";

/// Reads the command line and carries it out.
pub(crate) fn run() -> Result<u8, Failure> {
    let mut words: Vec<OsString> = env::args_os().collect();
    // cargo calls `cargo-greenpatch greenpatch …`.
    if words.get(1).is_some_and(|word| word == "greenpatch") {
        words.remove(1);
    }
    let matches = match command().try_get_matches_from(words) {
        Ok(matches) => matches,
        Err(error) => {
            // Help is no failure; for the rest clap has its own message and status.
            let _ = error.print();
            return Ok(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let Some((name, matches)) = matches.subcommand() else {
        return Err(Failure::new("no command"));
    };
    let rest: Vec<OsString> = matches
        .get_many::<OsString>("arguments")
        .map_or_else(Vec::new, |values| values.cloned().collect());
    if name == "top" {
        return top(rest);
    }
    let asks_for_help = |word: &&OsString| *word == "--help" || *word == "-h";
    if rest
        .iter()
        .take_while(|word| *word != "--")
        .find(asks_for_help)
        .is_some()
    {
        println!(
            "{name}: as `cargo {name}`, with greenpatch in place of std\n\n{OWN}\n\n{ENVIRONMENT}"
        );
        return Ok(0);
    }
    let command = command::Command::named(name)
        .ok_or_else(|| Failure::new(format!("no such command: `{name}`")))?;
    run::run(&Request::parse(command, rest)?)
}

#[cfg(feature = "top")]
fn top(arguments: Vec<OsString>) -> Result<u8, Failure> {
    crate::top::run(arguments)
}

#[cfg(not(feature = "top"))]
fn top(_: Vec<OsString>) -> Result<u8, Failure> {
    Err(Failure::new(
        "this cargo-greenpatch is built without its feature `top`",
    ))
}

fn command() -> Command {
    let subcommand = |name: &'static str, about: &'static str| {
        let arguments = Arg::new("arguments")
            .value_parser(clap::value_parser!(OsString))
            .num_args(0..)
            .trailing_var_arg(true)
            .allow_hyphen_values(true);
        Command::new(name)
            .about(about)
            .disable_help_flag(true)
            .arg(arguments)
    };
    Command::new("cargo greenpatch")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Builds a program so that std means greenpatch, none of its lines changed, and runs it on green threads")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(subcommand("build", "As cargo build").alias("b"))
        .subcommand(subcommand("check", "As cargo check").alias("c"))
        .subcommand(subcommand("run", "As cargo run: the program is patched before main").alias("r"))
        .subcommand(subcommand("test", "As cargo test: test programs are patched before main").alias("t"))
        .subcommand(subcommand("bench", "As cargo bench"))
        .subcommand(subcommand("clippy", "As cargo clippy"))
        .subcommand(subcommand("install", "As cargo install: the program that is installed is patched before main"))
        .subcommand(subcommand("doctor", "Says of each package how it would be compiled, and builds nothing"))
        .subcommand(subcommand("top", "Shows what the green threads of a running process do; see `top --help`"))
        .after_help(format!("{OWN}\n\n{ENVIRONMENT}"))
}
