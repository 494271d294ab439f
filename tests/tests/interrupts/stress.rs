//! Threads over locks, channels, sockets and sleeps that are cancelled and timed out at random: nothing is lost, nothing
//! comes twice, and nothing is left over.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use greenpatch::os::unix::net::UnixDatagram;
use greenpatch::sync::{Barrier, Condvar, Mutex, RwLock, mpsc};
use greenpatch::{Cancel, Cancelled, shield, thread, timeout};
use greenpatch_tests::{Random, stress_time};

use crate::Case;

pub(crate) const CASES: &[Case] = &[("interrupts at random", at_random)];

/// How long threads are started in one round. There is one round, or as many as `GREENPATCH_STRESS_SECONDS` asks for.
const TIME: Duration = Duration::from_secs(4);
/// The number of threads at a time.
const THREADS: usize = 40;
/// The largest number of messages on each way.
const MESSAGES: usize = 1 << 18;
const TOKENS: u32 = 3;

/// What became of the messages on one way.
struct Ledger {
    next: AtomicUsize,
    /// For each message, 1 if its send has succeeded, plus 16 for each time that it was received.
    messages: Vec<AtomicU32>,
}

impl Ledger {
    fn new() -> Ledger {
        Ledger {
            next: AtomicUsize::new(0),
            messages: (0..MESSAGES).map(|_| AtomicU32::new(0)).collect(),
        }
    }

    /// Returns the number of a new message.
    fn draw(&self) -> Option<u64> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        (number < MESSAGES).then_some(number as u64)
    }

    fn was_sent(&self, number: u64) {
        self.messages[number as usize].fetch_add(1, Ordering::Relaxed);
    }

    fn was_received(&self, number: u64) {
        self.messages[number as usize].fetch_add(16, Ordering::Relaxed);
    }

    /// Asserts that what was sent was received, once, and that nothing else was. Returns how many messages there were, and
    /// how many were not sent.
    fn check(&self) -> (usize, usize) {
        let count = self.next.load(Ordering::Relaxed).min(MESSAGES);
        let mut unsent = 0;
        for (number, message) in self.messages[..count].iter().enumerate() {
            match message.load(Ordering::Relaxed) {
                0 => unsent += 1,
                17 => {}
                other => panic!(
                    "message {number}: sent {}, received {}",
                    other % 16,
                    other / 16
                ),
            }
        }
        (count, unsent)
    }
}

struct Shared {
    /// Both numbers change together.
    pair: Mutex<(u64, u64)>,
    added: AtomicU64,
    number: RwLock<u64>,
    written: AtomicU64,
    tokens: Mutex<u32>,
    token: Condvar,
    barrier: Barrier,
    bounded: (mpsc::SyncSender<u64>, Mutex<mpsc::Receiver<u64>>, Ledger),
    unbounded: (mpsc::Sender<u64>, Mutex<mpsc::Receiver<u64>>, Ledger),
    datagrams: (UnixDatagram, UnixDatagram, Ledger),
    /// Counts the operations that were interrupted.
    interrupted: AtomicU64,
    completed: AtomicU64,
}

fn shared() -> Shared {
    let bounded = mpsc::sync_channel(2);
    let unbounded = mpsc::channel();
    let datagrams = UnixDatagram::pair().unwrap();
    Shared {
        pair: Mutex::default(),
        added: AtomicU64::new(0),
        number: RwLock::default(),
        written: AtomicU64::new(0),
        tokens: Mutex::new(TOKENS),
        token: Condvar::new(),
        barrier: Barrier::new(2),
        bounded: (bounded.0, Mutex::new(bounded.1), Ledger::new()),
        unbounded: (unbounded.0, Mutex::new(unbounded.1), Ledger::new()),
        datagrams: (datagrams.0, datagrams.1, Ledger::new()),
        interrupted: AtomicU64::new(0),
        completed: AtomicU64::new(0),
    }
}

fn micros(random: &mut Random, below: u64) -> Duration {
    Duration::from_micros(random.below(below))
}

impl Shared {
    /// Does one thing that may block.
    fn operate(&self, random: &mut Random) {
        match random.below(12) {
            0 => {
                let mut pair = self.pair.lock().unwrap();
                assert_eq!(pair.0, pair.1);
                (pair.0, pair.1) = (pair.0 + 1, pair.1 + 1);
                self.added.fetch_add(1, Ordering::Relaxed);
                thread::sleep(micros(random, 100));
            }
            1 => {
                let mut number = self.number.write().unwrap();
                *number += 1;
                self.written.fetch_add(1, Ordering::Relaxed);
                thread::sleep(micros(random, 100));
            }
            2 | 3 => {
                let number = self.number.read().unwrap();
                let before = *number;
                thread::sleep(micros(random, 100));
                assert_eq!(*number, before);
            }
            4 => self.use_a_token(random),
            5 => thread::sleep(micros(random, 300)),
            6 => {
                let (sender, _, ledger) = &self.bounded;
                if let Some(number) = ledger.draw() {
                    sender.send(number).unwrap();
                    ledger.was_sent(number);
                }
            }
            7 => {
                let (_, receiver, ledger) = &self.bounded;
                let receiver = receiver.lock().unwrap();
                ledger.was_received(receiver.recv().unwrap());
            }
            8 => {
                let (sender, receiver, ledger) = &self.unbounded;
                match random.below(2) {
                    0 => {
                        if let Some(number) = ledger.draw() {
                            sender.send(number).unwrap();
                            ledger.was_sent(number);
                        }
                    }
                    _ => {
                        let receiver = receiver.lock().unwrap();
                        ledger.was_received(receiver.recv().unwrap());
                    }
                }
            }
            9 => self.use_datagrams(random),
            10 => {
                self.barrier.wait();
            }
            _ => {
                let time = micros(random, 200);
                let inner = thread::spawn(move || thread::sleep(time));
                let cancels = random.below(4) == 0;
                if cancels {
                    inner.cancel();
                }
                match inner.join() {
                    Ok(()) => {}
                    Err(payload) => assert!(cancels && payload.is::<Cancelled>()),
                }
            }
        }
    }

    /// Takes one of a few tokens, and gives it back, however this ends.
    fn use_a_token(&self, random: &mut Random) {
        struct Token<'a>(&'a Shared);
        impl Drop for Token<'_> {
            fn drop(&mut self) {
                shield(|| {
                    *self.0.tokens.lock().unwrap() += 1;
                    self.0.token.notify_one();
                });
            }
        }

        let tokens = self.tokens.lock().unwrap();
        let mut tokens = self
            .token
            .wait_while(tokens, |tokens| *tokens == 0)
            .unwrap();
        *tokens -= 1;
        drop(tokens);
        let _token = Token(self);
        thread::sleep(micros(random, 200));
    }

    fn use_datagrams(&self, random: &mut Random) {
        let (one, other, ledger) = &self.datagrams;
        match random.below(2) {
            0 => {
                if let Some(number) = ledger.draw() {
                    assert_eq!(one.send(&number.to_le_bytes()).unwrap(), 8);
                    ledger.was_sent(number);
                }
            }
            _ => {
                let mut bytes = [0; 8];
                assert_eq!(other.recv(&mut bytes).unwrap(), 8);
                ledger.was_received(u64::from_le_bytes(bytes));
            }
        }
    }

    /// The body of a thread. What may block for ever is ended by a time-out.
    fn run(&self, mut random: Random) {
        for _ in 0..10 + random.below(20) {
            let time = micros(&mut random, 1500);
            let done = match random.below(4) {
                0 => timeout(time, || timeout(time / 2, || self.operate(&mut random))),
                1 => timeout(2 * time, || timeout(time, || self.operate(&mut random))),
                2 => Ok(shield(|| timeout(time, || self.operate(&mut random)))),
                _ => Ok(timeout(time, || self.operate(&mut random))),
            };
            let counter = match done {
                Ok(Ok(())) => &self.completed,
                Ok(Err(error)) | Err(error) => {
                    assert!(error.is_elapsed());
                    &self.interrupted
                }
            };
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Receives what is left.
    fn drain(&self) {
        let (_, receiver, ledger) = &self.bounded;
        receiver
            .lock()
            .unwrap()
            .try_iter()
            .for_each(|number| ledger.was_received(number));
        let (_, receiver, ledger) = &self.unbounded;
        receiver
            .lock()
            .unwrap()
            .try_iter()
            .for_each(|number| ledger.was_received(number));
        let (_, other, ledger) = &self.datagrams;
        other.set_nonblocking(true).unwrap();
        let mut bytes = [0; 8];
        while other.recv(&mut bytes).is_ok() {
            ledger.was_received(u64::from_le_bytes(bytes));
        }
    }
}

fn at_random() {
    let begin = Instant::now();
    loop {
        round();
        if begin.elapsed() + TIME > stress_time(TIME) {
            return;
        }
    }
}

fn round() {
    let mut random = Random::new();
    let shared = Arc::new(shared());
    let start = |random: &mut Random| {
        let (shared, random) = (Arc::clone(&shared), Random::seeded(random.draw()));
        thread::spawn(move || shared.run(random))
    };
    let mut threads: Vec<_> = (0..THREADS).map(|_| start(&mut random)).collect();
    let (mut started, mut cancelled) = (THREADS, 0);
    let mut ended = |joined: thread::Result<()>| {
        if let Err(payload) = joined {
            assert!(payload.is::<Cancelled>(), "a thread has panicked");
            cancelled += 1;
        }
    };
    let began = Instant::now();
    while began.elapsed() < TIME {
        let index = random.below(THREADS as u64) as usize;
        if random.below(2) == 0 {
            threads[index].cancel();
        }
        if random.below(3) == 0 {
            thread::sleep(micros(&mut random, 300));
        }
        let next = start(&mut random);
        ended(std::mem::replace(&mut threads[index], next).join());
        started += 1;
    }
    for thread in threads {
        if random.below(2) == 0 {
            thread.cancel();
        }
        ended(thread.join());
    }
    shared.drain();
    let ledgers = [&shared.bounded.2, &shared.unbounded.2, &shared.datagrams.2];
    let messages = ledgers.map(Ledger::check);
    let (completed, interrupted) = (&shared.completed, &shared.interrupted);
    println!(
        "{started} threads, {cancelled} cancelled; operations: {} completed, {} interrupted; messages, and unsent ones: {messages:?}",
        completed.load(Ordering::Relaxed),
        interrupted.load(Ordering::Relaxed),
    );
    let added = shared.added.load(Ordering::Relaxed);
    assert_eq!(*shared.pair.lock().unwrap(), (added, added));
    assert_eq!(
        *shared.number.write().unwrap(),
        shared.written.load(Ordering::Relaxed)
    );
    assert_eq!(*shared.tokens.lock().unwrap(), TOKENS);
    assert!(cancelled > 0 && interrupted.load(Ordering::Relaxed) > 0);
    // Every thread has dropped what it had.
    assert_eq!(Arc::strong_count(&shared), 1);
}
