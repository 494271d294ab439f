//! Made-up packages, and the tool run on them with a limit in time.

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::sync::mpsc::RecvTimeoutError;
use std::thread;
use std::time::Duration;
use std::{env, process};

/// How long one run may take: the first has greenpatch itself built, on a machine that may be busy.
const LIMIT: Duration = Duration::from_secs(900);

/// Functions that report the current OS thread and whether `std` is greenpatch.
pub(crate) const THREADS: &str = r#"
    pub fn os_thread() -> std::path::PathBuf {
        std::fs::read_link("/proc/thread-self").unwrap()
    }

    pub fn os_threads(count: usize) -> usize {
        let here = os_thread();
        let threads: Vec<_> = (0..count).map(|_| std::thread::spawn(os_thread)).collect();
        let all = threads.into_iter().map(|thread| thread.join().unwrap());
        let set: std::collections::BTreeSet<_> = all.chain(Some(here)).collect();
        set.len()
    }

    pub fn is_green() -> bool {
        std::any::type_name::<std::sync::Mutex<()>>().starts_with("greenpatch")
    }
"#;

/// A folder with files in it, removed in the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Makes a folder of that name with these files.
    pub(crate) fn new(name: &str, files: &[(&str, &str)]) -> Folder {
        let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let folder = root.join(format!("tool {}", process::id())).join(name);
        // Left over from a run with the same number, if it is there.
        let _ = fs::remove_dir_all(&folder);
        let folder = Folder(folder);
        for (path, content) in files {
            folder.write(path, content);
        }
        folder
    }

    pub(crate) fn write(&self, path: &str, content: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }

    /// The tool, called as cargo calls it.
    pub(crate) fn tool(&self, line: &str) -> Run {
        let mut run = Run::new(env!("CARGO_BIN_EXE_cargo-greenpatch"), &self.0);
        run.0.arg("greenpatch");
        run.0.args(line.split(' ').filter(|word| !word.is_empty()));
        run
    }

    /// Plain cargo.
    pub(crate) fn cargo(&self, line: &str) -> Run {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut run = Run::new(cargo, &self.0);
        run.0.args(line.split(' ').filter(|word| !word.is_empty()));
        run
    }

    /// Any other program.
    pub(crate) fn program(&self, program: impl AsRef<OsStr>) -> Run {
        Run::new(program, &self.0)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A test that failed keeps what it failed on.
        if !thread::panicking() {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

/// A manifest without dependencies.
pub(crate) fn manifest(name: &str, edition: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"{edition}\"\n\n[workspace]\n"
    )
}

/// A command that knows nothing of the cargo that runs this test.
pub(crate) struct Run(Command);

impl Run {
    fn new(program: impl AsRef<OsStr>, folder: &Path) -> Run {
        let mut command = Command::new(program);
        command.env_clear().current_dir(folder);
        for name in [
            "PATH",
            "HOME",
            "CARGO",
            "CARGO_HOME",
            "RUSTUP_HOME",
            "RUSTUP_TOOLCHAIN",
            "TMPDIR",
        ] {
            if let Some(value) = env::var_os(name) {
                command.env(name, value);
            }
        }
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("greenpatch");
        command
            .env("CARGO_GREENPATCH_CACHE", cache)
            .env("CARGO_NET_OFFLINE", "true");
        Run(command)
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Run {
        self.0.env(name, value);
        self
    }

    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Run {
        self.0.arg(argument);
        self
    }

    pub(crate) fn folder(mut self, folder: impl AsRef<Path>) -> Run {
        self.0.current_dir(folder);
        self
    }

    /// Starts it, with its output to be read.
    pub(crate) fn start(mut self) -> Child {
        self.0.process_group(0).stdin(Stdio::null());
        self.0.stdout(Stdio::piped()).stderr(Stdio::piped());
        self.0
            .spawn()
            .unwrap_or_else(|error| panic!("{:?}: {error}", self.0))
    }

    /// Runs it to its end.
    pub(crate) fn output(self) -> Output {
        let child = self.start();
        finish(child)
    }

    /// Runs it to its end, which has to be a good one.
    pub(crate) fn success(self) -> Output {
        let output = self.output();
        assert_eq!(output.status, 0, "{output:?}");
        output
    }

    /// Runs it to its end, which has to be a failure of one line that is the tool's own.
    pub(crate) fn refusal(self) -> String {
        let output = self.output();
        assert_eq!(output.status, 101, "{output:?}");
        let lines: Vec<_> = output
            .stderr
            .lines()
            .filter(|line| line.starts_with("error: "))
            .collect();
        assert_eq!(lines.len(), 1, "{output:?}");
        lines[0].trim_start_matches("error: ").to_owned()
    }
}

/// What a program printed, and how it ended.
///
/// Cargo's lines on waiting for another cargo that holds a lock are left out: the tests run beside each other and
/// share one package cache, so that any of them may have to wait.
#[derive(Debug)]
pub(crate) struct Output {
    /// The exit status; a signal's number as a negative one.
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Waits for a program; one that takes too long is killed with all that it started.
pub(crate) fn finish(mut child: Child) -> Output {
    let group = i32::try_from(child.id()).unwrap();
    let (done, is_done) = mpsc::channel::<()>();
    let watchdog = thread::spawn(move || {
        if is_done.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
            let kill = Command::new("kill")
                .args(["-KILL", "--", &format!("-{group}")])
                .status();
            eprintln!("killed after {LIMIT:?}: {kill:?}");
        }
    });
    let read = |mut from: Box<dyn Read + Send>| {
        thread::spawn(move || {
            let mut text = Vec::new();
            from.read_to_end(&mut text).unwrap();
            String::from_utf8_lossy(&text).into_owned()
        })
    };
    let stdout = read(Box::new(child.stdout.take().unwrap()));
    let stderr = read(Box::new(child.stderr.take().unwrap()));
    let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
    let status = child.wait().unwrap();
    drop(done);
    watchdog.join().unwrap();
    let waits = |line: &str| {
        line.trim_start()
            .starts_with("Blocking waiting for file lock")
    };
    let stderr = stderr
        .split_inclusive('\n')
        .filter(|line| !waits(line))
        .collect();
    Output {
        status: status.code().unwrap_or_else(|| -status.signal().unwrap()),
        stdout,
        stderr,
    }
}
