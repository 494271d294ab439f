//! Kinds of programs and of crates in them.

use crate::support::{Folder, Run, THREADS, manifest};

fn main_with(body: &str) -> String {
    format!("{THREADS}\nfn main() {{ {body} }}\n")
}

#[test]
fn threads_of_a_plain_program_run_on_one_os_thread_in_every_edition() {
    for edition in ["2015", "2018", "2021", "2024"] {
        let source = format!(
            "{THREADS}
            thread_local! {{ static OWN: std::cell::Cell<u32> = std::cell::Cell::new(1); }}
            fn main() {{
                OWN.with(|own| own.set(2));
                let other = ::std::thread::spawn(|| OWN.with(|own| own.get())).join().unwrap();
                println!(\"{{}} {{}} {{}} {{}}\", is_green(), os_threads(5), other, OWN.with(|own| own.get()));
            }}"
        );
        let folder = Folder::new(
            &format!("edition {edition}"),
            &[
                ("Cargo.toml", &manifest("plain", edition)),
                ("src/main.rs", &source),
            ],
        );
        let green = folder.tool("run --quiet").success();
        assert_eq!(
            (green.stdout.as_str(), green.stderr.as_str()),
            ("true 1 1 2\n", ""),
            "{edition}"
        );
        let off = folder
            .tool("run --quiet")
            .env("GREENPATCH", "off")
            .success();
        assert_eq!(off.stdout, "true 6 1 2\n", "{edition}");
        let std = folder.cargo("run --quiet").success();
        assert_eq!(std.stdout, "false 6 1 2\n", "{edition}");
    }
}

#[test]
fn every_crate_of_a_workspace_meets_the_same_types() {
    let folder = Folder::new(
        "workspace",
        &[
            ("Cargo.toml", "[workspace]\nmembers = [\"app\", \"lib\", \"bare\", \"mac\"]\nresolver = \"2\"\n"),
            (
                "app/Cargo.toml",
                "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\nbuild = \"build.rs\"\n\
                 [dependencies]\nlib = { path = \"../lib\" }\nbare = { path = \"../bare\" }\nmac = { path = \"../mac\" }\n",
            ),
            (
                "app/build.rs",
                "fn main() { println!(\"cargo::rustc-env=BUILD={}\", std::any::type_name::<std::sync::Mutex<()>>()); }",
            ),
            (
                "app/src/main.rs",
                "fn main() {
                    let lock = std::sync::Mutex::new(1);
                    assert_eq!(lib::locked(&lock) + bare::locked(&lock), 2);
                    println!(\"{} {} {}\", env!(\"BUILD\"), mac::name!(), std::any::type_name_of_val(&lock));
                }",
            ),
            ("app/src/bin/second.rs", &main_with("println!(\"{}\", os_threads(3))")),
            ("app/examples/third.rs", &main_with("println!(\"{}\", os_threads(4))")),
            ("lib/Cargo.toml", "[package]\nname = \"lib\"\nversion = \"0.1.0\"\nedition = \"2018\"\n"),
            ("lib/src/lib.rs", "pub fn locked(lock: &std::sync::Mutex<u32>) -> u32 { *lock.lock().unwrap() }"),
            ("bare/Cargo.toml", "[package]\nname = \"bare\"\nversion = \"0.1.0\"\nedition = \"2021\"\n"),
            (
                "bare/src/lib.rs",
                "#![no_std]\nextern crate std;\nuse core::ops::Deref;\n\
                 pub fn locked(lock: &std::sync::Mutex<u32>) -> u32 { *lock.lock().unwrap().deref() }",
            ),
            (
                "mac/Cargo.toml",
                "[package]\nname = \"mac\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[lib]\nproc-macro = true\n",
            ),
            (
                "mac/src/lib.rs",
                "#[proc_macro] pub fn name(_: proc_macro::TokenStream) -> proc_macro::TokenStream {
                    format!(\"{:?}\", std::any::type_name::<std::sync::Mutex<()>>()).parse().unwrap()
                }",
            ),
        ],
    );
    let output = folder.tool("run -q --bin app").success();
    let words: Vec<_> = output.stdout.split_whitespace().collect();
    assert!(
        words[0].starts_with("std::") && words[1].starts_with("std::"),
        "{output:?}"
    );
    assert!(words[2].starts_with("greenpatch::"), "{output:?}");
    assert_eq!(folder.tool("run -q --bin second").success().stdout, "1\n");
    assert_eq!(
        folder
            .tool("run -q -p app --example third")
            .success()
            .stdout,
        "1\n"
    );
    let report = folder
        .tool("doctor --workspace --report=json")
        .success()
        .stdout;
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let treatment = |name| {
        let crates = report["crates"].as_array().unwrap();
        crates.iter().find(|line| line["name"] == name).unwrap()["treatment"].clone()
    };
    assert_eq!(
        (treatment("app"), treatment("bare"), treatment("mac")),
        ("green".into(), "green".into(), "host".into())
    );
}

#[test]
fn a_program_without_std_is_left_as_it_is() {
    let source = "#![no_std]\n#![no_main]\n\
        #[panic_handler] fn panic(_: &core::panic::PanicInfo) -> ! { loop {} }\n\
        #[unsafe(no_mangle)] extern \"C\" fn main() -> i32 { 7 }\n\
        #[link(name = \"c\")] unsafe extern \"C\" {}\n";
    let manifest = format!(
        "{}[profile.dev]\npanic = \"abort\"\n",
        manifest("bare", "2024")
    );
    let folder = Folder::new(
        "no std",
        &[("Cargo.toml", &manifest), ("src/main.rs", source)],
    );
    assert_eq!(folder.tool("run -q").output().status, 7);
}

#[test]
fn a_library_in_c_form_is_built_and_patches_nothing_by_itself() {
    let library = format!(
        "{THREADS}\n#[unsafe(no_mangle)] pub extern \"C\" fn count() -> usize {{ os_threads(2) }}"
    );
    let manifest = format!(
        "{}[lib]\ncrate-type = [\"cdylib\", \"staticlib\", \"rlib\"]\n",
        manifest("clib", "2024")
    );
    let program = "fn main() { println!(\"{}\", clib::count()) }";
    let folder = Folder::new(
        "c library",
        &[
            ("Cargo.toml", &manifest),
            ("src/lib.rs", &library),
            ("src/main.rs", program),
        ],
    );
    assert_eq!(folder.tool("run -q").success().stdout, "1\n");
    let host = format!("{}-linux-gnu", std::env::consts::ARCH);
    if std::process::Command::new("python3")
        .arg("--version")
        .output()
        .is_err()
    {
        eprintln!("left out: no program here to load the library with");
        return;
    }
    let built = std::fs::read_dir(folder.path("target/greenpatch")).unwrap();
    let target = built
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.join("debug/libclib.so").is_file())
        .unwrap_or_else(|| panic!("no library for {host}"));
    let load = "import ctypes, sys; print(ctypes.CDLL(sys.argv[1]).count())";
    let loaded = folder
        .program("python3")
        .arg("-c")
        .arg(load)
        .arg(target.join("debug/libclib.so"));
    assert_eq!(loaded.success().stdout, "3\n");
    assert!(target.join("debug/libclib.a").is_file());
}

#[test]
fn a_program_that_names_greenpatch_itself_shares_the_one_copy() {
    let runtime = concat!(env!("CARGO_MANIFEST_DIR"), "/../runtime");
    let manifest = format!(
        "{}[dependencies]\nother = {{ package = \"greenpatch\", path = {runtime:?} }}\n",
        manifest("both", "2024")
    );
    let source = main_with(
        "let lock: other::sync::Mutex<u32> = std::sync::Mutex::new(1);
        assert!(other::patch_all().unwrap().is_already_patched());
        println!(\"{} {}\", lock.lock().unwrap(), os_threads(3));",
    );
    let folder = Folder::new(
        "both",
        &[("Cargo.toml", &manifest), ("src/main.rs", &source)],
    );
    folder.cargo("generate-lockfile --offline").success();
    assert_eq!(folder.tool("run -q").success().stdout, "1 1\n");
}

/// Panics abort in it although greenpatch was compiled for unwinding, as std was.
#[test]
fn a_program_whose_panics_abort_is_patched_and_aborts() {
    let profile = "\n[profile.dev]\npanic = \"abort\"\n\
        [profile.release]\npanic = \"abort\"\nlto = true\nstrip = true\nopt-level = \"z\"\n";
    let source = main_with(
        "let lock = std::sync::Arc::new(std::sync::Mutex::new(0));
        if std::env::args().count() > 1 {
            // A hook that waits, and lets no other thread run.
            let held = std::sync::Arc::clone(&lock);
            std::panic::set_hook(Box::new(move |_| {
                std::thread::sleep(std::time::Duration::from_millis(1));
                eprintln!(\"in the hook: {}\", *held.lock().unwrap());
            }));
            let _ = std::thread::spawn(|| panic!(\"on purpose\")).join();
            println!(\"not reached\");
        }
        println!(\"{} {}\", is_green(), os_threads(5));",
    );
    let folder = Folder::new(
        "aborting",
        &[
            ("Cargo.toml", &(manifest("aborting", "2024") + profile)),
            ("src/main.rs", &source),
        ],
    );
    for profile in ["dev", "release"] {
        let green = folder
            .tool(&format!("run --quiet --profile {profile}"))
            .success();
        assert_eq!(green.stdout, "true 1\n");
        let line = format!("run --quiet --profile {profile} -- panic");
        let (green, std) = (folder.tool(&line).output(), folder.cargo(&line).output());
        assert_eq!(
            (green.status, &*green.stdout),
            (std.status, ""),
            "{green:?}"
        );
        assert!(green.stderr.contains("in the hook: 0"), "{green:?}");
    }
}

#[test]
fn a_program_is_installed_green() {
    let folder = Folder::new(
        "installing",
        &[
            ("package/Cargo.toml", &manifest("installed", "2024")),
            (
                "package/src/main.rs",
                &main_with("println!(\"{} {}\", is_green(), os_threads(3));"),
            ),
        ],
    );
    let install = |line: &str| folder.tool(line).arg("--root").arg(folder.path("root"));
    install("install -q --debug --path package").success();
    let installed = || folder.program(folder.path("root/bin/installed"));
    assert_eq!(installed().success().stdout, "true 1\n");
    let off = installed().env("GREENPATCH", "off").success();
    assert_eq!(off.stdout, "true 4\n");
    assert!(folder.path("package/target/greenpatch").is_dir());
    let list = install("install --list").success().stdout;
    assert!(list.starts_with("installed v0.1.0"), "{list}");
}

#[test]
fn a_program_is_installed_from_a_repository() {
    let folder = Folder::new(
        "repository",
        &[
            ("package/Cargo.toml", &manifest("fetched", "2024")),
            (
                "package/src/main.rs",
                &main_with("println!(\"{} {}\", is_green(), os_threads(3));"),
            ),
        ],
    );
    let url = format!("file://{}", folder.path("package").display());
    let message = folder.tool("install -q --git").arg(&url).refusal();
    assert!(
        message.starts_with("name the crate that is to be installed"),
        "{message}"
    );
    // Has greenpatch itself built with what the user's folder of cargo holds.
    folder
        .tool("check -q")
        .folder(folder.path("package"))
        .success();
    if std::process::Command::new("git")
        .arg("--version")
        .output()
        .is_err()
    {
        eprintln!("left out: no git here");
        return;
    }
    for line in [
        "init -q",
        "add src Cargo.toml",
        "-c user.name=a -c user.email=a@b commit -q -m first",
    ] {
        let git = folder.program("git").folder(folder.path("package"));
        line.split(' ').fold(git, Run::arg).success();
    }
    let run = folder.tool("install -q --debug fetched --git").arg(&url);
    run.env("CARGO_HOME", folder.path("home"))
        .env("CARGO_NET_OFFLINE", "false")
        .success();
    let installed = folder.program(folder.path("home/bin/fetched"));
    assert_eq!(installed.success().stdout, "true 1\n");
}
