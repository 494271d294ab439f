struct Job(u32);

impl Job {
    #[greenpatch::patchable]
    fn run(&self) -> u32 {
        self.0
    }
}

fn main() {
    Job(1).run();
}
