//! Many numbers through one channel.

use std::io;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Instant;

use super::Lap;

/// `producers` send `each` numbers to one consumer, and never wait.
pub fn channel(producers: u64, each: u64) -> Lap {
    let (sender, receiver) = mpsc::channel();
    let send = move |number| sender.send(number).is_ok();
    race(producers, each, send, receiver)
}

/// The same, when no more than `bound` numbers may be under way.
pub fn sync_channel(producers: u64, each: u64, bound: usize) -> Lap {
    let (sender, receiver) = mpsc::sync_channel(bound);
    let send = move |number| sender.send(number).is_ok();
    race(producers, each, send, receiver)
}

fn race<S>(producers: u64, each: u64, send: S, receiver: Receiver<u64>) -> Lap
where
    S: Fn(u64) -> bool + Clone + Send + 'static,
{
    let start = Instant::now();
    let consumer = thread::spawn(move || {
        let (mut sum, mut count) = (0, 0);
        for number in receiver {
            sum += number;
            count += 1;
        }
        (sum, count)
    });
    for _ in 0..producers {
        let send = send.clone();
        thread::spawn(move || {
            for number in 0..each {
                assert!(send(number), "the consumer waits for more");
            }
        });
    }
    drop(send);
    let (sum, count) = consumer.join().expect("it does not panic");
    let time = start.elapsed();
    if (sum, count) != (producers * (each * (each - 1) / 2), producers * each) {
        return Err(io::Error::other("other numbers came than were sent"));
    }
    Ok((time, count))
}
