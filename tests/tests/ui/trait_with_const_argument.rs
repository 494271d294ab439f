struct Job;

trait Fill<const N: usize> {
    fn fill(&self) -> [u8; N];
}

#[greenpatch::patchable]
impl<const N: usize> Fill<N> for Job {
    fn fill(&self) -> [u8; N] {
        [0; N]
    }
}

fn main() {
    let _: [u8; 3] = Job.fill();
}
