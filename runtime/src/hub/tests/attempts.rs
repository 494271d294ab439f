//! The attempts that the hub makes for tasks that wait for a descriptor.
#![forbid(unsafe_code)]

use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::{drain, on_a_hub, start, wait_for_a_byte};
use crate::hub::*;

#[test]
fn all_attempts_come_before_the_tasks_run() {
    on_a_hub(|hub| {
        let log = Arc::new(std::sync::Mutex::new(Vec::new()));
        let mut writers = Vec::new();
        for name in 0..3 {
            let (mut reader, writer) = UnixStream::pair().unwrap();
            writers.push(writer);
            let log = log.clone();
            start(hub, move || {
                let hub = current().unwrap();
                let key = hub.watch(reader.as_raw_fd()).unwrap();
                let waited = wait_for_a_byte(hub, key, None, || {
                    log.lock().unwrap().push(("attempt", name));
                    reader.read(&mut [0]).unwrap()
                });
                assert_eq!(waited, (true, true));
                log.lock().unwrap().push(("goes on", name));
                hub.forget(reader.as_raw_fd(), key);
            });
        }
        hub.yield_now();
        for writer in &mut writers {
            writer.write_all(b"x").unwrap();
        }
        drain(hub);
        let log = log.lock().unwrap();
        let (attempts, rest) = log.split_at(3);
        assert!(
            attempts.iter().all(|(what, _)| *what == "attempt"),
            "{log:?}"
        );
        assert!(rest.iter().all(|(what, _)| *what == "goes on"), "{log:?}");
        assert_eq!(log.len(), 6);
    });
}

#[test]
fn attempts_stop_at_the_limit_of_bytes() {
    on_a_hub(|hub| {
        let made = Arc::new(std::sync::Mutex::new(Vec::new()));
        let mut writers = Vec::new();
        for _ in 0..3 {
            let (reader, writer) = UnixStream::pair().unwrap();
            writers.push(writer);
            let made = made.clone();
            start(hub, move || {
                let hub = current().unwrap();
                let key = hub.watch(reader.as_raw_fd()).unwrap();
                let (waited, was_made) =
                    wait_for_a_byte(hub, key, None, || driver::BYTES_AHEAD / 2);
                assert!(waited);
                made.lock().unwrap().push(was_made);
                hub.forget(reader.as_raw_fd(), key);
            });
        }
        hub.yield_now();
        for writer in &mut writers {
            writer.write_all(b"x").unwrap();
        }
        drain(hub);
        assert_eq!(*made.lock().unwrap(), [true, true, false]);
    });
}

#[test]
fn no_attempts_are_made_while_many_tasks_are_ready() {
    on_a_hub(|hub| {
        for crowd in [driver::READY_AHEAD - 1, driver::READY_AHEAD] {
            let (reader, mut writer) = UnixStream::pair().unwrap();
            let (sender, receiver) = mpsc::channel();
            start(hub, move || {
                let hub = current().unwrap();
                let key = hub.watch(reader.as_raw_fd()).unwrap();
                sender.send(wait_for_a_byte(hub, key, None, || 1)).unwrap();
                hub.forget(reader.as_raw_fd(), key);
            });
            hub.yield_now();
            writer.write_all(b"x").unwrap();
            for _ in 0..crowd {
                start(hub, || ());
            }
            hub.poll();
            drain(hub);
            let is_tried = crowd < driver::READY_AHEAD;
            assert_eq!(receiver.recv().unwrap(), (true, is_tried));
        }
    });
}

#[test]
fn bytes_of_an_attempt_are_not_lost_to_a_deadline() {
    on_a_hub(|hub| {
        let (mut reader, mut writer) = UnixStream::pair().unwrap();
        let deadline = Instant::now() + Duration::from_millis(1);
        start(hub, move || {
            let hub = current().unwrap();
            let key = hub.watch(reader.as_raw_fd()).unwrap();
            let mut byte = [0];
            let waited =
                wait_for_a_byte(hub, key, Some(deadline), || reader.read(&mut byte).unwrap());
            assert_eq!((waited, byte), ((true, true), *b"x"));
            hub.forget(reader.as_raw_fd(), key);
        });
        hub.yield_now();
        writer.write_all(b"x").unwrap();
        while Instant::now() < deadline {
            std::hint::spin_loop();
        }
        // The poll finds the byte first, and the passed deadline after that.
        hub.poll();
        drain(hub);
    });
}

#[test]
fn an_attempt_that_unwinds_leaves_no_waiter_behind() {
    on_a_hub(|hub| {
        let mut writers = Vec::new();
        for does_unwind in [true, false] {
            let (reader, writer) = UnixStream::pair().unwrap();
            writers.push(writer);
            start(hub, move || {
                let hub = current().unwrap();
                let key = hub.watch(reader.as_raw_fd()).unwrap();
                let (waited, was_made) = wait_for_a_byte(hub, key, None, || {
                    resume_unwind(Box::new("an attempt should not unwind"))
                });
                assert_eq!((waited, was_made), (true, does_unwind));
                hub.forget(reader.as_raw_fd(), key);
            });
        }
        hub.yield_now();
        for writer in &mut writers {
            writer.write_all(b"x").unwrap();
        }
        let (idle, _other) = UnixStream::pair().unwrap();
        let key = hub.watch(idle.as_raw_fd()).unwrap();
        let unwound = catch_unwind(AssertUnwindSafe(|| wait_for_a_byte(hub, key, None, || 0)));
        assert!(unwound.is_err());
        let remaining = hub.core().driver.waiting();
        assert_eq!(remaining, 0, "a waiter is left in the table");
        drain(hub);
    });
}

#[test]
fn an_attempt_may_yield() {
    on_a_hub(|hub| {
        let mut writers = Vec::new();
        let deadline = Instant::now() + Duration::from_millis(1);
        for waits in [true, false] {
            let (reader, writer) = UnixStream::pair().unwrap();
            writers.push(writer);
            start(hub, move || {
                let hub = current().unwrap();
                let key = hub.watch(reader.as_raw_fd()).unwrap();
                let waited = wait_for_a_byte(hub, key, Some(deadline), || {
                    // An attempt should not yield. It runs on the green thread that polls.
                    while waits && Instant::now() < deadline + Duration::from_millis(1) {
                        hub.yield_now();
                    }
                    1
                });
                assert_eq!(waited, (true, true));
                hub.forget(reader.as_raw_fd(), key);
            });
        }
        hub.yield_now();
        for writer in &mut writers {
            writer.write_all(b"x").unwrap();
        }
        start(hub, || current().unwrap().poll());
        drain(hub);
    });
}

#[test]
fn one_event_causes_one_attempt() {
    on_a_hub(|hub| {
        let (reader, mut writer) = UnixStream::pair().unwrap();
        reader.set_nonblocking(true).unwrap();
        let reader = Arc::new(reader);
        let key = hub.watch(reader.as_raw_fd()).unwrap();
        let attempts = Arc::new(AtomicUsize::new(0));
        for _ in 0..100 {
            let (reader, attempts) = (reader.clone(), attempts.clone());
            start(hub, move || {
                let hub = current().unwrap();
                let mut got = 0;
                while got == 0 {
                    hub.wait_ready(key, Direction::Read, None, true, None, &mut || {
                        attempts.fetch_add(1, Ordering::Relaxed);
                        got = (&*reader).read(&mut [0; 2]).unwrap_or(0);
                        hub.was_short(key, Direction::Read);
                        got
                    });
                }
            });
        }
        hub.yield_now();
        for served in 1..=100 {
            writer.write_all(b"x").unwrap();
            while hub.load() > 100 - served {
                hub.tick();
            }
            assert_eq!(attempts.load(Ordering::Relaxed), served);
        }
        hub.forget(reader.as_raw_fd(), key);
    });
}
