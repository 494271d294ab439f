//! Two threads that alternate, with one lock and one condition variable.

use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Instant;

use super::Lap;

/// Each has `trips` turns, by turns.
pub fn condvar(trips: u64) -> Lap {
    let shared = Arc::new((Mutex::new(0), Condvar::new()));
    let start = Instant::now();
    let players = [0, 1].map(|player| {
        let shared = Arc::clone(&shared);
        thread::spawn(move || play(&shared.0, &shared.1, player, trips))
    });
    for player in players {
        player.join().expect("it does not panic");
    }
    let time = start.elapsed();
    assert_eq!(*shared.0.lock().expect("no thread panics"), 2 * trips);
    Ok((time, trips))
}

fn play(turn: &Mutex<u64>, changed: &Condvar, player: u64, trips: u64) {
    for _ in 0..trips {
        let mut turn = turn.lock().expect("no thread panics");
        while *turn % 2 != player {
            turn = changed.wait(turn).expect("no thread panics");
        }
        *turn += 1;
        drop(turn);
        changed.notify_one();
    }
}
