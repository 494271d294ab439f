//! `process`: child processes and the pipes to them.

use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use greenpatch::os::unix::process::CommandExt;
use greenpatch::process::{Child, Command, Stdio};
use greenpatch::thread;

use crate::Case;

pub(crate) const CASES: &[Case] = &[
    ("output and status", output_and_status),
    ("both outputs, more than pipes hold", both_outputs),
    ("a child that waits for us", a_child_that_waits_for_us),
    ("others run while a child does", others_run),
    ("try_wait and kill", try_wait_and_kill),
    ("wait closes the input", wait_closes_the_input),
    ("many children at a time", many_children),
    ("one command, run in several ways", one_command_several_ways),
    ("the environment of a child", environment),
    ("what Unix can do", what_unix_can_do),
    ("a program that is not there", not_there),
    ("a child into a child", a_child_into_a_child),
    ("children from and to std's", from_and_to_std),
];

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(script);
    command
}

fn output_and_status() {
    let output = shell("echo out; echo err >&2; exit 3").output().unwrap();
    assert_eq!(output.stdout, b"out\n");
    assert_eq!(output.stderr, b"err\n");
    assert_eq!(output.status.code(), Some(3));
    assert!(Command::new("true").status().unwrap().success());
    assert_eq!(shell("kill -9 $$").status().unwrap().signal(), Some(9));
}

fn both_outputs() {
    let script = "head -c 300000 /dev/zero >&2; head -c 300000 /dev/zero; head -c 5 /dev/zero >&2";
    let output = shell(script).output().unwrap();
    assert_eq!(output.stdout.len(), 300_000);
    assert_eq!(output.stderr.len(), 300_005);
    let only = shell(script).stderr(Stdio::null()).output().unwrap();
    assert_eq!((only.stdout.len(), only.stderr.len()), (300_000, 0));
    // Each closes long before the child ends.
    let early = shell("exec 2>&-; echo out; exec >&-; exit 2")
        .output()
        .unwrap();
    assert_eq!(
        (&early.stdout[..], early.status.code()),
        (&b"out\n"[..], Some(2))
    );
}

/// The child ends when another greenpatch thread has written to it.
fn a_child_that_waits_for_us() {
    let mut child = Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writing = thread::spawn(move || {
        thread::yield_now();
        stdin.write_all(&[b'x'; 300_000]).unwrap();
    });
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    assert_eq!(output.stdout.len(), 300_000);
    assert!(output.status.success());
}

/// Waiting for a child does not block the thread that ends the child.
fn others_run() {
    let mut child = Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let stdin = child.stdin.take().unwrap();
    let closed = Arc::new(AtomicBool::new(false));
    let closing = thread::spawn({
        let closed = closed.clone();
        move || {
            for _ in 0..5 {
                thread::sleep(std::time::Duration::from_micros(300));
            }
            closed.store(true, Ordering::Release);
            drop(stdin);
        }
    });
    assert!(child.wait().unwrap().success());
    assert!(closed.load(Ordering::Acquire));
    // The child has ended and is reaped.
    assert!(child.wait().unwrap().success());
    assert!(child.try_wait().unwrap().unwrap().success());
    closing.join().unwrap();
}

fn try_wait_and_kill() {
    let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
    assert!(child.id() > 0);
    assert_eq!(child.try_wait().unwrap(), None);
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    child.kill().unwrap();

    // Polling lets the thread run that ends the child.
    let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
    let stdin = child.stdin.take().unwrap();
    let closing = thread::spawn(move || drop(stdin));
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
    };
    assert!(status.success());
    closing.join().unwrap();
}

fn wait_closes_the_input() {
    let mut child = Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    assert!(child.wait().unwrap().success());
    assert!(child.stdin.is_none());
    let mut all = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut all).unwrap();
    assert_eq!(all, b"");
}

fn many_children() {
    let threads: Vec<_> = (0..20)
        .map(|number| {
            thread::spawn(move || {
                let script = format!("read line; echo $line {number}; exit {number}");
                let mut child = shell(&script)
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .stderr(Stdio::piped())
                    .spawn()
                    .unwrap();
                writeln!(child.stdin.as_mut().unwrap(), "child").unwrap();
                let output = child.wait_with_output().unwrap();
                assert_eq!(output.stdout, format!("child {number}\n").into_bytes());
                assert_eq!(output.status.code(), Some(number));
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

/// The streams that `output` sets by default do not persist in the command.
fn one_command_several_ways() {
    let mut command = Command::new("cat");
    assert_eq!(command.output().unwrap().stdout, b"");
    command.stdin(Stdio::piped());
    let child = command.spawn().unwrap();
    assert!(child.stdin.is_some() && child.stdout.is_none() && child.stderr.is_none());
    assert!(child.wait_with_output().unwrap().stdout.is_empty());
    let mut command = shell("echo out; echo err >&2");
    command.stderr(Stdio::null());
    let output = command.output().unwrap();
    assert_eq!(
        (&output.stdout[..], &output.stderr[..]),
        (&b"out\n"[..], &b""[..])
    );
    let output = command.stdout(Stdio::null()).output().unwrap();
    assert_eq!(output.stdout, b"");
}

fn environment() {
    let mut command = shell("echo $ONE$TWO$THREE; pwd");
    command
        .env("ONE", "1")
        .envs([("TWO", "2"), ("THREE", "3")])
        .env_remove("THREE")
        .current_dir("/");
    assert_eq!(command.output().unwrap().stdout, b"12\n/\n");
    assert_eq!(command.get_program(), "sh");
    assert_eq!(command.get_args().count(), 2);
    assert_eq!(command.get_envs().count(), 3);
    assert_eq!(command.get_current_dir().unwrap().to_str(), Some("/"));
    assert!(format!("{command:?}").contains("sh"));
    let path = std::env::var_os("PATH").unwrap();
    let cleared = Command::new("env")
        .env_clear()
        .env("PATH", &path)
        .output()
        .unwrap();
    assert_eq!(
        cleared.stdout.iter().filter(|byte| **byte == b'\n').count(),
        1
    );
}

fn what_unix_can_do() {
    let mut command = shell("echo $0");
    command.arg0("renamed").process_group(0);
    // SAFETY: it does nothing.
    unsafe { command.pre_exec(|| Ok(())) };
    assert_eq!(command.output().unwrap().stdout, b"renamed\n");
    let mut failing = shell("true");
    // SAFETY: an error of the system is made without allocating.
    unsafe { failing.pre_exec(|| Err(std::io::Error::from_raw_os_error(5))) };
    assert_eq!(failing.spawn().unwrap_err().raw_os_error(), Some(5));
}

fn not_there() {
    let error = Command::new("/nowhere/at all").spawn().unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    assert!(Command::new("/nowhere/at all").output().is_err());
}

fn a_child_into_a_child() {
    let mut first = Command::new("echo")
        .arg("passed on")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let second = Command::new("cat")
        .stdin(first.stdout.take().unwrap())
        .output()
        .unwrap();
    assert_eq!(second.stdout, b"passed on\n");
    assert!(first.wait().unwrap().success());
}

fn from_and_to_std() {
    let mut child = Child::from(
        std::process::Command::new("cat")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    child.stdin.as_mut().unwrap().write_all(b"std's").unwrap();
    let child = std::process::Child::from(child);
    assert_eq!(child.wait_with_output().unwrap().stdout, b"std's");
}
