struct Job;

trait Work {
    type Done;
}

trait Hurry: Work {
    fn hurry(&self) -> Option<Self::Done>;
}

impl Work for Job {
    type Done = u8;
}

#[greenpatch::patchable(strict)]
impl Hurry for Job {
    fn hurry(&self) -> Option<Self::Done> {
        None
    }
}

fn main() {
    Job.hurry();
}
