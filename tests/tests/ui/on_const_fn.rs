#[greenpatch::patchable]
const fn f() {}

fn main() {
    f();
}
