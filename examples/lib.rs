//! Short programs that end by themselves; `cargo run --example NAME` runs one.
