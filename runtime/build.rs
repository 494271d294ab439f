//! Decides whether greenpatch defines functions of libc. Cargo also asks for a build script where a manifest says `links`,
//! which keeps two versions of greenpatch out of one program.
use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(greenpatch_libc)");
    let is = |name: &str, values: &[&str]| {
        env::var(name).is_ok_and(|value| values.contains(&value.as_str()))
    };
    // A loom model has no real threads to serve.
    if env::var_os("CARGO_FEATURE_LIBC").is_some()
        && env::var_os("CARGO_CFG_LOOM").is_none()
        && is("CARGO_CFG_TARGET_OS", &["linux"])
        && is("CARGO_CFG_TARGET_ENV", &["gnu"])
        && is("CARGO_CFG_TARGET_ARCH", &["x86_64", "aarch64"])
        && is("CARGO_CFG_TARGET_POINTER_WIDTH", &["64"])
    {
        println!("cargo::rustc-cfg=greenpatch_libc");
    }
}
