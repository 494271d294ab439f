struct Job;

trait Work {
    type Done;
}

trait Hurry: Work {
    fn hurry(&self) -> bool;
}

impl Work for Job {
    type Done = u8;
}

#[greenpatch::patchable(strict)]
impl Hurry for Job {
    fn hurry(&self) -> bool {
        let done: Vec<Self::Done> = Vec::new();
        done.is_empty()
    }
}

fn main() {
    Job.hurry();
}
