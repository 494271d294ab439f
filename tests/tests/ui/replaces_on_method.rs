mod p {
    #[greenpatch::patchable]
    pub fn f() {}
}

struct Job;

impl Job {
    #[greenpatch::replaces(p::f)]
    fn g(&self) {}
}

fn main() {}
