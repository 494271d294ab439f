#[greenpatch::replaces(crate::Other)]
struct Job;

fn main() {
    let _ = Job;
}
