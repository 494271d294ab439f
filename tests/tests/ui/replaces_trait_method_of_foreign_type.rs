struct Job;

impl Default for Job {
    fn default() -> Self {
        Job
    }
}

#[greenpatch::replaces(<Job as Default>::default)]
fn other() -> Job {
    Job
}

fn main() {
    Job::default();
}
