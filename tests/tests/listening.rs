//! The socket on which a process answers requests. Each scenario is a process of its own, this program run again.
#![allow(missing_docs, unreachable_pub)]
#![allow(unsafe_code)]

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use greenpatch::sync::mpsc;
use greenpatch::{Patcher, thread};
use greenpatch_tests::{Ended, Runner};
use serde_json::Value;

#[path = "../../examples/top.rs"]
mod top_example;

fn main() {
    let mut runner = Runner::from_args();
    let mut at = |name: &'static str, body: fn(), check: fn(&Ended, &Path)| {
        let folder = std::env::temp_dir().join(format!(
            "greenpatch-{}-{}",
            std::process::id(),
            name.split(' ').next().unwrap()
        ));
        let theirs = folder.clone();
        let configure = |command: &mut Command| {
            // Left over from a run with the same number, if it is there.
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir(&folder).unwrap();
            command.env("XDG_RUNTIME_DIR", &folder);
            command.env("GREENPATCH_LISTEN", folder.join("socket"));
        };
        runner.scenario(name, body, configure, |ended| {
            check(ended, &theirs);
            fs::remove_dir_all(&theirs).unwrap();
        });
    };
    let example = || top_example::main().unwrap();
    at("example", example, |ended, folder| {
        removed(ended, folder);
        assert!(
            ended.stdout.ends_with("some requests were answered\n"),
            "{ended}"
        );
        assert_eq!(ended.stderr, "");
    });
    at("requests and answers", requests, removed);
    at("lines that are too long", long_lines, removed);
    at("slow and vanished clients", slow, removed);
    at("many clients", many, removed);
    at("held hubs are reported", held, removed);
    at("the thread has no signals", no_signals, removed);
    at("exit in a green thread", exits, |ended, folder| {
        ended.with_code(3);
        assert!(!socket_in(folder).exists());
    });
    at(
        "default path by the program",
        by_default,
        |ended, folder| {
            ended.well();
            let own = fs::read_dir(own_folder(folder)).unwrap();
            assert_eq!(own.count(), 0);
        },
    );
    at(
        "a killed process leaves a socket, which is replaced",
        stale,
        removed,
    );
    at(
        "another process's socket is left alone",
        living,
        |ended, folder| {
            ended.well();
            assert!(socket_in(folder).exists());
        },
    );
    at(
        "no socket is there but a file",
        no_socket,
        |ended, folder| {
            ended.well();
            assert_eq!(fs::read(socket_in(folder)).unwrap(), b"file");
        },
    );
    at("folders of other users are refused", folders, |ended, _| {
        ended.well()
    });
    at("forks do not answer", forks, |ended, folder| {
        assert_eq!(ended.stdout, "end of file\nConnectionRefused\n", "{ended}");
        assert!(socket_in(folder).exists());
    });
    at(
        "children that exit leave the socket alone",
        exit_of_a_child,
        removed,
    );
    at("values without a meaning", no_meaning, |ended, _| {
        ended.well()
    });
    at("a deadlock is still noticed", deadlock, |ended, _| {
        ended.by_abort();
        ended.said("greenpatch: deadlock");
    });
    at(
        "without a request there is no thread",
        not_asked_for,
        |ended, _| {
            ended.well();
        },
    );
    runner.finish();
}

fn socket_in(folder: &Path) -> PathBuf {
    folder.join("socket")
}

fn removed(ended: &Ended, folder: &Path) {
    ended.well();
    assert!(!socket_in(folder).exists());
}

/// The path that the variable has, in a child.
fn socket() -> PathBuf {
    std::env::var_os("GREENPATCH_LISTEN").unwrap().into()
}

fn runtime_folder() -> PathBuf {
    std::env::var_os("XDG_RUNTIME_DIR").unwrap().into()
}

fn own_folder(runtime: &Path) -> PathBuf {
    // SAFETY: geteuid has no preconditions.
    runtime.join(format!("greenpatch-{}", unsafe { libc::geteuid() }))
}

/// Sets the variable of this process, which has one thread.
fn set_variable(value: &str) {
    // SAFETY: no other thread reads the environment.
    unsafe { std::env::set_var("GREENPATCH_LISTEN", value) };
}

fn patch() {
    assert!(greenpatch::patch_all().unwrap().is_done());
}

/// Calls `f` on an OS thread that is no hub, while the hub of this one runs on.
fn outside<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> R {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(f()));
    receiver.recv().expect("the other thread does not panic")
}

struct Client(BufReader<UnixStream>);

impl Client {
    fn new(path: &Path) -> Client {
        Client(BufReader::new(UnixStream::connect(path).unwrap()))
    }

    fn send(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).unwrap();
    }

    fn receive(&mut self) -> Value {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        assert!(line.ends_with('\n'), "{line}");
        serde_json::from_str(&line).unwrap()
    }

    fn ask(&mut self, request: &str) -> Value {
        self.send(format!("{request}\n").as_bytes());
        self.receive()
    }

    fn is_at_end(&mut self) -> bool {
        match self.0.read(&mut [0]) {
            Ok(count) => count == 0,
            // The other side has left bytes unread.
            Err(error) => error.kind() == ErrorKind::ConnectionReset,
        }
    }
}

fn requests() {
    patch();
    let path = socket();
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let waits = thread::Builder::new().name("waits".into());
    let waits = waits.spawn(thread::park).unwrap();
    thread::yield_now();
    outside(move || {
        let mut client = Client::new(&path);
        let about = client.ask("about");
        assert_eq!(about["pid"], std::process::id());
        let dump = client.ask("dump");
        let threads = dump["hubs"][0]["threads"].as_array().unwrap();
        let waits = threads.iter().find(|thread| thread["name"] == "waits");
        assert_eq!(waits.unwrap()["wait"]["kind"], "park");
        // The OS thread that answers is not counted, this one is.
        assert_eq!(dump["other_os_threads"], 1);
        assert_eq!(client.ask("stats")["total"]["alive"], 1);
        for request in ["nothing", "", "dumps", "DUMP", "\u{0}\u{1b}[2J"] {
            let error = client.ask(request)["error"].to_string();
            assert!(error.starts_with("\"unknown request"), "{error}");
        }
        client.send(b"\xff\xfe\n");
        assert!(client.receive()["error"].is_string());
        // Several at once, in pieces, and with the other end of a line.
        client.send(b"stats\r\nabout\nst");
        client.send(b"ats\n");
        assert!(client.receive()["total"].is_object());
        assert!(client.receive()["pid"].is_number());
        assert!(client.receive()["total"].is_object());
        // The last line may lack its end.
        client.send(b"about\nabout");
        client.0.get_ref().shutdown(Shutdown::Write).unwrap();
        assert!(client.receive()["pid"].is_number());
        assert!(client.receive()["pid"].is_number());
        assert!(client.is_at_end());
    });
    waits.thread().unpark();
    waits.join().unwrap();
}

fn long_lines() {
    patch();
    let path = socket();
    outside(move || {
        for (length, is_refused) in [(256, false), (257, true), (100_000, true)] {
            let mut client = Client::new(&path);
            // The connection may end before all is sent.
            let _ = client.0.get_mut().write_all(&vec![b'a'; length]);
            let _ = client.0.get_mut().write_all(b"\n");
            let error = client.receive()["error"].to_string();
            assert_eq!(error.contains("256 bytes at most"), is_refused, "{error}");
            if is_refused {
                assert!(client.is_at_end());
            }
        }
        assert!(Client::new(&path).ask("about")["pid"].is_number());
    });
}

/// So many threads that a dump does not fit into the buffers of a socket.
const MANY: usize = 10_000;

fn slow() {
    // SAFETY: the default action takes the place of std's.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    Patcher::new().stack_size(16 << 10).apply().unwrap();
    let parked: Vec<_> = (0..MANY).map(|_| thread::spawn(thread::park)).collect();
    let path = socket();
    outside(move || {
        let mut slow = Client::new(&path);
        slow.send(b"dump\ndump\nabout\n");
        for _ in 0..10 {
            let mut gone = Client::new(&path);
            gone.send(b"dump\ndump\n");
            drop(gone);
            assert!(Client::new(&path).ask("about")["pid"].is_number());
        }
        // One that asks and asks leaves the others their turns.
        let mut greedy = Client::new(&path);
        greedy.send("about\n".repeat(10_000).as_bytes());
        let mut other = Client::new(&path);
        let threads = |dump: &Value| dump["hubs"][0]["threads"].as_array().unwrap().len();
        assert_eq!(threads(&other.ask("dump")), MANY + 1);
        for _ in 0..2 {
            assert_eq!(threads(&slow.receive()), MANY + 1);
        }
        assert!(slow.receive()["pid"].is_number());
    });
    for thread in parked {
        thread.thread().unpark();
        thread.join().unwrap();
    }
}

fn many() {
    patch();
    let path = socket();
    outside(move || {
        let mut clients: Vec<_> = (0..8).map(|_| Client::new(&path)).collect();
        for client in &mut clients {
            assert!(client.ask("about")["pid"].is_number());
        }
        let mut refused = Client::new(&path);
        let error = refused.receive()["error"].to_string();
        assert!(error.contains("8 clients"), "{error}");
        assert!(refused.is_at_end());
        for client in &mut clients {
            assert!(client.ask("stats")["total"].is_object());
        }
        clients.pop();
        // The process notices that sooner or later.
        loop {
            let mut client = Client::new(&path);
            let _ = client.0.get_mut().write_all(b"about\n");
            let mut line = String::new();
            if client.0.read_line(&mut line).is_ok() && line.contains("\"pid\":") {
                break;
            }
        }
    });
}

fn held() {
    patch();
    let path = socket();
    let is_over = Arc::new(AtomicBool::new(false));
    let over = Arc::clone(&is_over);
    let asks = std::thread::spawn(move || {
        let mut client = Client::new(&path);
        let dump = loop {
            let dump = client.ask("dump");
            if dump["hubs"][0]["is_held"] == true {
                break dump;
            }
        };
        assert_eq!(dump["hubs"][0]["running"]["name"], "computes");
        assert!(client.ask("stats")["total"].is_object());
        over.store(true, Ordering::Release);
    });
    let computes = thread::Builder::new().name("computes".into());
    let computes = computes.spawn(move || {
        while !is_over.load(Ordering::Acquire) {
            std::hint::spin_loop();
        }
    });
    computes.unwrap().join().unwrap();
    asks.join().unwrap();
}

fn no_signals() {
    patch();
    // It has to have begun.
    let path = socket();
    outside(move || Client::new(&path).ask("about"));
    let mut found = false;
    for task in fs::read_dir("/proc/self/task").unwrap() {
        let task = task.unwrap();
        // The client's thread may end meanwhile.
        let Ok(status) = fs::read_to_string(task.path().join("status")) else {
            continue;
        };
        let field = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            line[name.len()..].trim().to_owned()
        };
        let blocked = u64::from_str_radix(&field("SigBlk:"), 16).unwrap();
        if field("Name:").starts_with("greenpatch-list") {
            found = true;
            for signal in [libc::SIGTERM, libc::SIGPIPE, libc::SIGUSR1, libc::SIGCHLD] {
                assert_ne!(blocked & (1 << (signal - 1)), 0, "{signal}");
            }
        } else if *task.file_name() == *std::process::id().to_string() {
            assert_eq!(blocked, 0, "{status}");
        }
    }
    assert!(found);
}

fn exits() {
    patch();
    assert!(socket().exists());
    let exits = || greenpatch::process::exit(3);
    thread::spawn(exits).join().unwrap();
}

fn by_default() {
    set_variable("");
    Patcher::new().listen(true).apply().unwrap();
    let folder = own_folder(&runtime_folder());
    assert_eq!(
        fs::metadata(&folder).unwrap().permissions().mode() & 0o777,
        0o700
    );
    let path = folder.join(format!("{}.sock", std::process::id()));
    outside(move || assert!(Client::new(&path).ask("about")["pid"].is_number()));
}

/// Makes a socket whose process is gone.
fn leave_stale(path: &Path) {
    drop(UnixListener::bind(path).unwrap());
    let error = UnixStream::connect(path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
}

fn stale() {
    leave_stale(&socket());
    // Those in the folder of default paths go when another process opens its own there.
    let folder = own_folder(&runtime_folder());
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
    leave_stale(&folder.join("1.sock"));
    let _living = UnixListener::bind(folder.join("2.sock")).unwrap();
    fs::write(folder.join("3.sock"), "").unwrap();
    let this = std::env::current_exe().unwrap();
    let status = Command::new(this)
        .env("GREENPATCH_LISTEN", "1")
        .env(
            "GREENPATCH_TEST_TASK",
            "without a request there is no thread",
        )
        .status();
    assert!(status.unwrap().success());
    let mut left: Vec<_> = (fs::read_dir(&folder).unwrap())
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["2.sock", "3.sock"]);
    patch();
    let path = socket();
    outside(move || assert!(Client::new(&path).ask("about")["pid"].is_number()));
}

/// Patches, which is refused, and changes nothing.
fn refused(because: &str) {
    let error = greenpatch::patch_all().unwrap_err().to_string();
    assert!(error.contains(because), "{error}");
    assert!(greenpatch::stats().hubs.is_empty());
}

fn living() {
    let _living = UnixListener::bind(socket()).unwrap();
    refused("is the socket of a process that runs; `%p` in the path gives each process its own");
    // With a path of its own it can.
    set_variable(runtime_folder().join("%p.socket").to_str().unwrap());
    patch();
    let path = runtime_folder().join(format!("{}.socket", std::process::id()));
    outside(move || assert!(Client::new(&path).ask("about")["pid"].is_number()));
}

fn no_socket() {
    fs::write(socket(), "file").unwrap();
    refused("is there already, and is no socket");
    set_variable("/no/such/folder/socket");
    refused("/no/such/folder");
}

fn folders() {
    set_variable("1");
    let folder = own_folder(&runtime_folder());
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    refused("is open to other users; its mode has to be 0700");
    fs::remove_dir(&folder).unwrap();
    let elsewhere = runtime_folder().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::set_permissions(&elsewhere, Permissions::from_mode(0o700)).unwrap();
    symlink(&elsewhere, &folder).unwrap();
    refused("is no folder");
    fs::remove_file(&folder).unwrap();
    // Only root can give a folder away.
    if std::os::unix::fs::chown(&elsewhere, Some(12345), None).is_ok() {
        fs::rename(&elsewhere, &folder).unwrap();
        refused("belongs to another user");
    }
}

fn forks() {
    patch();
    let path = socket();
    let their_path = path.clone();
    let mut client = outside(move || {
        let mut client = Client::new(&their_path);
        client.ask("about");
        client
    });
    // SAFETY: the child calls what needs no lock that another thread may hold.
    if unsafe { libc::fork() } != 0 {
        // SAFETY: it ends the process, without the handlers of `atexit`, so the file stays.
        unsafe { libc::_exit(0) };
    }
    // The parent's alarm is not inherited.
    // SAFETY: alarm has no preconditions.
    unsafe { libc::alarm(40) };
    // The other end is open in the parent until that has ended.
    let is_at_end = client.is_at_end();
    println!("{}", if is_at_end { "end of file" } else { "more" });
    // So is the socket.
    loop {
        match UnixStream::connect(&path) {
            Ok(_) => std::thread::yield_now(),
            Err(error) => {
                println!("{:?}", error.kind());
                break;
            }
        }
    }
    // SAFETY: it runs the handlers of `atexit`, which leave the file alone.
    unsafe { libc::exit(0) };
}

fn exit_of_a_child() {
    patch();
    // SAFETY: the child does nothing but exit.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: it runs the handlers of `atexit`, which is what is tested.
        unsafe { libc::exit(0) };
    }
    let mut status = 0;
    // SAFETY: the place is valid for the write.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0);
    let path = socket();
    outside(move || assert!(Client::new(&path).ask("about")["pid"].is_number()));
}

fn no_meaning() {
    for value in ["on", "yes", "socket"] {
        set_variable(value);
        refused("GREENPATCH_LISTEN is");
    }
    set_variable("0");
    Patcher::new().listen(true).apply().unwrap();
    assert!(!own_folder(&runtime_folder()).exists());
}

fn deadlock() {
    let policy = greenpatch::Deadlock::Abort;
    Patcher::new().on_deadlock(policy).apply().unwrap();
    let path = socket();
    // A client that is attached is no reason to hope.
    std::mem::forget(outside(move || {
        let mut client = Client::new(&path);
        client.ask("dump");
        client
    }));
    thread::sleep(Duration::from_millis(1));
    thread::park();
}

fn not_asked_for() {
    if std::env::var("GREENPATCH_LISTEN").unwrap() != "1" {
        set_variable("");
    }
    patch();
    let is_asked_for = std::env::var("GREENPATCH_LISTEN").unwrap() == "1";
    let tasks = fs::read_dir("/proc/self/task").unwrap().count();
    assert_eq!(tasks, if is_asked_for { 2 } else { 1 });
}
