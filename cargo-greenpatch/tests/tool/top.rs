//! The live view of a program that does not know greenpatch.
#![cfg(feature = "top")]

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::pty::{self, OpenptFlags};
use rustix::termios::{self, Winsize};

use crate::support::{Folder, manifest};

/// One thread waits for a message until a line comes, or the end of the input.
const PROGRAM: &str = r#"
    use std::{io, sync::mpsc, thread};

    fn main() {
        let (sender, receiver) = mpsc::channel::<()>();
        let waits = thread::Builder::new().name("waits".into()).spawn(move || receiver.recv());
        println!("ready");
        io::stdin().read_line(&mut String::new()).unwrap();
        drop(sender);
        assert!(waits.unwrap().join().unwrap().is_err());
    }
"#;

/// The program, while it runs.
struct Watched(Child);

impl Watched {
    fn start(program: &PathBuf, folder: &Folder) -> Watched {
        let mut child = Command::new(program)
            .env("GREENPATCH_LISTEN", "1")
            .env("XDG_RUNTIME_DIR", folder.path("run"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = child.stdout.as_mut().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        Watched(child)
    }

    fn number(&self) -> String {
        self.0.id().to_string()
    }

    fn end(mut self) {
        drop(self.0.stdin.take());
        assert!(self.0.wait().unwrap().success());
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // After `end` there is no such process.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_running_program_is_looked_at() {
    let folder = Folder::new(
        "top",
        &[
            ("Cargo.toml", &manifest("watched", "2024")),
            ("src/main.rs", PROGRAM),
            ("run/file", ""),
        ],
    );
    let top = |line: &str| {
        folder
            .tool(&format!("top {line}"))
            .env("XDG_RUNTIME_DIR", folder.path("run"))
    };
    let nothing = top("--once").refusal();
    assert!(nothing.starts_with("no process listens in "), "{nothing}");
    folder.tool("build -q").success();
    let program = std::fs::read_dir(folder.path("target/greenpatch"))
        .unwrap()
        .map(|entry| entry.unwrap().path().join("debug/watched"))
        .find(|path| path.is_file())
        .unwrap();

    let first = Watched::start(&program, &folder);
    let frame = top("--once --every 250ms").success().stdout;
    let number = first.number();
    assert!(
        frame.starts_with(&format!("greenpatch top — watched, process {number}, ")),
        "{frame}"
    );
    let is_it = |line: &&str| line.contains(" waits ") && !line.contains("waits for");
    let waits = frame.lines().find(is_it);
    let waits = waits.unwrap_or_else(|| panic!("{frame}"));
    for text in ["waiting", "message from channel 0x", "src/main.rs:6", "KiB"] {
        assert!(waits.contains(text), "{frame}");
    }
    assert!(!frame.contains('\x1b'), "{frame}");
    assert_eq!(
        top("").refusal(),
        "`top` needs a terminal; `top --once` prints one frame"
    );
    assert_eq!(
        top("--once --select other").refusal(),
        "no thread is called \"other\""
    );
    let wrong = top("--every soon").output();
    assert_eq!(wrong.status, 2, "{wrong:?}");
    assert!(top("--help").success().stdout.contains("--every <TIME>"));

    let second = Watched::start(&program, &folder);
    let several = top("--once").output();
    for number in [first.number(), second.number()] {
        let line = format!("{number}  watched, for ");
        assert!(several.stderr.contains(&line), "{several:?}");
    }
    let by_number = top(&format!("{} --once --every 250ms", second.number()));
    assert!(by_number.success().stdout.contains("message from channel"));
    let path = folder.path("run").read_dir().unwrap();
    let path = path
        .map(|entry| entry.unwrap().path())
        .find(|path| path.is_dir())
        .unwrap();
    let path = path.join(format!("{number}.sock"));
    let by_path = top("--color always --once --every 250ms")
        .arg(&path)
        .success();
    assert!(
        by_path.stdout.contains("\x1b[0;1mgreenpatch top"),
        "{by_path:?}"
    );
    assert!(
        top("999999999 --once")
            .refusal()
            .starts_with("process 999999999 has no socket in ")
    );
    second.end();

    watch_in_a_terminal(&folder, first);
    assert!(!path.exists());
}

/// Keys, the end of the program, and that the terminal is as it was.
fn watch_in_a_terminal(folder: &Folder, watched: Watched) {
    let terminal = Terminal::new();
    let before = terminal.modes();
    let side = || terminal.side.try_clone().unwrap();
    let mut top = Command::new(env!("CARGO_BIN_EXE_cargo-greenpatch"))
        .args(["top", &watched.number(), "--every", "250ms"])
        .env("XDG_RUNTIME_DIR", folder.path("run"))
        .env("TERM", "xterm")
        .stdin(side())
        .stdout(side())
        .stderr(side())
        .spawn()
        .unwrap();
    terminal.shows("waits");
    assert_ne!(terminal.modes(), before);
    terminal.press("/zzz");
    terminal.shows("no such thread");
    // Escape alone is an escape only when nothing follows.
    terminal.press("\x7f\x7f\x7f\r\r");
    // Blank cells are not written again, so only words can be looked for.
    terminal.shows("thread's");
    watched.end();
    terminal.shows("the process has ended");
    assert!(top.try_wait().unwrap().is_none());
    terminal.press("q");
    assert!(top.wait().unwrap().success());
    terminal.shows("\x1b[?1049l");
    assert_eq!(terminal.modes(), before);
}

/// A pseudoterminal, and what was written to it.
struct Terminal {
    keys: File,
    side: File,
    shown: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    fn new() -> Terminal {
        let keys = pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        pty::grantpt(&keys).unwrap();
        pty::unlockpt(&keys).unwrap();
        let name = pty::ptsname(&keys, Vec::new())
            .unwrap()
            .into_string()
            .unwrap();
        let side = File::options().read(true).write(true).open(name).unwrap();
        let size = Winsize {
            ws_row: 30,
            ws_col: 120,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        termios::tcsetwinsize(&side, size).unwrap();
        let keys = File::from(keys);
        let shown = Arc::new(Mutex::new(Vec::new()));
        let (mut reader, theirs) = (keys.try_clone().unwrap(), Arc::clone(&shown));
        // It ends with the process of the test.
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                theirs.lock().unwrap().extend_from_slice(&bytes[..count]);
            }
        });
        Terminal { keys, side, shown }
    }

    fn modes(&self) -> String {
        format!("{:?}", termios::tcgetattr(&self.side).unwrap())
    }

    fn press(&self, keys: &str) {
        (&self.keys).write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until the text was written, after what was looked for before.
    fn shows(&self, text: &str) {
        let start = Instant::now();
        loop {
            let mut shown = self.shown.lock().unwrap();
            let found = shown
                .windows(text.len())
                .position(|window| window == text.as_bytes());
            if let Some(place) = found {
                shown.drain(..place + text.len());
                return;
            }
            let last = shown.len().saturating_sub(500);
            let all = String::from_utf8_lossy(&shown[last..]).into_owned();
            drop(shown);
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "no {text:?}; the last is {all:?}"
            );
            thread::sleep(Duration::from_millis(10));
        }
    }
}
