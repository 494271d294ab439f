#[greenpatch::patchable]
fn f(#[cfg(unix)] a: u8) {
    let _ = a;
}

fn main() {}
