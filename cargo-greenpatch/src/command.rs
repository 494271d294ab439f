//! The subcommands.

/// A subcommand of cargo that is passed on, or one of the tool's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// `cargo build`.
    Build,
    /// `cargo check`.
    Check,
    /// `cargo run`.
    Run,
    /// `cargo test`.
    Test,
    /// `cargo bench`.
    Bench,
    /// `cargo clippy`.
    Clippy,
    /// `cargo install`.
    Install,
    /// Reports without building.
    Doctor,
}

impl Command {
    /// The subcommand of that name.
    pub(crate) fn named(name: &str) -> Option<Command> {
        Some(match name {
            "build" | "b" => Command::Build,
            "check" | "c" => Command::Check,
            "run" | "r" => Command::Run,
            "test" | "t" => Command::Test,
            "bench" => Command::Bench,
            "clippy" => Command::Clippy,
            "install" => Command::Install,
            "doctor" => Command::Doctor,
            _ => return None,
        })
    }

    /// Whether it may compile what only tests, examples and benches depend on.
    pub(crate) fn builds_tests(self) -> bool {
        matches!(self, Command::Test | Command::Bench | Command::Doctor)
    }

    /// The name that cargo has for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Command::Build => "build",
            Command::Check => "check",
            Command::Run => "run",
            Command::Test => "test",
            Command::Bench => "bench",
            Command::Clippy => "clippy",
            Command::Install => "install",
            Command::Doctor => "doctor",
        }
    }
}
