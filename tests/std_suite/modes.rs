//! The modes in which a test runs.

/// What `std` is, whether the process is patched, and where the test's body runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mode {
    /// The control: real std, no greenpatch.
    Std,
    /// The shadow, never patched.
    Unpatched,
    /// The shadow, patched, the body in a green thread.
    Green,
    /// The shadow, patched, the body on the thread that patched.
    Root,
    /// The shadow, patched, the body on an OS thread that greenpatch did not start.
    Foreign,
    /// The shadow, patched with two workers, the body in a green thread of one of them.
    Workers2,
}

impl Mode {
    /// The modes that have to pass.
    pub(crate) const ACCEPTANCE: [Mode; 3] = [Mode::Unpatched, Mode::Green, Mode::Root];

    /// # Errors
    ///
    /// Says which modes there are.
    pub(crate) fn parse(name: &str) -> Result<Self, String> {
        match name {
            "std" | "native" => Ok(Mode::Std),
            "unpatched" => Ok(Mode::Unpatched),
            "green" => Ok(Mode::Green),
            "root" => Ok(Mode::Root),
            "foreign" => Ok(Mode::Foreign),
            "workers2" => Ok(Mode::Workers2),
            _ => Err(format!(
                "unknown mode `{name}`; expected std, unpatched, green, root, foreign or workers2"
            )),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Mode::Std => "std",
            Mode::Unpatched => "unpatched",
            Mode::Green => "green",
            Mode::Root => "root",
            Mode::Foreign => "foreign",
            Mode::Workers2 => "workers2",
        }
    }
}
