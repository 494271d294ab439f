//! What greenpatch tells a subscriber of `tracing`, and a logger. Each scenario is a process of its own, this program run
//! again.
#![allow(missing_docs, unreachable_pub)]
#![allow(unsafe_code)]

use std::fmt::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use greenpatch::sync::{Mutex, mpsc};
use greenpatch::{Deadlock, Patcher, thread};
use greenpatch_tests::{Ended, Runner, Scenario};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "the life of green threads",
        child: life,
        check: is_silent,
    },
    Scenario {
        name: "the life of green threads on workers",
        child: life_on_workers,
        check: is_silent,
    },
    Scenario {
        name: "a subscriber that waits for green threads",
        child: subscriber_waits,
        check: is_silent,
    },
    Scenario {
        name: "a subscriber that panics",
        child: subscriber_panics,
        check: Ended::well,
    },
    Scenario {
        name: "a subscriber that panics when it is asked whether it is interested",
        child: filter_panics,
        check: Ended::well,
    },
    Scenario {
        name: "a subscriber that panics in a report",
        child: panics_in_a_report,
        check: |ended| {
            ended.well();
            ended.said("greenpatch: the hub of OS thread ");
        },
    },
    Scenario {
        name: "a subscriber in a time-out",
        child: subscriber_in_a_time_out,
        check: is_silent,
    },
    Scenario {
        name: "threads of the OS have no events",
        child: native,
        check: is_silent,
    },
    Scenario {
        name: "a hub is held",
        child: hub_blocked,
        check: is_silent,
    },
    Scenario {
        name: "a cycle",
        child: cycle,
        check: is_silent,
    },
    Scenario {
        name: "a deadlock",
        child: deadlock,
        check: |ended| {
            ended.well();
            ended.said("greenpatch: deadlock: no thread of this process can run again");
        },
    },
    Scenario {
        name: "a warning",
        child: warning,
        check: is_silent,
    },
    Scenario {
        name: "a warning, to a logger",
        child: warning_to_a_logger,
        check: is_silent,
    },
    Scenario {
        name: "a cycle, to a logger",
        child: cycle_to_a_logger,
        check: is_silent,
    },
    Scenario {
        name: "reports without a subscriber and a logger",
        child: without,
        check: |ended| {
            ended.well();
            ended.said("greenpatch: a cycle of 2 threads");
        },
    },
    Scenario {
        name: "a span is entered on the OS thread",
        child: spans,
        check: is_silent,
    },
];

fn main() {
    let mut runner = Runner::from_args();
    runner.scenarios(SCENARIOS);
    runner.finish();
}

fn is_silent(ended: &Ended) {
    assert_eq!(ended.stderr, "");
    ended.well();
}

/// Keeps each event as text, with the number of the thread that made it.
#[derive(Default)]
struct Recorder {
    /// Locked for a moment only, so that no green thread waits for it.
    events: std::sync::Mutex<Vec<(u64, String)>>,
    /// What each event does first.
    first: Option<Box<dyn Fn() + Send + Sync>>,
}

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

/// The number of the current thread.
fn number() -> u64 {
    let text = format!("{:?}", thread::current().id());
    text.trim_matches(|char: char| !char.is_ascii_digit())
        .parse()
        .unwrap()
}

impl Recorder {
    fn set(first: Option<Box<dyn Fn() + Send + Sync>>) -> Arc<Recorder> {
        let recorder = Arc::new(Recorder {
            first,
            ..Recorder::default()
        });
        tracing::subscriber::set_global_default(Shared(Arc::clone(&recorder))).unwrap();
        recorder
    }

    fn events(&self) -> Vec<(u64, String)> {
        self.events.lock().unwrap().clone()
    }

    /// Waits, while green threads run, for an event that contains `text`.
    fn wait_for(&self, text: &str) -> String {
        loop {
            let events = self.events();
            if let Some((_, event)) = events.iter().find(|(_, event)| event.contains(text)) {
                return event.clone();
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

struct Shared(Arc<Recorder>);

impl Subscriber for Shared {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("greenpatch::")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        if let Some(first) = &self.0.first {
            first();
        }
        let metadata = event.metadata();
        let mut text = format!("{} {}", metadata.level(), metadata.target());
        event.record(&mut Fields(&mut text));
        self.0.events.lock().unwrap().push((number(), text));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn apply(patcher: Patcher) {
    assert!(patcher.apply().unwrap().is_done());
}

fn life() {
    let recorder = Recorder::set(None);
    apply(Patcher::new());
    live(&recorder);
}

fn life_on_workers() {
    let recorder = Recorder::set(None);
    apply(Patcher::new().workers(2));
    live(&recorder);
}

/// Spawns threads, and compares what was recorded.
fn live(recorder: &Recorder) {
    let spawner = number();
    let named = thread::Builder::new().name("named".into());
    let named = named.spawn(number).unwrap();
    let named = named.join().unwrap();
    let panics = thread::spawn(|| {
        let own = number();
        std::panic::resume_unwind(Box::new(own));
    });
    let panicked = *panics.join().unwrap_err().downcast::<u64>().unwrap();
    let events = recorder.events();
    let of = |thread: u64, what: &str| {
        let is_it = |(_, text): &&(u64, String)| {
            format!("{text} ").contains(&format!(" thread={thread} "))
                && text.contains(&format!(" message={what}"))
        };
        let mut found = events.iter().filter(is_it);
        let first = found
            .next()
            .unwrap_or_else(|| panic!("no {what} of {thread}: {events:?}"));
        assert!(found.next().is_none(), "{events:?}");
        first.clone()
    };
    for thread in [named, panicked] {
        let (at, spawned) = of(thread, "spawned");
        assert_eq!(at, spawner);
        assert!(
            spawned.starts_with("DEBUG greenpatch::thread "),
            "{spawned}"
        );
        assert!(
            spawned.contains(" spawned_at=tests/tracing/tests/outlets.rs:"),
            "{spawned}"
        );
        assert!(spawned.contains(&format!(" parent={spawner}")), "{spawned}");
        let (at, begins) = of(thread, "begins");
        assert_eq!(at, thread);
        assert!(begins.starts_with("TRACE greenpatch::thread "), "{begins}");
        let (at, ends) = of(thread, "ends");
        assert_eq!(at, thread);
        assert!(
            ends.contains(&format!(" has_panicked={}", thread == panicked)),
            "{ends}"
        );
        assert_eq!(ends.contains(" name=\"named\""), thread == named, "{ends}");
    }
    assert_eq!(events.len(), 6, "{events:?}");
}

/// Each event waits for a lock that a green thread holds, and for an answer of another.
fn subscriber_waits() {
    let lock: Arc<Mutex<u32>> = Arc::default();
    let theirs = Arc::clone(&lock);
    let recorder = Recorder::set(Some(Box::new(move || {
        let mut events = theirs.lock().unwrap();
        thread::yield_now();
        thread::sleep(Duration::from_millis(1));
        *events += 1;
    })));
    apply(Patcher::new());
    let threads: Vec<_> = (0..20).map(|_| thread::spawn(thread::yield_now)).collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(recorder.events().len(), 60);
    assert_eq!(*lock.lock().unwrap(), 60);
}

fn subscriber_panics() {
    let recorder = Recorder::set(Some(Box::new(|| panic!("a subscriber panics"))));
    apply(Patcher::new());
    assert_eq!(thread::spawn(|| 5).join().unwrap(), 5);
    let sum = thread::scope(|scope| scope.spawn(|| 6).join().unwrap());
    assert_eq!(sum, 6);
    assert!(recorder.events().is_empty());
}

/// A subscriber whose filter decides at each event, and panics.
struct Panicky;

impl Subscriber for Panicky {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        panic!("a filter panics at {}", metadata.name())
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn filter_panics() {
    tracing::subscriber::set_global_default(Panicky).unwrap();
    apply(Patcher::new());
    assert_eq!(thread::spawn(|| 5).join().unwrap(), 5);
    let sum = thread::scope(|scope| scope.spawn(|| 6).join().unwrap());
    assert_eq!(sum, 6);
}

/// The monitor goes on, and writes to the standard error.
fn panics_in_a_report() {
    let told = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&told);
    Recorder::set(Some(Box::new(move || {
        if greenpatch::native_thread_id() != u64::from(std::process::id()) {
            count.fetch_add(1, Ordering::Relaxed);
            panic!("a subscriber panics");
        }
    })));
    apply(Patcher::new().monitor(Duration::from_millis(20)));
    let begun = Instant::now();
    // It reports once a second at most.
    while told.load(Ordering::Relaxed) < 2 {
        assert!(begun.elapsed() < Duration::from_secs(60));
        let held = Instant::now();
        while held.elapsed() < Duration::from_millis(100) {}
        thread::yield_now();
    }
}

/// What ends the waits of a thread does not end those of the subscriber.
fn subscriber_in_a_time_out() {
    let recorder = Recorder::set(Some(Box::new(|| thread::sleep(Duration::from_millis(20)))));
    apply(Patcher::new());
    let (sender, receiver) = mpsc::channel();
    let elapsed = greenpatch::timeout(Duration::from_millis(1), || {
        let spawned = thread::spawn(move || sender.send(1).unwrap());
        spawned.join().unwrap();
    });
    assert!(elapsed.is_err());
    assert_eq!(receiver.recv(), Ok(1));
    recorder.wait_for("message=ends");
    assert_eq!(recorder.events().len(), 3, "{:?}", recorder.events());
}

fn native() {
    let recorder = Recorder::set(None);
    thread::spawn(|| ()).join().unwrap();
    apply(Patcher::new().workers(1));
    std::thread::spawn(|| ()).join().unwrap();
    assert!(recorder.events().is_empty(), "{:?}", recorder.events());
}

fn hub_blocked() {
    let recorder = Recorder::set(None);
    apply(Patcher::new().monitor(Duration::from_millis(20)));
    let holds = thread::Builder::new().name("holds".into());
    let is_there = |text: &str| {
        recorder
            .events()
            .iter()
            .any(|(_, event)| event.contains(text))
    };
    thread::scope(|scope| {
        holds
            .spawn_scoped(scope, || {
                let begun = Instant::now();
                while !is_there("WARN greenpatch::hub_blocked ") {
                    assert!(
                        begun.elapsed() < Duration::from_secs(60),
                        "{:?}",
                        recorder.events()
                    );
                }
            })
            .unwrap();
    });
    let event = recorder.wait_for("WARN greenpatch::hub_blocked ");
    for field in [
        " duration_ms=",
        " os_thread=",
        " thread=",
        " name=\"holds\"",
        " spawned_at=tests/tracing",
    ] {
        assert!(event.contains(field), "{event}");
    }
}

fn crossed() {
    let locks: Arc<[Mutex<()>; 2]> = Arc::default();
    for [first, second] in [[0, 1], [1, 0]] {
        let locks = Arc::clone(&locks);
        thread::spawn(move || {
            let _first = locks[first].lock();
            thread::sleep(Duration::from_millis(10));
            drop(locks[second].lock());
        });
    }
}

fn cycle() {
    let recorder = Recorder::set(None);
    apply(Patcher::new().cycles(Duration::from_millis(10)));
    crossed();
    let event = recorder.wait_for("ERROR greenpatch::cycle ");
    assert!(event.contains(" threads=[2, 3]"), "{event}");
    assert!(event.contains("a cycle of 2 threads"), "{event}");
}

/// The subscriber hears of it on an OS thread of its own, and then the panic hook, which ends the process.
fn deadlock() {
    let recorder = Arc::new(Recorder::default());
    let theirs = Arc::clone(&recorder);
    let ends = move || {
        // The hook is called after the subscriber.
        let is_told = |(_, event): &(u64, String)| {
            event.starts_with("ERROR greenpatch::deadlock ") && event.ends_with(" cycles=[[2, 3]]")
        };
        if theirs.events().iter().any(is_told) {
            std::process::exit(0);
        }
    };
    tracing::subscriber::set_global_default(Shared(Arc::clone(&recorder))).unwrap();
    apply(Patcher::new().on_deadlock(Deadlock::Panic));
    std::panic::set_hook(Box::new(move |info| {
        eprintln!("{}", info.payload_as_str().unwrap_or_default());
        ends();
    }));
    crossed();
    thread::park();
}

fn warns() {
    let subscription = greenpatch::events::on_did_patch_all(|event| {
        event.warn("beware");
        Ok(())
    });
    apply(Patcher::new());
    subscription.unsubscribe();
}

fn warning() {
    let recorder = Recorder::set(None);
    warns();
    assert_eq!(
        recorder.events(),
        [(1, "WARN greenpatch::patch message=beware".to_owned())]
    );
}

/// A logger that keeps what it is told.
struct Logger(std::sync::Mutex<Vec<String>>);

static LOGGER: Logger = Logger(std::sync::Mutex::new(Vec::new()));

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let text = format!("{} {} {}", record.level(), record.target(), record.args());
        self.0.lock().unwrap().push(text);
    }

    fn flush(&self) {}
}

fn set_logger() {
    log::set_logger(&LOGGER).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
}

fn warning_to_a_logger() {
    set_logger();
    warns();
    assert_eq!(*LOGGER.0.lock().unwrap(), ["WARN greenpatch beware"]);
}

fn cycle_to_a_logger() {
    set_logger();
    apply(Patcher::new().cycles(Duration::from_millis(10)));
    crossed();
    loop {
        let told = LOGGER.0.lock().unwrap().clone();
        if let Some(first) = told.first() {
            assert!(
                first.starts_with("ERROR greenpatch::cycle a cycle of 2 threads"),
                "{first}"
            );
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

fn without() {
    apply(Patcher::new().cycles(Duration::from_millis(10)));
    crossed();
    thread::sleep(Duration::from_millis(500));
}

/// As `docs/DEBUGGING.md` says: the registry of `tracing-subscriber`, compiled on std, keeps the entered span for the OS thread.
fn spans() {
    use tracing_subscriber::prelude::*;
    use tracing_subscriber::registry::LookupSpan;

    struct Spans(Arc<std::sync::Mutex<Vec<(String, bool)>>>);

    impl<S: Subscriber + for<'a> LookupSpan<'a>> tracing_subscriber::Layer<S> for Spans {
        fn on_event(&self, event: &Event<'_>, context: tracing_subscriber::layer::Context<'_, S>) {
            let mut text = String::new();
            event.record(&mut Fields(&mut text));
            let is_within = context.lookup_current().is_some();
            self.0.lock().unwrap().push((text, is_within));
        }
    }

    let seen = Arc::default();
    let layer =
        Spans(Arc::clone(&seen)).with_filter(tracing_subscriber::filter::filter_fn(|metadata| {
            !metadata.target().starts_with("greenpatch::")
        }));
    tracing_subscriber::registry().with(layer).init();
    apply(Patcher::new());
    let enters = thread::spawn(|| {
        let _entered = tracing::info_span!("work").entered();
        thread::yield_now();
    });
    let other = thread::spawn(|| tracing::info!("of another thread"));
    enters.join().unwrap();
    other.join().unwrap();
    tracing::info!("at the end");
    let seen = seen.lock().unwrap().clone();
    assert_eq!(
        seen,
        [
            (" message=of another thread".to_owned(), true),
            (" message=at the end".to_owned(), false)
        ]
    );
}
