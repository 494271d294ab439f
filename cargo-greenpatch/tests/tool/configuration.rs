//! cargo's configuration, vendored sources, sccache, coverage, benches.

use std::fs;
use std::net::TcpListener;
use std::process::Command;

use crate::support::{Folder, Run, THREADS, manifest};

/// The target that this test runs on.
fn host(folder: &Folder) -> String {
    let version = folder.program("rustc").arg("-vV").success().stdout;
    let line = version.lines().find_map(|line| line.strip_prefix("host: "));
    line.unwrap().to_owned()
}

#[test]
fn the_target_and_its_flags_come_from_the_configuration() {
    let source = format!(
        "{THREADS}\nfn main() {{ println!(\"{{}} {{}}\", os_threads(2), cfg!(of_the_target)); }}"
    );
    let folder = Folder::new(
        "configured",
        &[
            ("Cargo.toml", &manifest("configured", "2021")),
            ("src/main.rs", &source),
        ],
    );
    let host = host(&folder);
    let flags = "rustflags = [\"--cfg\", \"of_the_target\", \"-Aunexpected_cfgs\"]";
    folder.write(
        ".cargo/config.toml",
        &format!("[build]\ntarget = {host:?}\n\n[target.{host}]\n{flags}\n"),
    );
    assert_eq!(folder.tool("run -q").success().stdout, "1 true\n");
    fs::remove_file(folder.path(".cargo/config.toml")).unwrap();
    assert_eq!(folder.tool("run -q").success().stdout, "1 false\n");
    let named = folder.tool("run -q").env("CARGO_BUILD_TARGET", &host);
    assert_eq!(named.success().stdout, "1 false\n");
    let other = folder
        .tool("run -q")
        .env("CARGO_BUILD_TARGET", "wasm32-wasip1");
    assert_eq!(
        other.refusal(),
        "the target wasm32-wasip1: programs are built for Linux alone"
    );
}

/// A server of sccache's, with a cache of its own.
struct Sccache<'a> {
    folder: &'a Folder,
    port: String,
}

impl Sccache<'_> {
    fn start(folder: &Folder) -> Sccache<'_> {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port().to_string();
        drop(free);
        let server = Sccache { folder, port };
        server.command("--start-server").success();
        server
    }

    fn command(&self, option: &str) -> Run {
        self.configure(self.folder.program("sccache").arg(option))
    }

    fn configure(&self, run: Run) -> Run {
        run.env("RUSTC_WRAPPER", "sccache")
            .env("CARGO_INCREMENTAL", "0")
            .env("SCCACHE_DIR", self.folder.path("sccache"))
            .env("SCCACHE_IDLE_TIMEOUT", "300")
            .env("SCCACHE_SERVER_PORT", &self.port)
    }

    /// How many units were found in the cache.
    fn hits(&self) -> u64 {
        let text = self.command("--show-stats").success().stdout;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("Cache hits "));
        line.unwrap().trim().parse().unwrap()
    }
}

impl Drop for Sccache<'_> {
    fn drop(&mut self) {
        self.command("--stop-server").output();
    }
}

#[test]
fn sccache_keeps_units_apart_from_those_with_std() {
    if Command::new("sccache").arg("--version").output().is_err() {
        eprintln!("left out: there is no sccache");
        return;
    }
    let folder = Folder::new(
        "cached",
        &[
            ("Cargo.toml", &manifest("cached", "2024")),
            ("src/lib.rs", THREADS),
            (
                "src/main.rs",
                "fn main() { println!(\"{} {}\", cached::is_green(), cached::os_threads(3)); }",
            ),
        ],
    );
    let server = Sccache::start(&folder);
    // rustc compiles the library twice, once for each std; after that it comes from the cache.
    for hits in [[0, 0], [1, 2]] {
        let _ = fs::remove_dir_all(folder.path("target"));
        let native = server.configure(folder.cargo("run -q"));
        assert_eq!(native.success().stdout, "false 4\n");
        assert_eq!(server.hits(), hits[0]);
        let green = server.configure(folder.tool("run -q"));
        assert_eq!(green.success().stdout, "true 1\n");
        assert_eq!(server.hits(), hits[1]);
    }
}

#[test]
fn rustix_calls_libc_wherever_flags_are_configured() {
    let root = manifest("through", "2024")
        + "[target.'cfg(rustix_use_libc)'.dependencies]\ndep = { path = \"dep\" }\n";
    let source = "fn main() {
        println!(\"{} {} {}\", dep::threads(), cfg!(users), cfg!(rustix_use_libc));
        for name in [\"CARGO_BUILD_RUSTFLAGS\", \"CARGO_TARGET_HOST_RUSTFLAGS\"] {
            let name = name.replace(\"HOST\", env!(\"HOST\"));
            assert_eq!(std::env::var(name).unwrap_or_default(), \"\");
        }
    }";
    let dependency = format!("{THREADS}\npub fn threads() -> usize {{ os_threads(3) }}");
    let folder = Folder::new(
        "through libc",
        &[
            ("Cargo.toml", &root),
            ("src/main.rs", source),
            (
                "dep/Cargo.toml",
                &manifest("dep", "2024").replace("[workspace]", ""),
            ),
            ("dep/src/lib.rs", &dependency),
        ],
    );
    let host = host(&folder);
    let run = || {
        let name = host.to_uppercase().replace('-', "_");
        folder.tool("run -q").env("HOST", name)
    };
    assert_eq!(run().success().stdout, "1 false true\n");
    let array = "rustflags = [\"--cfg\", \"users\", \"-Aunexpected_cfgs\"]";
    let string = "rustflags = \"--cfg users -Aunexpected_cfgs\"";
    for flags in [array, string] {
        for table in [
            "build".to_owned(),
            format!("target.{host}"),
            "target.'cfg(unix)'".to_owned(),
        ] {
            folder.write(".cargo/config.toml", &format!("[{table}]\n{flags}\n"));
            assert_eq!(run().success().stdout, "1 true true\n", "{table}: {flags}");
        }
    }
    fs::remove_file(folder.path(".cargo/config.toml")).unwrap();
    let configured = run().arg("--config").arg(format!("build.{array}"));
    assert_eq!(configured.success().stdout, "1 true true\n");
    let named = run().env("RUSTFLAGS", "--cfg users -Aunexpected_cfgs");
    assert_eq!(named.success().stdout, "1 true true\n");
    let encoded = "--cfg\x1fusers\x1f-Aunexpected_cfgs";
    let named = run().env("CARGO_ENCODED_RUSTFLAGS", encoded);
    assert_eq!(named.success().stdout, "1 true true\n");
}

#[test]
fn vendored_sources_are_built_offline() {
    let root = manifest("vendored", "2024") + "[dependencies]\ndep = \"1\"\n";
    let dependency = format!("{THREADS}\npub fn threads() -> usize {{ os_threads(3) }}");
    let folder = Folder::new(
        "vendored",
        &[
            ("Cargo.toml", &root),
            (
                "src/main.rs",
                "fn main() { println!(\"{}\", dep::threads()) }",
            ),
            (
                "vendor/dep/Cargo.toml",
                "[package]\nname = \"dep\"\nversion = \"1.0.0\"\nedition = \"2018\"\n",
            ),
            ("vendor/dep/src/lib.rs", &dependency),
            ("vendor/dep/.cargo-checksum.json", "{\"files\": {}}"),
            (
                ".cargo/config.toml",
                "[source.crates-io]\nreplace-with = \"here\"\n\n[source.here]\ndirectory = \"vendor\"\n",
            ),
        ],
    );
    assert_eq!(folder.tool("run -q --offline").success().stdout, "1\n");
    assert_eq!(folder.tool("run -q --frozen").success().stdout, "1\n");
}

#[test]
fn coverage_and_backtraces_are_of_the_users_sources() {
    let source = "fn fails() {\n    panic!(\"on purpose\")\n}\nfn main() {\n    \
                  std::thread::spawn(fails).join().unwrap_err();\n}\n";
    let folder = Folder::new(
        "coverage",
        &[
            ("Cargo.toml", &manifest("covered", "2024")),
            ("src/main.rs", source),
        ],
    );
    let output = folder
        .tool("run -q")
        .env("RUST_BACKTRACE", "1")
        .env("RUSTFLAGS", "-Cinstrument-coverage")
        .env("LLVM_PROFILE_FILE", folder.path("profile"))
        .success();
    for line in [
        "panicked at src/main.rs:2:5:",
        "covered::fails",
        "at ./src/main.rs:2:5",
    ] {
        assert!(output.stderr.contains(line), "{line}: {output:?}");
    }
    let profile = fs::metadata(folder.path("profile")).unwrap();
    assert!(profile.len() > 0, "the counts are written at the end");
}

#[test]
fn benches_run_green() {
    let root = manifest("benched", "2024") + "[[bench]]\nname = \"own\"\nharness = false\n";
    let bench = format!("{THREADS}\nfn main() {{ println!(\"{{}}\", os_threads(3)); }}");
    let folder = Folder::new(
        "benches",
        &[
            ("Cargo.toml", &root),
            ("src/lib.rs", ""),
            ("benches/own.rs", &bench),
        ],
    );
    let output = folder.tool("bench -q --bench own").success();
    assert_eq!(output.stdout, "1\n");
}
