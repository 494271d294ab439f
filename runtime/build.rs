//! Builds nothing. Cargo asks for it where a manifest says `links`, which keeps two versions of greenpatch out of one
//! program.
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}
