//! `io::pipe`.

use std::io::{ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::OwnedFd;
use std::time::Duration;

use greenpatch::io::{self, PipeReader, PipeWriter};
use greenpatch::process::{Command, Stdio};
use greenpatch::thread;
use greenpatch_tests::Random;

use crate::Case;

pub(crate) const CASES: &[Case] = &[
    ("more than a pipe holds", more_than_a_pipe_holds),
    ("a reader waits for a writer", a_reader_waits),
    ("the ends of a pipe", ends_of_a_pipe),
    ("random pieces through a pipe", random_pieces),
    ("several places at a time", several_places),
    ("many pipes in a ring", many_pipes_in_a_ring),
    ("writers share a pipe", writers_share_a_pipe),
    (
        "native and greenpatch threads share a pipe",
        native_and_greenpatch_threads_share_a_pipe,
    ),
    (
        "a pipe stays as children expect it",
        stays_as_children_expect,
    ),
    ("pipes from and to std's", from_and_to_std),
    (
        "no room for what a pipe holds",
        no_room_for_what_a_pipe_holds,
    ),
];

/// A read into empty buffers does not wait, whatever is in the pipe.
fn no_room_for_what_a_pipe_holds() {
    fn check(reader: &mut impl Read) {
        assert_eq!(reader.read(&mut []).unwrap(), 0);
        assert_eq!(reader.read_vectored(&mut []).unwrap(), 0);
        let mut buffers = [&mut [][..], &mut []].map(IoSliceMut::new);
        assert_eq!(reader.read_vectored(&mut buffers).unwrap(), 0);
    }
    let (mut reader, mut writer) = io::pipe().unwrap();
    check(&mut reader);
    assert_eq!(writer.write(&[]).unwrap(), 0);
    assert_eq!(writer.write_vectored(&[]).unwrap(), 0);
    writer.write_all(b"x").unwrap();
    check(&mut reader);
    // The pipe is known to be drained from here on.
    assert_eq!(reader.read(&mut [0; 4]).unwrap(), 1);
    check(&mut reader);
    drop(writer);
    check(&mut reader);

    let mut child = Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    check(child.stdout.as_mut().unwrap());
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    check(child.stdout.as_mut().unwrap());
}

fn more_than_a_pipe_holds() {
    let (mut reader, mut writer) = io::pipe().unwrap();
    let content: Vec<u8> = (0..1_000_000_u32).map(|number| number as u8).collect();
    let expected = content.clone();
    let writing = thread::spawn(move || {
        // One call writes all of it, as with std.
        assert_eq!(writer.write(&content).unwrap(), content.len());
    });
    let mut all = Vec::new();
    reader.read_to_end(&mut all).unwrap();
    writing.join().unwrap();
    assert!(all == expected);
}

fn a_reader_waits() {
    let (mut reader, mut writer) = io::pipe().unwrap();
    let reading = thread::spawn(move || {
        let mut first = [0; 5];
        reader.read_exact(&mut first).unwrap();
        (first, io::read_to_string(reader).unwrap())
    });
    for piece in ["a", "bc", "defg", "hi"] {
        thread::sleep(Duration::from_micros(300));
        writer.write_all(piece.as_bytes()).unwrap();
    }
    drop(writer);
    assert_eq!(reading.join().unwrap(), (*b"abcde", "fghi".to_owned()));
}

fn ends_of_a_pipe() {
    let (mut reader, mut writer) = io::pipe().unwrap();
    let mut second = writer.try_clone().unwrap();
    writer.write_all(b"1").unwrap();
    drop(writer);
    second.write_all(b"2").unwrap();
    drop(second);
    let mut buffer = [0; 10];
    assert_eq!(reader.try_clone().unwrap().read(&mut buffer).unwrap(), 2);
    assert_eq!(reader.read(&mut buffer).unwrap(), 0);
    assert_eq!(reader.read(&mut []).unwrap(), 0);

    let (reader, mut writer) = io::pipe().unwrap();
    drop(reader);
    let error = writer.write(b"no reader").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    writer.flush().unwrap();

    // A writer that waits gets the error, too.
    let (mut reader, mut writer) = io::pipe().unwrap();
    let writing = thread::spawn(move || writer.write_all(&[0; 1_000_000]));
    reader.read_exact(&mut [0; 1000]).unwrap();
    drop(reader);
    let error = writing.join().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
}

fn random_pieces() {
    const TOTAL: usize = 400_000;
    let seed = Random::new().draw();
    let (mut reader, mut writer) = io::pipe().unwrap();
    let writing = thread::spawn(move || {
        let mut random = Random::seeded(seed);
        let content: Vec<u8> = (0..TOTAL).map(|number| (number / 7) as u8).collect();
        let mut rest = &content[..];
        while !rest.is_empty() {
            let most = [10, 5000, 100_000][random.below(3) as usize];
            let length = (1 + random.below(most) as usize).min(rest.len());
            rest = &rest[writer.write(&rest[..length]).unwrap()..];
        }
    });
    let mut random = Random::seeded(!seed);
    let mut position = 0;
    loop {
        let most = [10, 5000, 100_000][random.below(3) as usize];
        let mut buffer = vec![0; 1 + random.below(most) as usize];
        let moved = reader.read(&mut buffer).unwrap();
        for (offset, &byte) in buffer[..moved].iter().enumerate() {
            assert_eq!(byte, ((position + offset) / 7) as u8);
        }
        position += moved;
        if moved == 0 {
            break;
        }
    }
    assert_eq!(position, TOTAL);
    writing.join().unwrap();
}

fn several_places() {
    let (mut reader, mut writer) = io::pipe().unwrap();
    let written = writer
        .write_vectored(&[
            IoSlice::new(b"one"),
            IoSlice::new(b""),
            IoSlice::new(b"two"),
        ])
        .unwrap();
    assert_eq!(written, 6);
    let (mut first, mut second) = ([0; 4], [0; 10]);
    let read = reader
        .read_vectored(&mut [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)])
        .unwrap();
    assert_eq!((read, &first, &second[..2]), (6, b"onet", &b"wo"[..]));
}

fn many_pipes_in_a_ring() {
    const PIPES: usize = 30;
    const TURNS: u8 = 20;
    let (readers, mut writers): (Vec<_>, Vec<_>) = (0..PIPES).map(|_| io::pipe().unwrap()).unzip();
    // Thread n reads from pipe n and writes to the next one.
    writers.rotate_left(1);
    writers[PIPES - 1].write_all(&[0]).unwrap();
    let threads: Vec<_> = readers
        .into_iter()
        .zip(writers)
        .enumerate()
        .map(|(number, (mut reader, mut writer))| {
            thread::spawn(move || {
                for turn in 0..TURNS {
                    let mut token = [0];
                    reader.read_exact(&mut token).unwrap();
                    assert_eq!(token, [turn]);
                    let is_last = number == PIPES - 1;
                    if !(is_last && turn == TURNS - 1) {
                        writer.write_all(&[turn + u8::from(is_last)]).unwrap();
                    }
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

fn writers_share_a_pipe() {
    let (reader, writer) = io::pipe().unwrap();
    let writers: Vec<_> = (0..8_u8)
        .map(|number| {
            let mut writer = writer.try_clone().unwrap();
            thread::spawn(move || {
                for _ in 0..200 {
                    // Short enough for the OS to write it atomically.
                    writer.write_all(&[b'a' + number; 100]).unwrap();
                }
            })
        })
        .collect();
    drop(writer);
    let all = io::read_to_string(reader).unwrap();
    assert_eq!(all.len(), 8 * 200 * 100);
    for piece in all.as_bytes().chunks(100) {
        assert!(piece.iter().all(|byte| *byte == piece[0]));
    }
    for writer in writers {
        writer.join().unwrap();
    }
}

fn native_and_greenpatch_threads_share_a_pipe() {
    let (reader, writer) = io::pipe().unwrap();
    let copy = |mut writer: PipeWriter| {
        move || {
            for _ in 0..300 {
                writer.write_all(&[1; 1000]).unwrap();
            }
        }
    };
    let native = std::thread::spawn(copy(writer.try_clone().unwrap()));
    let ours = thread::spawn(copy(writer));
    let mut second = reader.try_clone().unwrap();
    let native_reader = std::thread::spawn(move || {
        let mut all = Vec::new();
        second.read_to_end(&mut all).unwrap();
        all.len()
    });
    let mut all = Vec::new();
    (&reader).read_to_end(&mut all).unwrap();
    ours.join().unwrap();
    native.join().unwrap();
    assert_eq!(all.len() + native_reader.join().unwrap(), 600_000);
}

/// A green thread has waited on a pipe, and a child then writes more to it than it holds: the child's write blocks, and
/// does not fail with `EAGAIN`.
fn stays_as_children_expect() {
    let (mut reader, mut writer) = io::pipe().unwrap();
    let filling = thread::spawn(move || {
        writer.write_all(&[b'x'; 200_000]).unwrap();
        writer
    });
    let mut ours = vec![0; 200_000];
    reader.read_exact(&mut ours).unwrap();
    let writer = filling.join().unwrap();
    let mut child = Command::new("head")
        .args(["-c", "300000", "/dev/zero"])
        .stdout(writer.try_clone().unwrap())
        .spawn()
        .unwrap();
    drop(writer);
    thread::sleep(Duration::from_millis(1));
    let mut all = Vec::new();
    reader.read_to_end(&mut all).unwrap();
    assert_eq!(all.len(), 300_000);
    assert!(child.wait().unwrap().success());
}

fn from_and_to_std() {
    let (reader, writer) = io::pipe().unwrap();
    let mut writer = std::io::PipeWriter::from(writer);
    writer.write_all(b"std").unwrap();
    let mut writer = PipeWriter::from(OwnedFd::from(writer));
    writer.write_all(b" and ours").unwrap();
    drop(writer);
    let reader = PipeReader::from(std::io::PipeReader::from(reader));
    assert_eq!(io::read_to_string(reader).unwrap(), "std and ours");
}
