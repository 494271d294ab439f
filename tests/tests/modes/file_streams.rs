//! `fs::File` on pipes, sockets, terminals and devices. A transfer that waits must let the thread run that ends the wait,
//! also if files are accessed in place.

use std::ffi::CStr;
use std::io::{ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::Duration;

use greenpatch::fs::{self, File, OpenOptions};
use greenpatch::os::unix::net::{UnixDatagram, UnixStream};
use greenpatch::process::{Command, Stdio};
use greenpatch::{io, thread};

use crate::Case;
use crate::files::{Scratch, make_a_pipe};

pub(crate) const CASES: &[Case] = &[
    ("a file of a pipe", of_a_pipe),
    ("a duplicate of a file of a pipe", duplicate_of_a_pipe),
    ("a file of a socket", of_a_socket),
    ("a file of a socket of messages", of_a_socket_of_messages),
    ("a file of a terminal", of_a_terminal),
    ("a terminal that is full", terminal_that_is_full),
    ("a terminal as the ends of a pipe", terminal_as_a_pipe),
    ("a file of an event counter", of_an_event_counter),
    ("a pipe opened by its number", pipe_by_its_number),
    ("a named pipe in pieces", named_pipe_in_pieces),
    ("a named pipe is copied and read whole", named_pipe_whole),
    ("the mode of a file of a pipe", mode_of_a_pipe),
    ("a file of a pipe as a child's stream", as_a_childs_stream),
];

/// More bytes than the buffer of a pipe, a socket or a terminal.
const LARGE: usize = 500_000;

fn pause() {
    thread::sleep(Duration::from_micros(300));
}

fn pipe() -> (File, File) {
    let (reader, writer) = io::pipe().unwrap();
    (OwnedFd::from(reader).into(), OwnedFd::from(writer).into())
}

/// Sends bytes in pieces while the other end is read.
fn stream(mut reader: File, mut writer: File) {
    let writing = thread::spawn(move || {
        for piece in ["a", "bc", "def"] {
            pause();
            assert_eq!(writer.write(piece.as_bytes()).unwrap(), piece.len());
        }
        pause();
        let written = writer.write_vectored(&[IoSlice::new(b"gh"), IoSlice::new(b"i")]);
        assert_eq!(written.unwrap(), 3);
        // One call writes all of it.
        assert_eq!(writer.write(&[7; LARGE]).unwrap(), LARGE);
        writer.write_all(&[8; LARGE]).unwrap();
        writer.flush().unwrap();
    });
    let mut buffer = [0; 6];
    reader.read_exact(&mut buffer).unwrap();
    assert_eq!(&buffer, b"abcdef");
    let (mut first, mut second) = ([0; 1], [0; 2]);
    let mut places = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
    assert_eq!(reader.read_vectored(&mut places).unwrap(), 3);
    assert_eq!((&first, &second), (b"g", b"hi"));
    let mut rest = Vec::new();
    assert_eq!(reader.read_to_end(&mut rest).unwrap(), 2 * LARGE);
    assert!(rest[..LARGE].iter().all(|byte| *byte == 7));
    assert!(rest[LARGE..].iter().all(|byte| *byte == 8));
    assert_eq!(reader.read(&mut buffer).unwrap(), 0);
    writing.join().unwrap();
}

fn of_a_pipe() {
    let (reader, writer) = pipe();
    stream(reader, writer);

    let (reader, mut writer) = pipe();
    drop(reader);
    let error = writer.write(b"no reader").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);

    let (mut reader, mut writer) = pipe();
    let writing = thread::spawn(move || {
        pause();
        writer.write_all("text".as_bytes()).unwrap();
    });
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert_eq!(text, "text");
    writing.join().unwrap();
}

fn duplicate_of_a_pipe() {
    let (mut reader, writer) = pipe();
    let mut second = writer.try_clone().unwrap();
    let writing = thread::spawn(move || {
        second.write_all(&[1; LARGE]).unwrap();
        (&writer).write_all(&[1; LARGE]).unwrap();
        writer.try_clone().unwrap().write_all(&[1; 10]).unwrap();
    });
    let mut start = [0; 10];
    reader.read_exact(&mut start).unwrap();
    let mut rest = Vec::new();
    reader.try_clone().unwrap().read_to_end(&mut rest).unwrap();
    assert_eq!(rest.len(), 2 * LARGE);
    writing.join().unwrap();
}

fn of_a_socket() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    stream(OwnedFd::from(ours).into(), OwnedFd::from(theirs).into());
}

fn of_a_socket_of_messages() {
    let (ours, theirs) = UnixDatagram::pair().unwrap();
    let mut reader = File::from(OwnedFd::from(ours));
    let mut writer = File::from(OwnedFd::from(theirs));
    let writing = thread::spawn(move || {
        for length in 1..100 {
            assert_eq!(writer.write(&vec![0; 30 * length]).unwrap(), 30 * length);
        }
    });
    for length in 1..100 {
        assert_eq!(reader.read(&mut [0; 4000]).unwrap(), 30 * length);
    }
    writing.join().unwrap();
}

/// Opens the two sides of a terminal, without echo and output processing.
fn terminal() -> (File, File) {
    let mut both = OpenOptions::new();
    both.read(true).write(true).custom_flags(libc::O_NOCTTY);
    let master = both.open("/dev/ptmx").unwrap();
    let fd = master.as_raw_fd();
    let mut name = [0; 64];
    // SAFETY: grantpt has no preconditions.
    assert_eq!(unsafe { libc::grantpt(fd) }, 0);
    // SAFETY: unlockpt has no preconditions.
    assert_eq!(unsafe { libc::unlockpt(fd) }, 0);
    // SAFETY: `name` is valid for writes of its length.
    let named = unsafe { libc::ptsname_r(fd, name.as_mut_ptr(), name.len()) };
    assert_eq!(named, 0);
    // SAFETY: the call has succeeded, so it has written a terminated string.
    let name = unsafe { CStr::from_ptr(name.as_ptr()) };
    let slave = both.open(name.to_str().unwrap()).unwrap();
    // SAFETY: `termios` is plain data, for which zeroes are valid.
    let mut settings: libc::termios = unsafe { std::mem::zeroed() };
    // SAFETY: `settings` is valid for the write.
    let got = unsafe { libc::tcgetattr(slave.as_raw_fd(), &raw mut settings) };
    settings.c_lflag &= !libc::ECHO;
    settings.c_oflag &= !libc::OPOST;
    // SAFETY: `settings` is valid for the read.
    let set = unsafe { libc::tcsetattr(slave.as_raw_fd(), libc::TCSANOW, &raw const settings) };
    assert_eq!((got, set), (0, 0));
    (master, slave)
}

fn is_nonblocking(file: &impl AsRawFd) -> bool {
    // SAFETY: F_GETFL takes no argument and changes nothing.
    let flags = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GETFL) };
    assert_ne!(flags, -1);
    flags & libc::O_NONBLOCK != 0
}

fn of_a_terminal() {
    let (master, mut slave) = terminal();
    let typing = thread::spawn(move || {
        pause();
        (&master).write_all(b"first\n").unwrap();
        pause();
        // Two lines at once are read one by one.
        (&master).write_all(b"second\nthird\n").unwrap();
        let mut answer = [0; 7];
        (&master).read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"answer\n");
        master
    });
    let mut buffer = [0; 100];
    for line in ["first\n", "second\n", "third\n"] {
        let length = slave.read(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], line.as_bytes());
    }
    pause();
    slave.write_all(b"answer\n").unwrap();
    let master = typing.join().unwrap();
    assert!(!is_nonblocking(&slave) && !is_nonblocking(&master));
}

fn terminal_that_is_full() {
    let (mut master, mut slave) = terminal();
    let writing = thread::spawn(move || {
        assert_eq!(slave.write(&[b'x'; LARGE]).unwrap(), LARGE);
        assert!(!is_nonblocking(&slave));
        slave
    });
    let mut moved = 0;
    let mut buffer = [0; 3000];
    while moved < LARGE {
        let length = master.read(&mut buffer).unwrap();
        assert!(buffer[..length].iter().all(|byte| *byte == b'x'));
        moved += length;
    }
    assert_eq!(moved, LARGE);
    drop(writing.join().unwrap());
}

fn terminal_as_a_pipe() {
    let (master, slave) = terminal();
    let mut master = io::PipeWriter::from(OwnedFd::from(master));
    let typing = thread::spawn(move || {
        pause();
        master.write_all(b"typed\n").unwrap();
        master
    });
    let mut slave = io::PipeReader::from(OwnedFd::from(slave));
    let mut buffer = [0; 100];
    let length = slave.read(&mut buffer).unwrap();
    assert_eq!(&buffer[..length], b"typed\n");
    let master = typing.join().unwrap();
    assert!(!is_nonblocking(&slave) && !is_nonblocking(&master));
}

fn of_an_event_counter() {
    // SAFETY: eventfd takes a number and flags.
    let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC) };
    assert_ne!(fd, -1);
    // SAFETY: the OS has just created the descriptor, and no other value owns it.
    let mut counter = unsafe { File::from_raw_fd(fd) };
    let counting = thread::spawn({
        let mut counter = counter.try_clone().unwrap();
        move || {
            for _ in 0..3 {
                pause();
                assert_eq!(counter.write(&2_u64.to_ne_bytes()).unwrap(), 8);
            }
        }
    });
    let mut sum = 0;
    while sum < 6 {
        let mut number = [0; 8];
        counter.read_exact(&mut number).unwrap();
        sum += u64::from_ne_bytes(number);
    }
    assert_eq!(sum, 6);
    counting.join().unwrap();
    assert!(!is_nonblocking(&counter));
}

fn pipe_by_its_number() {
    let (reader, mut writer) = io::pipe().unwrap();
    let path = PathBuf::from(format!("/proc/self/fd/{}", reader.as_raw_fd()));
    let mut opened = File::open(&path).unwrap();
    let mut buffer = [0; 3];
    let writing = thread::spawn(move || {
        pause();
        writer.write_all(b"one").unwrap();
        pause();
        writer.write_all(b"two").unwrap();
    });
    opened.read_exact(&mut buffer).unwrap();
    assert_eq!(&buffer, b"one");
    drop(opened);
    assert_eq!(fs::read_to_string(&path).unwrap(), "two");
    writing.join().unwrap();
}

fn named_pipe_in_pieces() {
    let scratch = Scratch::new();
    let path = scratch.path("pipe");
    make_a_pipe(&path);
    let opening = thread::spawn({
        let path = path.clone();
        move || OpenOptions::new().write(true).open(path).unwrap()
    });
    let reader = File::open(&path).unwrap();
    stream(reader, opening.join().unwrap());
    // The other way round: the writer waits first.
    let opening = thread::spawn({
        let path = path.clone();
        move || {
            pause();
            File::open(path).unwrap()
        }
    });
    let writer = File::create(&path).unwrap();
    stream(opening.join().unwrap(), writer);
}

fn named_pipe_whole() {
    let scratch = Scratch::new();
    let (path, copy) = (scratch.path("pipe"), scratch.path("copy"));
    make_a_pipe(&path);
    let content = vec![3; LARGE];
    let reading = thread::spawn({
        let path = path.clone();
        move || fs::read(path).unwrap()
    });
    fs::write(&path, &content).unwrap();
    assert!(reading.join().unwrap() == content);

    // std copies only from files in storage.
    fs::write(&copy, &content).unwrap();
    let copying = thread::spawn({
        let path = path.clone();
        move || fs::copy(copy, path).unwrap()
    });
    assert!(fs::read(&path).unwrap() == content);
    assert_eq!(copying.join().unwrap(), LARGE as u64);
}

fn mode_of_a_pipe() {
    let scratch = Scratch::new();
    let path = scratch.path("pipe");
    make_a_pipe(&path);
    let mut reader = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(&path)
        .unwrap();
    let mut writer = OpenOptions::new().write(true).open(&path).unwrap();
    let error = reader.read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    assert!(is_nonblocking(&reader));
    // A file that has waited is converted in the mode that its user has set.
    let writing = thread::spawn(move || {
        writer.write_all(&[1; LARGE]).unwrap();
        let std = std::fs::File::from(writer);
        assert!(!is_nonblocking(&std));
    });
    let mut moved = 0;
    while moved < LARGE {
        match reader.read(&mut [0; 5000]) {
            Ok(length) => moved += length,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                thread::yield_now();
            }
        }
    }
    writing.join().unwrap();
    assert!(is_nonblocking(&std::fs::File::from(reader)));
}

fn as_a_childs_stream() {
    let (mut reader, writer) = pipe();
    let writing = thread::spawn(move || {
        (&writer).write_all(&[b'x'; LARGE]).unwrap();
        writer
    });
    reader.read_exact(&mut vec![0; LARGE]).unwrap();
    let writer = writing.join().unwrap();
    let mut child = Command::new("head")
        .args(["-c", &LARGE.to_string(), "/dev/zero"])
        .stdin(Stdio::null())
        .stdout(writer)
        .spawn()
        .unwrap();
    // SAFETY: the descriptor has just been given up by its owner.
    let mut reader = unsafe { File::from_raw_fd(reader.into_raw_fd()) };
    let mut rest = Vec::new();
    assert_eq!(reader.read_to_end(&mut rest).unwrap(), LARGE);
    assert!(child.wait().unwrap().success());
}
