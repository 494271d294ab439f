//! When the hub polls the OS.
#![forbid(unsafe_code)]

use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::{drain, on_a_hub, start, wait_for_a_byte};
use crate::hub::*;

#[test]
fn a_poll_is_put_off_while_many_tasks_are_ready_but_not_forever() {
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
        // This polls, and finds nothing.
        hub.poll();
        writer.write_all(b"x").unwrap();
        let mut polls = 0;
        while hub.core().run_queue.len() == crowd {
            hub.poll();
            polls += 1;
            assert!(polls <= crowd, "the byte is never noticed");
        }
        // `ready_at_poll` decreases by the number of ticks between polls.
        assert_eq!(
            polls,
            crowd.div_ceil(budget::TICKS_BETWEEN_POLLS as usize) - 1
        );
        drain(hub);
    });
}

#[test]
fn many_busy_tasks_do_not_starve_a_descriptor() {
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
                // All others have a turn before the next poll, and again before this task runs.
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
                    // Long enough for polls to have been put off.
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

/// An event that came before a deadline is found before the timer fires.
#[test]
fn a_hub_polls_before_timers_fire() {
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
