//! Waiting for descriptors, and the attempts that the hub makes meanwhile.

#![allow(unsafe_code)]

use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::{drain, on_a_hub, start};
use crate::hub::*;

/// Waits once for a byte, and says whether the hub has made the attempt.
fn wait_for_a_byte(
    hub: &'static Hub,
    key: Key,
    deadline: Option<Instant>,
    mut attempt: impl FnMut() -> usize,
) -> (bool, bool) {
    let mut was_made = false;
    let waited = hub.wait_ready(key, Direction::Read, deadline, true, &mut || {
        was_made = true;
        attempt()
    });
    (waited == Waited::Ready, was_made)
}

#[test]
fn attempts_come_before_what_is_done_with_their_results() {
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
fn only_so_much_is_moved_ahead() {
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
fn nothing_is_tried_ahead_of_a_crowd() {
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
fn a_look_is_put_off_for_a_crowd_but_not_for_ever() {
    on_a_hub(|hub| {
        let (reader, mut writer) = UnixStream::pair().unwrap();
        start(hub, move || {
            let hub = current().unwrap();
            let key = hub.watch(reader.as_raw_fd()).unwrap();
            assert_eq!(wait_for_a_byte(hub, key, None, || 1), (true, false));
            hub.forget(reader.as_raw_fd(), key);
        });
        hub.yield_now();
        let crowd = 2 * driver::READY_AHEAD;
        for _ in 0..crowd {
            start(hub, || ());
        }
        // This looks, and finds nothing.
        hub.poll();
        writer.write_all(b"x").unwrap();
        let mut polls = 0;
        while hub.core().run_queue.len() == crowd {
            hub.poll();
            polls += 1;
            assert!(polls <= crowd, "it is not seen at all");
        }
        // As many turns pass between polls as `ready_at_poll` goes down by.
        assert_eq!(
            polls,
            crowd.div_ceil(budget::TICKS_BETWEEN_POLLS as usize) - 1
        );
        drain(hub);
    });
}

#[test]
fn a_busy_crowd_does_not_starve_a_descriptor() {
    on_a_hub(|hub| {
        let stop = Arc::new(AtomicBool::new(false));
        let turns = Arc::new(AtomicUsize::new(0));
        let (mut reader, writer) = UnixStream::pair().unwrap();
        let crowd = 2 * driver::READY_AHEAD;
        {
            let (stop, turns) = (stop.clone(), turns.clone());
            start(hub, move || {
                let hub = current().unwrap();
                let key = hub.watch(reader.as_raw_fd()).unwrap();
                let mut byte = [0];
                let waited = wait_for_a_byte(hub, key, None, || reader.read(&mut byte).unwrap());
                assert!(waited.0);
                stop.store(true, Ordering::Relaxed);
                // Until the next look all others have a turn, and then again before this one has.
                let turns = turns.load(Ordering::Relaxed);
                assert!(turns <= 3 * crowd, "{turns} turns of a crowd of {crowd}");
                hub.forget(reader.as_raw_fd(), key);
            });
        }
        hub.yield_now();
        for number in 0..crowd {
            let (stop, turns) = (stop.clone(), turns.clone());
            let mut writer = (number == 0).then(|| writer.try_clone().unwrap());
            start(hub, move || {
                let hub = current().unwrap();
                for turn in 0.. {
                    // Long enough for looks to have been put off.
                    if turn == 20
                        && let Some(writer) = &mut writer
                    {
                        turns.store(0, Ordering::Relaxed);
                        writer.write_all(b"x").unwrap();
                    }
                    if stop.load(Ordering::Relaxed) || turn == 1000 {
                        break;
                    }
                    turns.fetch_add(1, Ordering::Relaxed);
                    hub.yield_now();
                }
            });
        }
        drain(hub);
        assert!(stop.load(Ordering::Relaxed), "the byte was never read");
    });
}

#[test]
fn what_an_attempt_has_moved_is_not_lost_to_a_deadline() {
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
        // It finds the byte first, and then that the time is over.
        hub.poll();
        drain(hub);
    });
}

#[test]
fn an_event_after_the_attempt_is_for_the_next_wait() {
    on_a_hub(|hub| {
        let (mut reader, mut writer) = UnixStream::pair().unwrap();
        start(hub, move || {
            let hub = current().unwrap();
            let key = hub.watch(reader.as_raw_fd()).unwrap();
            for expected in *b"xy" {
                let mut byte = [0];
                let waited = hub.wait_ready(key, Direction::Read, None, true, &mut || {
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

#[test]
fn an_attempt_that_unwinds_leaves_nobody_behind() {
    on_a_hub(|hub| {
        let mut writers = Vec::new();
        for does_unwind in [true, false] {
            let (reader, writer) = UnixStream::pair().unwrap();
            writers.push(writer);
            start(hub, move || {
                let hub = current().unwrap();
                let key = hub.watch(reader.as_raw_fd()).unwrap();
                let (waited, was_made) = wait_for_a_byte(hub, key, None, || {
                    resume_unwind(Box::new("as no attempt should"))
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
        assert_eq!(remaining, 0, "a waiter is left that is gone");
        drain(hub);
    });
}

#[test]
fn an_attempt_that_waits_is_waited_for() {
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
                    // Not as an attempt should. It is within the green thread that polls.
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
fn one_event_is_tried_for_by_one() {
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
                    hub.wait_ready(key, Direction::Read, None, true, &mut || {
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

/// With the asks of an epoch used up a wait begins without; if it lasts it ends to ask, once an epoch has passed that it
/// has waited through. One that has asked does not.
#[test]
fn a_wait_that_has_not_asked_ends_to_do_so() {
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
                let waited = hub.wait_ready(key, Direction::Read, None, has_asked, &mut nothing);
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

/// What came before a deadline is found before the timer fires.
#[test]
fn a_hub_looks_before_timers_fire() {
    on_a_hub(|hub| {
        let (reader, mut writer) = UnixStream::pair().unwrap();
        let (sender, receiver) = mpsc::channel();
        start(hub, move || {
            let hub = current().unwrap();
            let key = hub.watch(reader.as_raw_fd()).unwrap();
            let deadline = Instant::now() + Duration::from_millis(5);
            let waited = wait_for_a_byte(hub, key, Some(deadline), || 1);
            sender.send(waited).unwrap();
            hub.forget(reader.as_raw_fd(), key);
        });
        hub.yield_now();
        writer.write_all(b"x").unwrap();
        let end = Instant::now() + Duration::from_millis(10);
        while Instant::now() < end {}
        drain(hub);
        assert_eq!(receiver.recv().unwrap(), (true, true));
    });
}

/// A descriptor that was duplicated onto the number of another is looked at in its place; one that was not keeps its key.
#[test]
fn another_descriptor_under_the_number_is_noticed() {
    on_a_hub(|hub| {
        let (one, mut to_one) = UnixStream::pair().unwrap();
        let (other, mut to_other) = UnixStream::pair().unwrap();
        let kept = one.try_clone().unwrap();
        let key = hub.watch(one.as_raw_fd()).unwrap();
        assert_eq!(hub.watch_again(one.as_raw_fd(), key), None);
        assert!(hub.allows(key, Direction::Read).is_some());
        // SAFETY: both are open, and what is closed by it belongs to `one`.
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
