//! Three stages with channels between them, from crossbeam-channel and from flume; the stages select between inputs.

use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel as crossbeam;

const PRODUCERS: u64 = 4;

/// Numbers from many producers over one stage to the sum, with bounded channels.
fn with_crossbeam(messages: u64) -> u64 {
    let (numbers, of_numbers) = crossbeam::bounded(64);
    let (squares, of_squares) = crossbeam::bounded(64);
    let (stop, stopped) = crossbeam::bounded::<()>(0);
    for producer in 0..PRODUCERS {
        let numbers = numbers.clone();
        thread::spawn(move || {
            for message in 0..messages {
                numbers.send(producer + message).expect("the stage listens");
            }
        });
    }
    drop(numbers);
    let stage = thread::spawn(move || {
        loop {
            crossbeam::select! {
                recv(of_numbers) -> number => match number {
                    Ok(number) => squares.send(number * number % 1000).expect("the sum listens"),
                    Err(_) => break,
                },
                recv(stopped) -> _ => break,
            }
        }
    });
    let sum = of_squares.iter().sum();
    stage.join().expect("the stage does not panic");
    drop(stop);
    sum
}

/// The same with flume, where the receivers take turns.
fn with_flume(messages: u64) -> u64 {
    let (numbers, of_numbers) = flume::bounded(64);
    let (squares, of_squares) = flume::unbounded();
    for producer in 0..PRODUCERS {
        let numbers = numbers.clone();
        thread::spawn(move || {
            for message in 0..messages {
                numbers.send(producer + message).expect("a stage listens");
            }
        });
    }
    drop(numbers);
    let stages: Vec<_> = (0..2)
        .map(|_| {
            let (of_numbers, squares) = (of_numbers.clone(), squares.clone());
            thread::spawn(move || {
                for number in of_numbers {
                    squares
                        .send(number * number % 1000)
                        .expect("the sum listens");
                }
            })
        })
        .collect();
    drop(squares);
    let sum = of_squares.iter().sum();
    for stage in stages {
        stage.join().expect("no stage panics");
    }
    sum
}

/// Ticks, time-outs, and a channel that nothing comes from.
fn times() -> [bool; 3] {
    let ticks = crossbeam::tick(Duration::from_millis(5));
    let (_keep, never) = crossbeam::bounded::<()>(1);
    let three_ticks = ticks.iter().take(3).count() == 3;
    let no_message = never.recv_timeout(Duration::from_millis(10)).is_err();
    let (_keep, never) = flume::bounded::<()>(1);
    let nor_here = never.recv_timeout(Duration::from_millis(10)).is_err();
    [three_ticks, no_message, nor_here]
}

fn main() {
    if std::env::args().nth(1).is_some() {
        let messages = 50_000;
        let start = Instant::now();
        let sums = with_crossbeam(messages) + with_flume(messages);
        assert!(sums > 0);
        let rate = (2 * PRODUCERS * messages) as f64 / start.elapsed().as_secs_f64();
        println!("{rate:.0} messages/s");
        return;
    }
    println!("crossbeam-channel: {}", with_crossbeam(2_000));
    println!("flume: {}", with_flume(2_000));
    println!("times: {:?}", times());
}
