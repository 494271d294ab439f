//! What a process answers: the values of its JSON. Fields that a later version adds are passed over, and those that are
//! missing have their defaults.

use serde::Deserialize;

/// The answer to `about`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct About {
    pub(super) program: String,
    pub(super) pid: u32,
    /// How long the socket has been open.
    pub(super) open_seconds: f64,
}

/// The answer to `dump`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Dump {
    pub(super) other_os_threads: Option<u64>,
    pub(super) hubs: Vec<Hub>,
    pub(super) cycles: Vec<Vec<u64>>,
}

/// One hub.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Hub {
    pub(super) os_thread: u64,
    pub(super) name: Option<String>,
    pub(super) is_held: bool,
    pub(super) system_call: Option<u64>,
    pub(super) call_name: Option<String>,
    pub(super) running: Option<Running>,
    pub(super) threads: Vec<Thread>,
}

/// The thread that runs on a held hub.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Running {
    pub(super) id: Option<u64>,
    pub(super) name: Option<String>,
}

/// One thread.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Thread {
    pub(super) id: u64,
    pub(super) name: Option<String>,
    pub(super) is_root: bool,
    pub(super) spawned_at: Option<String>,
    pub(super) parent: Option<u64>,
    pub(super) state: String,
    pub(super) wait: Option<Wait>,
    pub(super) stack_size: Option<u64>,
    pub(super) stack_used: Option<u64>,
}

/// A wait.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Wait {
    pub(super) kind: String,
    pub(super) fd: Option<i64>,
    pub(super) writes: bool,
    pub(super) peer: Option<String>,
    pub(super) call: Option<String>,
    pub(super) address: Option<String>,
    pub(super) location: Option<String>,
    pub(super) waited_seconds: f64,
    pub(super) remaining_seconds: Option<f64>,
    pub(super) holder: Option<Holder>,
}

/// What can end a wait.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub(super) enum Holder {
    /// The thread with this number.
    Thread(u64),
    /// Something else, in words.
    Other(String),
}

/// The answer to `stats`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Stats {
    pub(super) hubs: Vec<HubStats>,
    pub(super) helper_calls: u64,
    pub(super) is_timed: bool,
}

/// The counters of one hub.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct HubStats {
    pub(super) os_thread: u64,
    pub(super) switches: u64,
    pub(super) parks: u64,
    pub(super) remote_wakes: u64,
    pub(super) polls: u64,
    pub(super) sleep_seconds: f64,
}

/// An answer that says what is wrong.
#[derive(Debug, Deserialize)]
pub(super) struct Refusal {
    pub(super) error: String,
}
