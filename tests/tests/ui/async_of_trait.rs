struct Job;

#[allow(async_fn_in_trait)]
trait Run {
    async fn run(&self);
}

#[greenpatch::patchable(strict)]
impl Run for Job {
    async fn run(&self) {}
}

fn main() {
    drop(Job.run());
}
