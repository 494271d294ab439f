struct Job(u32);

#[greenpatch::patchable(strict)]
impl Job {
    const fn run(&self) -> u32 {
        self.0
    }

    fn twice(&self) -> impl Iterator<Item = u32> {
        [self.0, self.0].into_iter()
    }
}

fn main() {
    Job(1).twice();
    Job(1).run();
}
