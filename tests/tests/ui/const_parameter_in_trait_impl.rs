struct Job;

trait Fill {
    fn fill<const N: usize>(&self) -> [u8; N];
}

#[greenpatch::patchable(strict)]
impl Fill for Job {
    fn fill<const N: usize>(&self) -> [u8; N] {
        [0; N]
    }
}

fn main() {
    let _: [u8; 3] = Job.fill();
}
