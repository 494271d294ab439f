//! Timers that are set for long and cancelled at once, and some that fire.

use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

/// For how long each thread would wait for its partner.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Pairs of threads throw a number to each other, `turns` times, and now and then sleep a millisecond. Returns how
/// often a thread was woken.
pub fn timers(pairs: usize, turns: u64) -> u64 {
    let handles: Vec<_> = (0..pairs)
        .flat_map(|_| {
            let (to_left, from_right) = mpsc::channel();
            let (to_right, from_left) = mpsc::channel();
            to_left.send(0).expect("it has just been made");
            [(from_right, to_right), (from_left, to_left)]
                .map(|(from, to)| thread::spawn(move || throw(&from, &to, turns)))
        })
        .collect();
    let woken = handles.into_iter().map(|handle| handle.join());
    woken.map(|woken| woken.expect("it does not panic")).sum()
}

fn throw(from: &Receiver<u64>, to: &Sender<u64>, turns: u64) -> u64 {
    let mut woken = 0;
    for turn in 0..turns {
        let number = from.recv_timeout(PATIENCE).expect("the partner is there");
        woken += 1;
        if turn % 100 == 99 {
            thread::sleep(Duration::from_millis(1));
            woken += 1;
        }
        // The partner may have had its last turn.
        let _ = to.send(number + 1);
    }
    woken
}
