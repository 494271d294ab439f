//! Waits for descriptors, and their registration.
#![allow(unsafe_code)]

use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::mpsc;
use std::time::Instant;

use super::{drain, on_a_hub, start};
use crate::hub::*;

#[test]
fn an_event_after_the_attempt_is_for_the_next_wait() {
    on_a_hub(|hub| {
        let (mut reader, mut writer) = UnixStream::pair().unwrap();
        start(hub, move || {
            let hub = current().unwrap();
            let key = hub.watch(reader.as_raw_fd()).unwrap();
            for expected in *b"xy" {
                let mut byte = [0];
                let waited = hub.wait_ready(key, Direction::Read, None, true, None, &mut || {
                    let moved = reader.read(&mut byte).unwrap();
                    hub.was_short(key, Direction::Read);
                    moved
                });
                assert_eq!(waited, Waited::Ready);
                if byte == [0] {
                    reader.read_exact(&mut byte).unwrap();
                }
                assert_eq!(byte, [expected]);
            }
            hub.forget(reader.as_raw_fd(), key);
        });
        hub.yield_now();
        writer.write_all(b"x").unwrap();
        hub.poll();
        writer.write_all(b"y").unwrap();
        hub.poll();
        drain(hub);
    });
}

/// When the quota of an epoch is used up, a wait begins without asking the OS. If it lasts for a whole epoch it ends as
/// doubted. A wait that has asked does not.
#[test]
fn a_wait_that_has_not_asked_ends_as_doubted() {
    on_a_hub(|hub| {
        let (sender, receiver) = mpsc::channel();
        let mut writers = Vec::new();
        for has_asked in [false, true] {
            let (reader, writer) = UnixStream::pair().unwrap();
            writers.push(writer);
            let sender = sender.clone();
            start(hub, move || {
                let hub = current().unwrap();
                let key = hub.watch(reader.as_raw_fd()).unwrap();
                let mut nothing = || 1;
                let waited =
                    hub.wait_ready(key, Direction::Read, None, has_asked, None, &mut nothing);
                sender.send((has_asked, waited)).unwrap();
                hub.forget(reader.as_raw_fd(), key);
            });
        }
        hub.yield_now();
        let mut asked = 0;
        while hub.may_ask() {
            asked += 1;
        }
        assert_eq!(asked, revalidation::QUOTA);
        let before = Instant::now();
        while hub.load() > 1 {
            hub.tick();
        }
        assert!(before.elapsed() >= EPOCH);
        assert_eq!(receiver.try_recv().unwrap(), (false, Waited::Doubted));
        assert!(hub.may_ask());
        writers[1].write_all(b"x").unwrap();
        drain(hub);
        assert_eq!(receiver.try_recv().unwrap(), (true, Waited::Ready));
    });
}

/// A descriptor that was duplicated onto the number of another is polled in its place. Without a duplication the key
/// stays valid.
#[test]
fn another_descriptor_under_the_number_is_noticed() {
    on_a_hub(|hub| {
        let (one, mut to_one) = UnixStream::pair().unwrap();
        let (other, mut to_other) = UnixStream::pair().unwrap();
        let kept = one.try_clone().unwrap();
        let key = hub.watch(one.as_raw_fd()).unwrap();
        assert_eq!(hub.watch_again(one.as_raw_fd(), key), None);
        assert!(hub.allows(key, Direction::Read).is_some());
        // SAFETY: both descriptors are open, and the one that is closed belongs to `one`.
        let result = unsafe { libc::dup2(other.as_raw_fd(), one.as_raw_fd()) };
        assert_eq!(result, one.as_raw_fd());
        let new = hub.watch_again(one.as_raw_fd(), key).unwrap();
        assert_eq!(hub.allows(key, Direction::Read), None);
        to_one.write_all(b"x").unwrap();
        hub.poll();
        assert_eq!(hub.allows(new, Direction::Read), Some(false));
        to_other.write_all(b"x").unwrap();
        hub.poll();
        assert_eq!(hub.allows(new, Direction::Read), Some(true));
        hub.forget(one.as_raw_fd(), new);
        drop(kept);
    });
}
