#[greenpatch::will_patch]
fn hook() {}

fn main() {
    hook();
}
