//! Random writes and reads in both directions: every byte arrives, in order.

use std::io::{IoSlice, IoSliceMut, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use greenpatch::os::unix::net::UnixStream;
use greenpatch::thread;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::Case;
use crate::stream::{pair, pattern};

pub(crate) const CASES: &[Case] = &[("random traffic: both directions", both_directions)];

/// What one end does next with what it sends, or with what it receives.
#[derive(Clone, Debug)]
enum Step {
    Plain(usize),
    Vectored(Vec<usize>),
    /// Peeks; a writer does nothing.
    Peek,
    Yield,
    Sleep,
}

fn step() -> impl Strategy<Value = Step> {
    let length = prop_oneof![1..16_usize, 16..3000_usize, 3000..200_000_usize];
    prop_oneof![
        6 => length.clone().prop_map(Step::Plain),
        2 => vec(prop_oneof![Just(0), length], 0..5).prop_map(Step::Vectored),
        1 => Just(Step::Peek),
        2 => Just(Step::Yield),
        1 => Just(Step::Sleep),
    ]
}

fn both_directions() {
    let ends = vec((vec(step(), 0..20), vec(step(), 1..10)), 2);
    let config = Config {
        cases: 12,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&(ends, any::<bool>()), |(ends, is_unix)| {
            if is_unix {
                let (one, other) = UnixStream::pair().unwrap();
                exchange([&one, &other], &ends, UnixStream::shutdown, |_, _| None);
            } else {
                let (one, other) = pair();
                exchange(
                    [&one, &other],
                    &ends,
                    |s, how| s.shutdown(how),
                    |s, buffer| Some(s.peek(buffer).unwrap()),
                );
            }
            Ok(())
        })
        .unwrap();
}

/// Each end sends in one thread and receives in another, at the same time.
fn exchange<S: Sync>(
    streams: [&S; 2],
    ends: &[(Vec<Step>, Vec<Step>)],
    shutdown: impl Fn(&S, Shutdown) -> std::io::Result<()> + Sync,
    peek: impl Fn(&S, &mut [u8]) -> Option<usize> + Sync,
) where
    for<'a> &'a S: Read + Write,
{
    let total = |end: usize| -> usize { ends[end].0.iter().map(Step::length).sum() };
    let (shutdown, peek) = (&shutdown, &peek);
    thread::scope(|s| {
        for (number, (writes, reads)) in ends.iter().enumerate() {
            let (stream, other) = (streams[number], 1 - number);
            let expected = pattern(total(other));
            s.spawn(move || {
                send(stream, &pattern(total(number)), writes);
                shutdown(stream, Shutdown::Write).unwrap();
            });
            s.spawn(move || receive(stream, &expected, reads, peek));
        }
    });
}

fn send<S>(stream: &S, bytes: &[u8], steps: &[Step])
where
    for<'a> &'a S: Write,
{
    let mut rest = bytes;
    let mut stream = stream;
    for step in steps {
        match step {
            Step::Plain(length) => {
                let (now, later) = rest.split_at(*length);
                assert_eq!(stream.write(now).unwrap(), *length);
                rest = later;
            }
            Step::Vectored(lengths) => {
                let (now, later) = rest.split_at(step.length());
                let mut left = now;
                let slices = lengths.iter().map(|length| {
                    let (slice, others) = left.split_at(*length);
                    left = others;
                    IoSlice::new(slice)
                });
                let slices: Vec<_> = slices.collect();
                assert_eq!(stream.write_vectored(&slices).unwrap(), now.len());
                rest = later;
            }
            Step::Peek => {}
            Step::Yield => thread::yield_now(),
            Step::Sleep => thread::sleep(Duration::from_micros(200)),
        }
    }
    assert!(rest.is_empty());
}

fn receive<S>(
    stream: &S,
    expected: &[u8],
    steps: &[Step],
    peek: impl Fn(&S, &mut [u8]) -> Option<usize>,
) where
    for<'a> &'a S: Read,
{
    let mut received = Vec::new();
    let mut reader = stream;
    // Repeats the steps until the end of the stream.
    for step in steps.iter().cycle() {
        let mut buffer = vec![0; step.length().max(1)];
        let length = match step {
            Step::Plain(_) => reader.read(&mut buffer).unwrap(),
            Step::Vectored(lengths) => {
                let mut left = &mut buffer[..];
                let mut slices = Vec::new();
                for length in lengths.iter().filter(|length| **length > 0) {
                    let (slice, others) = left.split_at_mut(*length);
                    slices.push(IoSliceMut::new(slice));
                    left = others;
                }
                if slices.is_empty() {
                    slices.push(IoSliceMut::new(left));
                }
                reader.read_vectored(&mut slices).unwrap()
            }
            Step::Peek => {
                if let Some(length) = peek(stream, &mut buffer) {
                    let place = received.len();
                    assert_eq!(buffer[..length], expected[place..place + length]);
                }
                // So that steps that only peek come to an end, too.
                reader.read(&mut buffer).unwrap()
            }
            Step::Yield | Step::Sleep => {
                thread::yield_now();
                reader.read(&mut buffer).unwrap()
            }
        };
        if length == 0 {
            break;
        }
        received.extend_from_slice(&buffer[..length]);
        // The first rounds are in small steps, the rest in larger ones.
        if received.len() > 20_000 {
            reader.read_to_end(&mut received).unwrap();
            break;
        }
    }
    assert!(received == expected, "what came in is not what went out");
}

impl Step {
    fn length(&self) -> usize {
        match self {
            Step::Plain(length) => *length,
            Step::Vectored(lengths) => lengths.iter().sum(),
            Step::Peek | Step::Yield | Step::Sleep => 0,
        }
    }
}
