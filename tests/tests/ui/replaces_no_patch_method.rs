struct Job;

impl Job {
    fn go(&self) {}
}

#[greenpatch::replaces(self::Job::go)]
fn g(_: &Job) {}

fn main() {
    Job.go();
}
