#[greenpatch::patchable]
struct Job(u32);

fn main() {
    // The item is still there.
    let _ = Job(1).0;
}
