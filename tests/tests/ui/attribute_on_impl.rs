struct Job;

#[greenpatch::patchable]
#[rustfmt::skip]
#[inline_everything]
impl Job {
    fn go(&self) {}
}

fn main() {
    Job.go();
}
