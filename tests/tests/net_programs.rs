//! Real programs at the other end: curl and wrk send requests to the example `http_server`, green threads to
//! redis-server, and the example `crawler` crawls nginx. A test is skipped, with a message, if its program is
//! missing.
//!
//! The programs are in Debian's packages curl, wrk, redis-server and nginx-light. All stay on
//! loopback, and for a bounded time.
#![allow(missing_docs)]

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use greenpatch_tests::watchdog;

/// A process that is killed when dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Returns the path of a program, or prints that the test is skipped if it is missing.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin")])
        .map(|folder| folder.join(name))
        .find(|path| path.is_file());
    if found.is_none() {
        println!("left out: there is no {name} here");
    }
    found
}

/// The folder of the examples, built in this test's own profile.
fn examples() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "-p", "greenpatch-examples"]);
        build.args(["--example", "http_server", "--example", "crawler"]);
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        assert!(build.status().unwrap().success());
        let me = std::env::current_exe().unwrap();
        me.ancestors().nth(2).unwrap().join("examples")
    })
}

/// Starts the example `http_server`, green or native, and returns it with its address.
fn http_server(native: bool) -> (Running, SocketAddr) {
    let mut command = Command::new(examples().join("http_server"));
    command.args(["--seconds", "60"]).stdout(Stdio::piped());
    if native {
        command.arg("--native");
    }
    let mut child = command.spawn().unwrap();
    let output = child.stdout.take().unwrap();
    let running = Running(child);
    let address = BufReader::new(output)
        .lines()
        .find_map(|line| Some(line.unwrap().strip_prefix("listening on http://")?.parse()))
        .expect("the server says where it listens");
    (running, address.unwrap())
}

/// Returns a port that is free now.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A temporary folder, removed when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let name = format!("greenpatch-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Waits until the port accepts connections.
fn wait_for(port: u16) {
    let end = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < end, "no listener on port {port}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn curl_asks_the_http_server() {
    let _watchdog = watchdog(Duration::from_secs(170));
    let Some(curl) = program("curl") else { return };
    for native in [false, true] {
        let (_server, address) = http_server(native);
        // All over one connection, and each over its own.
        let url = format!("http://{address}/[1-50]");
        for header in ["Connection: keep-alive", "Connection: close"] {
            let mut curl = Command::new(&curl);
            let output = curl.args(["-s", "-m", "30", "-H", header, &url]).output();
            let output = output.unwrap();
            assert!(output.status.success());
            let text = String::from_utf8(output.stdout).unwrap();
            let expected = (1..=50).map(|number| format!("You asked for /{number}.\n"));
            assert_eq!(text, expected.collect::<String>());
        }
    }
}

#[test]
fn wrk_asks_the_http_server() {
    let _watchdog = watchdog(Duration::from_secs(170));
    let Some(wrk) = program("wrk") else { return };
    let (server, address) = http_server(false);
    let url = format!("http://{address}/");
    let output = Command::new(wrk)
        .args(["-t1", "-c100", "-d2s", &url])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    println!("{text}");
    assert!(output.status.success());
    for trouble in ["Socket errors", "Non-2xx"] {
        assert!(!text.contains(trouble), "{text}");
    }
    let requests = text.lines().find(|line| line.contains("requests in"));
    let requests = requests.unwrap().trim().split(' ').next().unwrap();
    assert!(requests.parse::<u32>().unwrap() > 500);
    // A hundred connections, and no OS thread for any.
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.0.id()));
    if let Ok(status) = status {
        assert!(status.contains("Threads:\t1\n"), "{status}");
    }
}

#[test]
fn the_crawler_crawls_nginx() {
    const PAGES: usize = 1000;
    let _watchdog = watchdog(Duration::from_secs(170));
    let Some(nginx) = program("nginx") else {
        return;
    };
    let folder = Folder::new("nginx");
    let root = folder.0.display();
    for number in 0..PAGES {
        let links: String = [2 * number + 1, 2 * number + 2]
            .into_iter()
            .filter(|link| *link < PAGES)
            .map(|link| format!("<a href=\"/{link}.html\">{link}</a>\n"))
            .collect();
        std::fs::write(folder.0.join(format!("{number}.html")), links).unwrap();
    }
    let port = free_port();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .into_iter()
        .map(|what| format!("{what}_temp_path {root}/temporary;"))
        .collect();
    let configuration = format!(
        "daemon off; master_process off; pid {root}/pid; error_log {root}/errors; \
         events {{ worker_connections 2000; }} \
         http {{ access_log off; {temporary} \
         server {{ listen 127.0.0.1:{port} backlog=2000; root {root}; }} }}"
    );
    let file = folder.0.join("nginx.conf");
    std::fs::write(&file, configuration).unwrap();
    let server = Command::new(nginx)
        .arg("-e")
        .arg(folder.0.join("errors"))
        .arg("-c")
        .arg(&file)
        .spawn();
    let _server = Running(server.unwrap());
    wait_for(port);
    let crawled = Command::new(examples().join("crawler"))
        .args(["--server", &format!("127.0.0.1:{port}")])
        .args(["--pages", &PAGES.to_string()])
        .output()
        .unwrap();
    let text = String::from_utf8(crawled.stdout).unwrap();
    let errors = String::from_utf8(crawled.stderr).unwrap();
    assert!(crawled.status.success(), "{text}{errors}");
    assert!(text.contains(&format!("requests: {PAGES},")), "{text}");
}

/// A hand-written blocking client: a thousand green threads, each with a connection on which several commands are
/// pipelined.
#[greenpatch::patchable]
mod redis {
    use std::io::{self, BufRead, BufReader, Read, Write};
    use std::net::TcpStream;
    use std::thread;

    const CLIENTS: usize = 1000;
    const COMMANDS: usize = 50;

    pub(super) fn run(port: u16) -> usize {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| thread::spawn(move || client(port, number)))
            .collect();
        let answers = clients.into_iter().map(|client| client.join());
        let answers = answers.map(|answer| answer.expect("no client panics"));
        answers.map(|answer| answer.expect("no client fails")).sum()
    }

    /// Counts how many answers were right.
    fn client(port: u16, number: usize) -> io::Result<usize> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        let mut reader = BufReader::new(&stream);
        let mut commands = Vec::new();
        for turn in 0..COMMANDS {
            let key = format!("key-{number}-{turn}");
            let value = format!("value {}", number * turn);
            command(&mut commands, &["SET", &key, &value]);
            command(&mut commands, &["GET", &key]);
            command(&mut commands, &["INCR", "all"]);
        }
        (&stream).write_all(&commands)?;
        let mut right = 0;
        for turn in 0..COMMANDS {
            right += usize::from(line(&mut reader)? == "+OK");
            let length: usize = line(&mut reader)?[1..].parse().map_err(io::Error::other)?;
            let mut value = vec![0; length + 2];
            reader.read_exact(&mut value)?;
            let expected = format!("value {}\r\n", number * turn);
            right += usize::from(value == expected.as_bytes());
            right += usize::from(line(&mut reader)?.starts_with(':'));
        }
        Ok(right)
    }

    pub(super) fn total(port: u16) -> io::Result<String> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        let mut commands = Vec::new();
        command(&mut commands, &["INCRBY", "all", "0"]);
        (&stream).write_all(&commands)?;
        line(&mut BufReader::new(&stream))
    }

    fn command(commands: &mut Vec<u8>, words: &[&str]) {
        commands.extend(format!("*{}\r\n", words.len()).bytes());
        for word in words {
            commands.extend(format!("${}\r\n{word}\r\n", word.len()).bytes());
        }
    }

    fn line(reader: &mut impl BufRead) -> io::Result<String> {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }

    pub(super) fn expected() -> (usize, String) {
        (CLIENTS * COMMANDS * 3, format!(":{}", CLIENTS * COMMANDS))
    }
}

/// The one test of this process that patches it.
#[test]
fn green_threads_ask_redis() {
    let _watchdog = watchdog(Duration::from_secs(170));
    let Some(server) = program("redis-server") else {
        return;
    };
    let folder = Folder::new("redis");
    let port = free_port();
    let server = Command::new(server)
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args(["--save", "", "--maxclients", "2000", "--dir"])
        .arg(&folder.0)
        .stdout(Stdio::null())
        .spawn();
    let _server = Running(server.unwrap());
    wait_for(port);
    assert!(greenpatch::patch_all().unwrap().is_done());
    let total = redis::run(port);
    assert_eq!((total, redis::total(port).unwrap()), redis::expected());
}
