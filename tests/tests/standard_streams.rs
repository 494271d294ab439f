//! The standard streams: not patched, and patched, on the root and on a green thread. Each case is a separate process
//! with pipes for streams.
#![allow(missing_docs)]

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use greenpatch::{eprintln, io, print, println, thread};
use greenpatch_tests::{Runner, child, limit_child, task};

/// A case: what the child does, and what its parent does with it.
type Case = (&'static str, fn(), fn(Child));

const CASES: &[Case] = &[
    ("two readers of stdin", read_lines_twice, feed_lines),
    ("all ways to read stdin", read_in_all_ways, feed_pieces),
    ("a lock held while others run", hold_locks, expect_pairs),
    ("a lock taken again", take_again, expect_taken_again),
    ("a full pipe", fill, drain_late),
    ("printing into a full pipe", print_full, drain_late),
    ("stdin that has ended", read_nothing, feed_nothing),
    (
        "stdout that is closed",
        write_to_a_closed_pipe,
        close_stdout,
    ),
    ("streams and terminals", look_at_streams, expect_success),
    ("printing in the panic hook", print_in_the_hook, expect_hook),
];

const MODES: [&str; 3] = ["not patched", "patched, root", "patched, green"];

fn main() {
    let task = task();
    let mut runner = Runner::from_args();
    for (name, body, parent) in CASES {
        for mode in MODES {
            let name = format!("{name} ({mode})");
            if task.as_ref() == Some(&name) {
                return be_the_child(*body, mode);
            }
            if task.is_some() {
                continue;
            }
            runner.test(&name, || {
                let child = child(&name)
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .stderr(Stdio::piped())
                    .spawn();
                parent(child.unwrap());
            });
        }
    }
    runner.finish();
}

fn be_the_child(body: fn(), mode: &str) {
    limit_child();
    if mode != MODES[0] {
        assert!(greenpatch::patch_all().unwrap().is_done());
    }
    if mode == MODES[2] {
        thread::spawn(body).join().unwrap();
    } else {
        body();
    }
}

/// Starts a thread that counts, and must not be blocked.
fn start_counting() -> (Arc<AtomicUsize>, Arc<AtomicBool>) {
    let (count, done) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    thread::spawn({
        let (count, done) = (count.clone(), done.clone());
        move || {
            while !done.load(Ordering::Relaxed) {
                count.fetch_add(1, Ordering::Release);
                thread::sleep(Duration::from_micros(200));
            }
        }
    });
    (count, done)
}

/// Two readers wait for input at the same time, while a third thread must run, and reports that it did.
fn read_lines_twice() {
    let (count, done) = start_counting();
    let saying = thread::spawn({
        let count = count.clone();
        move || {
            while count.load(Ordering::Acquire) < 20 {
                thread::sleep(Duration::from_micros(200));
            }
            println!("counted");
        }
    });
    let readers: Vec<_> = ["first", "second"]
        .map(|name| {
            thread::spawn(move || {
                let mut line = String::new();
                while io::stdin().read_line(&mut line).unwrap() > 0 {
                    assert!(line.ends_with('\n'));
                    println!("{name}: {}", line.trim_end());
                    line.clear();
                    thread::yield_now();
                }
            })
        })
        .into();
    saying.join().unwrap();
    for reader in readers {
        reader.join().unwrap();
    }
    done.store(true, Ordering::Relaxed);
}

fn feed_lines(mut child: Child) {
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(output.next().unwrap().unwrap(), "counted");
    let mut input = child.stdin.take().unwrap();
    for number in 0..100 {
        // Several lines at a time, or a line in pieces.
        if number % 3 == 0 {
            write!(input, "line ").and_then(|()| input.flush()).unwrap();
            writeln!(input, "{number}").unwrap();
        } else {
            writeln!(input, "line {number}").unwrap();
        }
    }
    drop(input);
    let mut lines: Vec<String> = output
        .map(|line| line.unwrap().split_once(": ").unwrap().1.to_owned())
        .collect();
    lines.sort_by_key(|line| line[5..].parse::<u32>().unwrap());
    let expected: Vec<_> = (0..100).map(|number| format!("line {number}")).collect();
    assert_eq!(lines, expected);
    expect_success(child);
}

fn read_in_all_ways() {
    let stdin = io::stdin();
    let mut three = [0; 3];
    (&stdin).read_exact(&mut three).unwrap();
    assert_eq!(&three, b"abc");
    let mut lock = stdin.lock();
    assert!(lock.fill_buf().unwrap().starts_with(b"d"));
    lock.consume(1);
    let mut until = Vec::new();
    assert_eq!(lock.read_until(b'\n', &mut until).unwrap(), 3);
    assert_eq!(until, b"ef\n");
    drop(lock);
    let mut large = vec![0; 20_000];
    let mut moved = 0;
    while moved < 100_000 {
        moved += (&stdin).read(&mut large).unwrap();
    }
    println!("{moved}");
    let mut line = String::new();
    assert_eq!(stdin.read_line(&mut line).unwrap(), 5);
    let lines: Vec<_> = io::stdin()
        .lines()
        .take(2)
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(
        (line.as_str(), &lines[..]),
        ("line\n", &["1".into(), "2".into()][..])
    );
    // std's stdin returns the bytes that greenpatch has buffered.
    std::io::stdin().read_line(&mut line).unwrap();
    assert_eq!(line, "line\nfor std\n");
    assert_eq!(io::read_to_string(stdin).unwrap(), "rest");
}

fn feed_pieces(mut child: Child) {
    let mut input = child.stdin.take().unwrap();
    for piece in ["a", "bcde", "f\n"] {
        input.write_all(piece.as_bytes()).unwrap();
        std::thread::sleep(Duration::from_micros(500));
    }
    input.write_all(&[b'x'; 100_000]).unwrap();
    let mut moved = String::new();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut moved).unwrap();
    assert_eq!(moved, "100000\n");
    input.write_all(b"line\n1\n2\nfor std\nrest").unwrap();
    drop(input);
    expect_success(child);
}

/// Each thread holds a stream while other threads run that wait for it.
fn hold_locks() {
    let threads: Vec<_> = (0..10)
        .map(|number| {
            thread::spawn(move || {
                for _ in 0..10 {
                    if number % 2 == 0 {
                        let mut lock = io::stdout().lock();
                        writeln!(lock, "{number}").unwrap();
                        thread::sleep(Duration::from_micros(50));
                        writeln!(lock, "{number}").unwrap();
                    } else {
                        // Formatting yields in the middle, with the lock held.
                        println!("{number}\n{}", Slow(number));
                    }
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

struct Slow(usize);

impl std::fmt::Display for Slow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        thread::sleep(Duration::from_micros(50));
        self.0.fmt(f)
    }
}

fn expect_pairs(child: Child) {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 200);
    for pair in lines.chunks(2) {
        assert_eq!(pair[0], pair[1], "another thread wrote in between");
    }
}

fn take_again() {
    let mut outer = io::stdout().lock();
    let mut inner = io::stdout().lock();
    write!(inner, "1").unwrap();
    print!("2{}", 3);
    write!(outer, "4").unwrap();
    drop(outer);
    // This thread still holds the lock: the other one waits.
    let other = thread::spawn(|| println!("5"));
    thread::yield_now();
    writeln!(io::stdout(), ".").unwrap();
    drop(inner);
    other.join().unwrap();
    let errors = io::stderr().lock();
    eprintln!("{:>3}", 7);
    eprintln!();
    drop(errors);
    io::stdout().flush().unwrap();
}

fn expect_taken_again(child: Child) {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(output.stdout, b"1234.\n5\n");
    assert_eq!(output.stderr, b"  7\n\n");
}

const FILLING: usize = 300_000;

/// The parent reads only after this has reported, on the other stream, that another of its threads still runs.
fn fill() {
    fill_with(|text| io::stdout().write_all(text.as_bytes()).unwrap());
}

fn print_full() {
    fill_with(|text| print!("{text}"));
}

fn fill_with(write: fn(&str)) {
    let (count, done) = start_counting();
    let saying = thread::spawn({
        let count = count.clone();
        move || {
            while count.load(Ordering::Acquire) < 50 {
                thread::sleep(Duration::from_micros(200));
            }
            eprintln!("counted");
        }
    });
    let text: String = (0..FILLING)
        .map(|number| (b'a' + (number / 999 % 26) as u8) as char)
        .collect();
    let (small, large) = text.split_at(FILLING / 2);
    for start in (0..small.len()).step_by(100) {
        write(&small[start..small.len().min(start + 100)]);
    }
    write(large);
    saying.join().unwrap();
    done.store(true, Ordering::Relaxed);
}

fn drain_late(mut child: Child) {
    let mut errors = BufReader::new(child.stderr.take().unwrap()).lines();
    assert_eq!(errors.next().unwrap().unwrap(), "counted");
    let mut all = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut all).unwrap();
    assert_eq!(all.len(), FILLING);
    assert!(
        all.iter()
            .enumerate()
            .all(|(number, byte)| *byte == b'a' + (number / 999 % 26) as u8)
    );
    expect_success(child);
}

fn read_nothing() {
    let mut line = String::new();
    assert_eq!(io::stdin().read_line(&mut line).unwrap(), 0);
    assert_eq!(io::stdin().read(&mut [0; 100]).unwrap(), 0);
    assert_eq!(io::stdin().read(&mut vec![0; 100_000]).unwrap(), 0);
    assert_eq!(io::stdin().lines().count(), 0);
}

fn feed_nothing(mut child: Child) {
    drop(child.stdin.take());
    expect_success(child);
}

fn write_to_a_closed_pipe() {
    let mut go = String::new();
    io::stdin().read_line(&mut go).unwrap();
    let error = io::stdout().write_all(&[b'x'; 10_000]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    let panicked = thread::spawn(|| println!("{}", "x".repeat(10_000))).join();
    let payload = panicked.unwrap_err();
    let message = payload.downcast_ref::<String>().unwrap();
    assert!(
        message.starts_with("failed printing to stdout"),
        "{message}"
    );
}

fn close_stdout(mut child: Child) {
    drop(child.stdout.take());
    child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    expect_success(child);
}

fn look_at_streams() {
    use greenpatch::io::IsTerminal;
    use std::os::fd::AsRawFd;

    assert!(!io::stdin().is_terminal() && !io::stdout().lock().is_terminal());
    assert!(!io::stderr().is_terminal() && !std::io::stderr().is_terminal());
    assert_eq!(io::stdin().lock().as_raw_fd(), 0);
    assert_eq!(io::stdout().as_raw_fd(), 1);
    assert_eq!(io::stderr().lock().as_raw_fd(), 2);
    let echo = greenpatch::process::Command::new("echo")
        .arg("there")
        .stdout(io::stderr())
        .status();
    assert!(echo.unwrap().success());
}

/// A thread panics while another, which is not running, holds the stream that the hook prints to.
fn print_in_the_hook() {
    greenpatch::panic::set_hook(Box::new(|info| {
        eprintln!("hook: {}", info.payload_as_str().unwrap());
    }));
    let lock = io::stderr().lock();
    let panicking = thread::spawn(|| panic!("on purpose"));
    for _ in 0..10 {
        thread::yield_now();
    }
    drop(lock);
    assert!(panicking.join().is_err());
}

fn expect_hook(child: Child) {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(output.stderr, b"hook: on purpose\n");
}

fn expect_success(child: Child) {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
}
