#[greenpatch::patchable(srict)]
fn f() {}

fn main() {
    f();
}
