macro_rules! own {
    () => {
        Self
    };
}

struct Job;

#[greenpatch::patchable(strict)]
impl Job {
    fn same(self) -> own!() {
        self
    }
}

fn main() {
    Job.same();
}
