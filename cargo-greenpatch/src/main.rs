//! `cargo greenpatch`: builds a program, none of it annotated, so that `std` means greenpatch.
//!
//! One executable in four parts, told apart by the name that it is called by:
//!
//! - `cargo-greenpatch`: the subcommand. It has greenpatch compiled, writes a plan, and becomes cargo.
//! - `greenpatch-rustc`: what that cargo calls in place of rustc; it adds what the plan says.
//! - `greenpatch-rustdoc`: the same for rustdoc, which compiles the examples in documentation.
//! - `greenpatch-probe`: what the subcommand first has cargo call, to learn how cargo calls rustc.
#![forbid(unsafe_code)]

use std::env;
use std::ffi::OsStr;
use std::path::Path;
use std::process::ExitCode;

mod arguments;
mod blocking;
mod command;
mod command_line;
mod compiler;
mod configuration;
mod copy;
mod crossing;
mod error;
mod files;
mod graph;
mod install;
mod kept;
mod launch;
mod plan;
mod probe;
mod program;
mod report;
mod run;
mod rustix;
mod settings;
mod shell;
mod source;
mod tokens;
#[cfg(feature = "top")]
mod top;
mod wrapper;

use error::Failure;

fn main() -> ExitCode {
    let name = env::args_os().next().unwrap_or_default();
    let result = match Path::new(&name).file_name().and_then(OsStr::to_str) {
        Some(wrapper::RUSTC) => wrapper::rustc(Path::new(&name)),
        Some(wrapper::RUSTDOC) => wrapper::rustdoc(Path::new(&name)),
        Some(probe::NAME) => probe::rustc(Path::new(&name)),
        _ => command_line::run(),
    };
    match result {
        Ok(status) => ExitCode::from(status),
        Err(Failure::Status(status)) => ExitCode::from(u8::try_from(status).unwrap_or(101)),
        Err(Failure::Message(message)) => {
            shell::error(&message);
            ExitCode::from(101)
        }
    }
}
