// Other types' methods are no help to the one that is meant.
use greenpatch::{patchable, replaces};

struct Job;
struct Task;

#[patchable]
impl Default for Task {
    fn default() -> Self {
        Task
    }
}

#[patchable]
impl Clone for Task {
    fn clone(&self) -> Self {
        Task
    }
}

#[replaces(<Job as Default>::default)]
fn other() -> Job {
    Job
}

fn main() {}
