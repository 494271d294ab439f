//! Packages that are left on std.

use crate::support::{Folder, manifest};

fn app_and_kept(name: &str, app: &str, kept: &str) -> Folder {
    let root = manifest("app", "2024") + "[dependencies]\nkept = { path = \"kept\" }\n";
    Folder::new(
        name,
        &[
            ("Cargo.toml", &root),
            ("src/main.rs", app),
            (
                "kept/Cargo.toml",
                "[package]\nname = \"kept\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
            ),
            ("kept/src/lib.rs", kept),
        ],
    )
}

#[test]
fn types_that_cross_to_a_crate_on_std_are_explained() {
    let folder = app_and_kept(
        "crossing",
        "use std::net::TcpStream;
        struct Own(std::sync::RwLock<u8>);
        impl AsRef<std::sync::RwLock<u8>> for Own { fn as_ref(&self) -> &std::sync::RwLock<u8> { &self.0 } }
        impl kept::Run for Own { fn run(&self, _: &mut TcpStream) {} }
        fn main() {
            kept::take(TcpStream::connect(\"x\").unwrap());
            let _: std::sync::Mutex<u32> = kept::give();
            let _ = vec![std::thread::spawn(|| ()), kept::spawned()];
            kept::reader(Own(std::sync::RwLock::new(1)));
        }",
        "pub fn take(_: std::net::TcpStream) {}
        pub fn give() -> std::sync::Mutex<u32> { std::sync::Mutex::new(1) }
        pub fn spawned() -> std::thread::JoinHandle<()> { std::thread::spawn(|| ()) }
        pub trait Run { fn run(&self, _: &mut std::net::TcpStream); }
        pub fn reader<R: AsRef<std::sync::RwLock<u8>>>(_: R) {}",
    );
    let notes = |line: &str| {
        let output = folder.tool(line).output();
        assert_eq!(output.status, 101, "{output:?}");
        let lines = output.stderr.lines().filter(|line| {
            line.starts_with("note: `") && !line.contains("defined in crate")
                || line.starts_with("note: a ")
                || line.starts_with("help: take ")
        });
        let mut lines: Vec<_> = lines.map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(
        notes("check --native kept"),
        [
            "help: take `kept` out of `--native`, or leave `app` on std, too, with `--native app`; many types of \
             greenpatch convert to and from those of std by `into()`",
            "note: `app` passes a `std::net::TcpStream` to `kept` (src/main.rs:4)",
            "note: `kept` is left on std, and greenpatch's types are others than std's",
            "note: `kept` passes a `std::sync::Mutex` to `app` (src/main.rs:7)",
            "note: `kept` passes a `std::thread::JoinHandle` to `app` (src/main.rs:8)",
            "note: a `std::sync::RwLock` crosses between `app` and `kept` (src/main.rs:9)",
        ]
    );
    let other = notes("check --native app");
    assert!(
        other.contains(
            &"note: `app` passes a `std::net::TcpStream` to `kept` (src/main.rs:6)".to_owned()
        ),
        "{other:?}"
    );
    folder.tool("check -q").success();
    folder.tool("check -q --native kept,app").success();
}
