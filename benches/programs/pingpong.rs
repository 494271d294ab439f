//! Two threads and two channels.

use std::sync::mpsc;
use std::thread::Builder;
use std::time::Instant;

use super::Lap;

/// A number goes there and back `trips` times.
pub fn pingpong(trips: u64) -> Lap {
    between(trips, Builder::new(), Builder::new())
}

/// The same between threads that these start.
pub fn between(trips: u64, pong: Builder, ping: Builder) -> Lap {
    let (to_pong, from_ping) = mpsc::channel();
    let (to_ping, from_pong) = mpsc::channel();
    let pong = pong.spawn(move || {
        for number in from_ping {
            to_ping.send(number + 1).expect("ping waits for it");
        }
    })?;
    let ping = ping.spawn(move || {
        let mut number = 0_u64;
        let start = Instant::now();
        for _ in 0..trips {
            to_pong.send(number).expect("pong waits for it");
            number = from_pong.recv().expect("pong sends it");
        }
        (start.elapsed(), number)
    })?;
    let (time, number) = ping.join().expect("it does not panic");
    pong.join().expect("it does not panic");
    assert_eq!(number, trips);
    Ok((time, trips))
}
