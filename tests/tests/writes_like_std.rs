//! The standard streams are written by the same calls, in the same order, as with std. Each program runs with std and with
//! greenpatch, in processes with sockets for streams, which keep the boundaries of writes.
#![allow(missing_docs, clippy::explicit_write)]

use std::cell::OnceCell;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

use greenpatch_tests::{Runner, child, limit_child, task};

/// A program, written against std and compiled twice.
type Program = (&'static str, fn());

const MODES: [&str; 4] = ["std", "not patched", "patched, root", "patched, green"];

/// The programs, with `$std` for the crate of `print!` and `io`.
macro_rules! programs {
    ($module:ident, $std:ident) => {
        mod $module {
            use std::fmt::{self, Display, Formatter, Write as _};
            use std::io::{IoSlice, Write};

            use $std::io::{stderr, stdout};
            use $std::{eprint, eprintln, print, println, thread};

            use super::{Program, caught, close_stdout};

            pub(crate) const PROGRAMS: &[Program] = &[
                ("long texts", long_texts),
                ("texts in pieces", texts_in_pieces),
                ("handles and locks", handles_and_locks),
                ("standard error", standard_error),
                ("a Display that prints", a_display_that_prints),
                ("a Display that panics", a_display_that_panics),
                ("a Display that fails", a_display_that_fails),
                ("a stream that fails", a_stream_that_fails),
            ];

            fn long_texts() {
                let long = "x".repeat(3000);
                print!("{long}\n");
                println!("{long}");
                println!("a literal");
                let line = long.clone() + "\n";
                print!("{line}");
                print!("{line}{line}");
                print!("before");
                print!("{line}");
                print!("{}", (line + &long[..2000]).repeat(3));
                print!("the rest, at exit");
            }

            fn texts_in_pieces() {
                print!("1{}2{:>5}3", 'a', 7);
                println!();
                println!("{}\n{}", "x".repeat(1023), "y".repeat(1024));
                println!("{:?} {:#?}", Some("text"), vec![1, 2]);
                for number in 0..300 {
                    print!("{number} ");
                }
                println!("{:5000}|", "padded");
            }

            fn handles_and_locks() {
                let (long, mut handle) = ("x".repeat(1500), stdout());
                writeln!(handle, "{long}{}", 5).unwrap();
                let mut lock = stdout().lock();
                write!(lock, "{}\n{long}", 6).unwrap();
                print!("within{}", 7);
                writeln!(lock, "{long}").unwrap();
                drop(lock);
                handle
                    .write_all(format!("a\nb\n{long}").as_bytes())
                    .unwrap();
                handle.flush().unwrap();
                let slices = [long.as_bytes(), b"\nc", b"", b"\n", b"d"].map(IoSlice::new);
                let written = handle.write_vectored(&slices).unwrap();
                println!("{written} {}", (&handle).write(b"e\nf").unwrap());
            }

            fn standard_error() {
                let long = "x".repeat(3000);
                eprint!("{long}{}{long}\n", 1);
                eprintln!("{long}");
                eprintln!("{} {}", 1, 2);
                eprintln!();
                writeln!(stderr(), "{long}{}", 3).unwrap();
                writeln!(stderr().lock(), "{:>3}{}", 4, "five").unwrap();
            }

            /// Prints while it is printed.
            struct Prints(usize);

            impl Display for Prints {
                fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
                    f.write_str("{")?;
                    println!("out {}", self.0);
                    eprintln!("error {}", self.0);
                    if self.0 > 0 {
                        write!(f, "{}", Prints(self.0 - 1))?;
                    }
                    write!(stdout(), "{}", "y".repeat(1100)).unwrap();
                    f.write_str("}")
                }
            }

            fn a_display_that_prints() {
                print!("a{}b{}\n", Prints(2), Prints(0));
                eprintln!("a{}b", Prints(1));
                writeln!(stdout().lock(), "a{}b", Prints(1)).unwrap();
            }

            /// Panics while it is printed.
            struct Panics;

            impl Display for Panics {
                fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
                    writeln!(f, "{}", "before the panic".repeat(100))?;
                    f.write_str("this as well")?;
                    std::panic::resume_unwind(Box::new("on purpose"))
                }
            }

            fn a_display_that_panics() {
                let caught = [
                    caught(|| println!("1{}after", Panics)),
                    caught(|| eprintln!("2{}after", Panics)),
                    caught(|| writeln!(stdout(), "3{}after", Panics).unwrap()),
                    caught(|| writeln!(stdout().lock(), "4{}after", Panics).unwrap()),
                    caught(|| writeln!(stderr(), "5{}after", Panics).unwrap()),
                ];
                println!("{caught:?}");
                // Neither stream is left locked.
                thread::spawn(|| {
                    println!("out");
                    eprintln!("error");
                })
                .join()
                .unwrap();
            }

            /// Fails without an error of the stream.
            struct Fails;

            impl Display for Fails {
                fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
                    f.write_str("before the error")?;
                    Err(fmt::Error)
                }
            }

            fn a_display_that_fails() {
                let caught = [
                    caught(|| println!("1{}after", Fails)),
                    caught(|| eprintln!("2{}after", Fails)),
                    caught(|| drop(writeln!(stdout(), "3{}after", Fails))),
                ];
                println!("{caught:?}");
            }

            /// Continues after an error of the stream, and hides it if the flag is set.
            struct GoesOn(bool);

            impl Display for GoesOn {
                fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
                    let first = f.write_str(&"x\n".repeat(2000));
                    eprintln!("the first: {first:?}");
                    let second = f.write_char('\n');
                    eprintln!("the second: {second:?}");
                    if self.0 { Ok(()) } else { first }
                }
            }

            fn a_stream_that_fails() {
                close_stdout();
                for text in ["\n".to_owned(), "x".repeat(3000) + "\n"] {
                    let caught = [
                        caught(|| print!("{text}")),
                        caught(|| println!("{}", GoesOn(false))),
                        caught(|| print!("{}", GoesOn(true))),
                    ];
                    eprintln!("{caught:?}");
                    eprintln!("{:?}", stdout().write_all(text.as_bytes()));
                    eprintln!("{:?}", write!(stdout(), "{text}{}", GoesOn(true)));
                }
            }
        }
    };
}

programs!(with_std, std);
programs!(with_greenpatch, greenpatch);

/// Returns the message of the panic that `f` ends in, if it does.
fn caught(f: impl FnOnce() + std::panic::UnwindSafe) -> String {
    let Err(payload) = std::panic::catch_unwind(f) else {
        return "no panic".into();
    };
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => payload.downcast_ref::<&str>().unwrap().to_string(),
    }
}

/// Replaces the standard output by a pipe without a reader.
fn close_stdout() {
    use std::os::fd::AsRawFd;

    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    // SAFETY: both are open descriptors.
    assert_eq!(unsafe { libc::dup2(writer.as_raw_fd(), 1) }, 1);
}

fn main() {
    if let Some(task) = task() {
        let (program, mode) = task.split_once(' ').unwrap();
        return be_the_child(program, mode);
    }
    let mut runner = Runner::from_args();
    for (number, (name, _)) in with_std::PROGRAMS.iter().enumerate() {
        let expected = OnceCell::new();
        for mode in &MODES[1..] {
            runner.test(&format!("{name} ({mode})"), || {
                let expected = expected.get_or_init(|| writes_of(number, MODES[0]));
                assert!(expected.iter().any(|stream| !stream.is_empty()));
                for (stream, (found, expected)) in ["standard output", "standard error"]
                    .into_iter()
                    .zip(writes_of(number, mode).iter().zip(expected))
                {
                    same_writes(stream, found, expected);
                }
            });
        }
    }
    for mode in MODES {
        let name = format!("lines of two processes ({mode})");
        runner.test(&name, || lines_of_two_processes(mode));
    }
    runner.finish();
}

fn be_the_child(program: &str, mode: &str) {
    limit_child();
    // The intended panics are not reported.
    std::panic::set_hook(Box::new(|_| ()));
    let case = match program.parse::<usize>() {
        Ok(number) if mode == MODES[0] => with_std::PROGRAMS[number].1,
        Ok(number) => with_greenpatch::PROGRAMS[number].1,
        Err(_) if mode == MODES[0] => || print_lines(|line| std::print!("{line}")),
        Err(_) => || print_lines(|line| greenpatch::print!("{line}")),
    };
    if mode.starts_with("patched") {
        assert!(greenpatch::patch_all().unwrap().is_done());
    }
    if mode == "patched, green" {
        greenpatch::thread::spawn(case).join().unwrap();
    } else {
        case();
    }
}

fn child_for(program: &str, mode: &str) -> Command {
    child(&format!("{program} {mode}"))
}

/// Runs a program, and returns what each call wrote to its standard output and error.
fn writes_of(number: usize, mode: &str) -> [Vec<Vec<u8>>; 2] {
    let pair = || {
        let kind = socket2::Type::SEQPACKET;
        socket2::Socket::pair(socket2::Domain::UNIX, kind, None).unwrap()
    };
    let [(output, to_output), (error, to_error)] = [pair(), pair()];
    let mut command = child_for(&number.to_string(), mode);
    command
        .stdout(std::os::fd::OwnedFd::from(to_output))
        .stderr(std::os::fd::OwnedFd::from(to_error));
    let mut child = command.spawn().unwrap();
    drop(command);
    let writes = [output, error]
        .map(|mut socket| {
            std::thread::spawn(move || {
                let mut writes = Vec::new();
                let mut buffer = vec![0; 100_000];
                loop {
                    match socket.read(&mut buffer).unwrap() {
                        0 => return writes,
                        length => writes.push(buffer[..length].to_vec()),
                    }
                }
            })
        })
        .map(|reader| reader.join().unwrap());
    assert!(child.wait().unwrap().success(), "{}", show(&writes[1]));
    writes
}

#[track_caller]
fn same_writes(stream: &str, found: &[Vec<u8>], expected: &[Vec<u8>]) {
    assert!(
        found == expected,
        "other writes to {stream} than std's:\n{}\nstd's:\n{}",
        show(found),
        show(expected)
    );
}

/// Formats one line for each write, without the middle of long writes.
fn show(writes: &[Vec<u8>]) -> String {
    let lines = writes.iter().map(|bytes| {
        let text = String::from_utf8_lossy(bytes);
        let shown = if text.len() > 80 {
            format!("{:?} ... {:?}", &text[..40], &text[text.len() - 20..])
        } else {
            format!("{text:?}")
        };
        format!("{:>6} bytes: {shown}\n", text.len())
    });
    lines.collect()
}

const LINES: usize = 500;

/// Prints lines of 3,000 bytes, which a pipe takes whole.
fn print_lines(print: fn(&str)) {
    let mut letter = String::new();
    std::io::stdin().read_to_string(&mut letter).unwrap();
    let line = letter.repeat(2999) + "\n";
    for _ in 0..LINES {
        print(&line);
    }
}

fn lines_of_two_processes(mode: &str) {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut children = ["a", "b"].map(|letter| {
        let mut command = child_for("lines", mode);
        command.stdin(Stdio::piped());
        let mut child = command.stdout(writer.try_clone().unwrap()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(letter.as_bytes()).unwrap();
        child
    });
    drop(writer);
    let mut all = String::new();
    reader.read_to_string(&mut all).unwrap();
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(all.len(), 2 * LINES * 3000);
    for line in all.lines() {
        let letter = &line[..1];
        assert!(
            line.len() == 2999 && line.trim_matches(letter.as_bytes()[0] as char).is_empty(),
            "a line was torn"
        );
    }
}
