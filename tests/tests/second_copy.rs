//! Two copies of greenpatch in one process: this program's, and the one in a library that it loads.
//!
//! Each scenario is a separate process, this program run again, since it patches.
#![allow(missing_docs)]

use std::env;
use std::ffi::CString;
use std::fs;
use std::mem;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;
use std::sync::Barrier;
use std::time::Duration;

use greenpatch::{Patched, patch_all, patch_fs, patch_thread, thread};
use greenpatch_second_copy::describe;
use greenpatch_tests::{Ended, Runner, child};

const SCENARIOS: &[(&str, fn())] = &[
    ("the_second_to_patch_gets_an_error", second_to_patch),
    ("the_first_to_patch_may_be_the_library", library_first),
    ("at_the_same_time_one_of_them_patches", at_the_same_time),
    (
        "the_second_runs_natively_beside_green_threads",
        runs_natively,
    ),
    ("its_own_functions_can_be_replaced", own_functions),
    ("a_forked_child_belongs_to_the_same_copy", forked_child),
    (
        "a_program_that_is_started_belongs_to_no_copy",
        started_program,
    ),
    ("a_vetoed_patch_claims_nothing", vetoed),
    (
        "what_else_is_mapped_at_a_place_is_passed_over",
        places_that_are_taken,
    ),
    ("two_versions_in_one_program_are_refused", two_versions),
];

fn main() {
    let mut runner = Runner::from_args();
    for (name, child) in SCENARIOS {
        runner.scenario(name, *child, |_| (), Ended::well);
    }
    runner.finish();
}

/// The library with the second copy in it.
#[derive(Clone, Copy)]
struct Library(*mut libc::c_void);

// SAFETY: a handle of `dlopen` may be used by any thread.
unsafe impl Send for Library {}
// SAFETY: as above.
unsafe impl Sync for Library {}

impl Library {
    fn load() -> Library {
        let exe = env::current_exe().unwrap();
        let path = exe.with_file_name("libgreenpatch_second_copy.so");
        let path = CString::new(path.as_os_str().as_bytes()).unwrap();
        // SAFETY: what the library runs when it is loaded registers patch points of its own copy.
        let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        assert!(!handle.is_null(), "{path:?} is not to be loaded");
        Library(handle)
    }

    fn symbol(self, name: &str) -> *mut libc::c_void {
        let symbol = CString::new(name).unwrap();
        // SAFETY: a handle that is open, and a string with an end.
        let address = unsafe { libc::dlsym(self.0, symbol.as_ptr()) };
        assert!(!address.is_null(), "no {name}");
        address
    }

    fn patches(self) -> String {
        let function = self.symbol("second_copy_patches");
        // SAFETY: the type that it has in the library.
        let function: unsafe extern "C" fn(*mut u8, usize) -> usize =
            unsafe { mem::transmute(function) };
        let mut text = vec![0; 1000];
        // SAFETY: that many bytes can be written there.
        let length = unsafe { function(text.as_mut_ptr(), text.len()) };
        text.truncate(length);
        String::from_utf8(text).unwrap()
    }

    fn spawns(self, count: u32) -> u32 {
        let function = self.symbol("second_copy_spawns");
        // SAFETY: the type that it has in the library.
        let function: extern "C" fn(u32) -> u32 = unsafe { mem::transmute(function) };
        function(count)
    }

    fn replaces(self) -> u32 {
        let function = self.symbol("second_copy_replaces");
        // SAFETY: the type that it has in the library.
        let function: extern "C" fn() -> u32 = unsafe { mem::transmute(function) };
        function()
    }
}

/// Whether threads of this copy share an OS thread.
fn is_green() -> bool {
    let ids = [(); 2].map(|()| thread::spawn(greenpatch::native_thread_id).join().unwrap());
    ids[0] == ids[1]
}

fn second_to_patch() {
    assert!(patch_all().unwrap().is_done());
    let library = Library::load();
    let outcome = library.patches();
    assert!(
        outcome.starts_with("second copy: true: another copy of greenpatch"),
        "{outcome}"
    );
    let version = concat!("version ", env!("CARGO_PKG_VERSION"), ",");
    assert!(outcome.contains(version), "{outcome}");
    let exe = env::current_exe().unwrap();
    assert!(
        outcome.contains(exe.file_name().unwrap().to_str().unwrap()),
        "{outcome}"
    );
    // Again, and after the first has patched more.
    assert_eq!(library.patches(), outcome);
    assert!(patch_fs().unwrap().is_done());
    assert!(patch_all().unwrap().is_already_patched());
    assert!(is_green());
}

fn library_first() {
    let library = Library::load();
    assert_eq!(library.patches(), "done");
    assert_eq!(library.spawns(4), 1);
    for outcome in [patch_all(), patch_thread(), patch_fs()] {
        let error = outcome.unwrap_err();
        assert!(error.is_second_copy() && !error.is_not_ready());
        assert!(
            error.to_string().contains("libgreenpatch_second_copy.so"),
            "{error}"
        );
    }
    assert!(!greenpatch::is_anything_patched());
    assert!(!is_green());
    assert_eq!(library.spawns(4), 1);
}

fn at_the_same_time() {
    let library = Library::load();
    let both = Barrier::new(2);
    let outcomes = std::thread::scope(|scope| {
        let theirs = scope.spawn(|| {
            both.wait();
            library.patches()
        });
        both.wait();
        let ours = describe(patch_all());
        [ours, theirs.join().unwrap()]
    });
    let done = outcomes.iter().filter(|outcome| *outcome == "done").count();
    let refused = outcomes
        .iter()
        .filter(|outcome| outcome.starts_with("second copy: true"))
        .count();
    assert_eq!((done, refused), (1, 1), "{outcomes:?}");
}

fn runs_natively() {
    assert!(patch_all().unwrap().is_done());
    let library = Library::load();
    assert!(library.patches().starts_with("second copy: true"));
    let threads: Vec<_> = (0..20)
        .map(|_| {
            thread::spawn(move || {
                thread::sleep(Duration::from_millis(1));
                assert_eq!(library.spawns(4), 4, "OS threads");
                thread::yield_now();
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

fn own_functions() {
    assert!(patch_all().unwrap().is_done());
    assert_eq!(Library::load().replaces(), 12);
}

/// Runs `body` in a child that a fork makes; panics if it does.
fn in_a_forked_child(body: impl FnOnce()) {
    // SAFETY: there is one thread; the child ends below.
    match unsafe { libc::fork() } {
        -1 => panic!("no fork"),
        0 => {
            let ok = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).is_ok();
            // SAFETY: it ends the process.
            unsafe { libc::_exit(i32::from(!ok)) }
        }
        child => {
            let mut status = 0;
            // SAFETY: a child of this process, and a place for its status.
            let waited = unsafe { libc::waitpid(child, &mut status, 0) };
            assert_eq!((waited, status), (child, 0));
        }
    }
}

fn forked_child() {
    let library = Library::load();
    // A child's claim is not its parent's.
    in_a_forked_child(|| assert_eq!(library.patches(), "done"));
    assert!(greenpatch::patch_dns().unwrap().is_done());
    in_a_forked_child(|| {
        assert!(library.patches().starts_with("second copy: true"));
        assert!(greenpatch::patch_net().unwrap().is_done());
    });
    assert!(library.patches().starts_with("second copy: true"));
}

fn started_program() {
    assert!(patch_all().unwrap().is_done());
    let status = child("the_first_to_patch_may_be_the_library").status();
    assert!(status.unwrap().success());
}

fn vetoed() {
    let veto = greenpatch::events::on_will_patch_module(|_| Err(greenpatch::DoNotPatch::new()));
    let Patched::Cancelled { .. } = patch_thread().unwrap() else {
        panic!("not cancelled");
    };
    veto.unsubscribe();
    let library = Library::load();
    assert_eq!(library.patches(), "done");
    assert!(patch_thread().unwrap_err().is_second_copy());
}

/// The addresses that are searched first hold other mappings, readable or not, which are unmapped later.
fn places_that_are_taken() {
    // The first two in `claim.rs`.
    let places = [
        (0x2067_7265_0000_usize, libc::PROT_READ),
        (0x0867_7265_0000, libc::PROT_NONE),
    ];
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE;
    let taken = places.map(|(place, access)| {
        let place = std::ptr::without_provenance_mut(place);
        // SAFETY: a new mapping, which replaces none.
        let got = unsafe { libc::mmap(place, 4096, access, flags, -1, 0) };
        // A sanitizer has its own mapping there.
        assert!(got == place || got == libc::MAP_FAILED);
        got
    });
    let library = Library::load();
    assert!(patch_all().unwrap().is_done());
    assert!(library.patches().starts_with("second copy: true"));
    for place in taken.into_iter().filter(|place| *place != libc::MAP_FAILED) {
        // SAFETY: it was mapped above, and nothing uses it.
        assert_eq!(unsafe { libc::munmap(place, 4096) }, 0);
    }
    assert!(library.patches().starts_with("second copy: true"));
    assert!(patch_fs().unwrap().is_done());
}

/// Cargo refuses a program that depends on two versions of greenpatch.
fn two_versions() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("two_versions");
    let write = |file: &str, text: &str| {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let package = |name: &str, rest: &str| {
        format!(
            "[package]\nname = \"{name}\"\nversion = \"99.0.0\"\nedition = \"2024\"\n{rest}[workspace]\n"
        )
    };
    write(
        "later/Cargo.toml",
        &package("greenpatch", "links = \"greenpatch\"\n"),
    );
    write("later/build.rs", "fn main() {}");
    write("later/src/lib.rs", "");
    let both = format!(
        "[dependencies]\nlater = {{ package = \"greenpatch\", path = \"../later\" }}\ngreenpatch = {{ path = {:?} }}\n",
        tests.join("../runtime")
    );
    write("program/Cargo.toml", &package("program", &both));
    write("program/src/lib.rs", "");
    // So that cargo has nothing else to resolve.
    fs::copy(
        tests.join("../Cargo.lock"),
        folder.join("program/Cargo.lock"),
    )
    .unwrap();
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--offline",
            "--format-version=1",
            "--manifest-path",
        ])
        .arg(folder.join("program/Cargo.toml"))
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    let refused = "only one package uses the `links = \"greenpatch\"` value";
    assert!(
        !output.status.success() && stderr.contains(refused),
        "{stderr}"
    );
}
