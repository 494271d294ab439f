//! The monitor reports threads that hold their hub. Each scenario is a process of its own, this program run again.
#![allow(missing_docs, unreachable_pub)]
#![allow(unsafe_code)]

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use greenpatch::events::{self, HubBlocked};
use greenpatch::{Patcher, thread};
use greenpatch_tests::{Ended, Runner};

#[path = "../../examples/blocked_hub.rs"]
mod blocked_hub_example;

const LIMIT: Duration = Duration::from_millis(50);

fn main() {
    let mut runner = Runner::from_args();
    let example = || blocked_hub_example::main().unwrap();
    runner.scenario(
        "the example",
        example,
        |_| (),
        |ended| {
            ended.well();
            let reports: Vec<&str> = ended.stderr.lines().collect();
            assert_eq!(reports.len(), 2, "{ended}");
            assert!(
                reports[0].contains("by \"counts\" (thread 2), spawned at"),
                "{ended}"
            );
            assert!(reports[0].ends_with("which computes"), "{ended}");
            assert!(
                reports[1].contains("by \"calls\" (thread 3), spawned at"),
                "{ended}"
            );
            assert!(reports[1].contains(", in system call "), "{ended}");
        },
    );
    let silent = |ended: &Ended| {
        ended.well();
        assert_eq!(ended.stderr, "");
    };
    runner.scenario(
        "a subscriber is told once for each time",
        subscriber,
        |_| (),
        silent,
    );
    runner.scenario(
        "a subscriber that panics keeps the report from no other",
        subscriber_that_panics,
        |_| (),
        |ended| {
            ended.well();
            ended.said("told");
            assert!(!ended.stderr.contains("is held for"), "{ended}");
        },
    );
    runner.scenario(
        "without a subscriber it is written again",
        unsubscribed,
        |_| (),
        |ended| {
            ended.well();
            assert_eq!(ended.stderr.matches("is held for").count(), 1, "{ended}");
        },
    );
    runner.scenario("the OS thread's own stack", own_stack, |_| (), silent);
    runner.scenario(
        "a signal's handler is left alone",
        other_handler,
        |_| (),
        silent,
    );
    runner.scenario(
        "threads that wait and yield are not reported",
        no_report,
        |_| (),
        silent,
    );
    runner.scenario(
        "a dump names what runs on a held hub",
        dump_of_a_held_hub,
        |_| (),
        silent,
    );
    let variable = |command: &mut Command| _ = command.env("GREENPATCH_MONITOR", "50ms");
    runner.scenario("the variable", by_variable, variable, |ended| {
        ended.well();
        ended.said("is held for");
    });
    let wrong = |command: &mut Command| _ = command.env("GREENPATCH_MONITOR", "soon");
    let refused = || {
        let error = greenpatch::patch_thread().unwrap_err();
        assert!(error.to_string().contains("GREENPATCH_MONITOR"), "{error}");
    };
    runner.scenario("a value without a meaning", refused, wrong, Ended::well);
    runner.scenario(
        "a deadlock is still noticed",
        deadlock,
        |_| (),
        |ended| {
            ended.by_abort();
            ended.said("greenpatch: deadlock");
        },
    );
    runner.finish();
}

fn patch() {
    assert!(Patcher::new().monitor(LIMIT).apply().unwrap().is_done());
}

/// Subscribes, and returns where the reports are.
fn reports() -> Arc<Mutex<Vec<HubBlocked>>> {
    let reports = Arc::new(Mutex::new(Vec::new()));
    let theirs = Arc::clone(&reports);
    events::on_hub_blocked(move |blocked| {
        theirs.lock().unwrap().push(blocked.clone());
        Ok(())
    });
    reports
}

/// Computes until there are as many reports.
fn compute_until(reports: &Mutex<Vec<HubBlocked>>, count: usize) {
    while reports.lock().unwrap().len() < count {
        std::hint::spin_loop();
    }
}

fn subscriber() {
    patch();
    let reports = reports();
    let theirs = Arc::clone(&reports);
    let line = line!() + 1;
    let computes = thread::spawn(move || {
        compute_until(&theirs, 1);
        // Longer than the time between two reports: it is still the same time that the hub is held.
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(1500) {
            std::hint::spin_loop();
        }
    });
    computes.join().unwrap();
    let reports = reports.lock().unwrap();
    assert_eq!(reports.len(), 1);
    let report = &reports[0];
    assert!(report.duration >= LIMIT);
    assert_eq!(
        (report.thread, report.system_call, report.unreported),
        (Some(2), None, 0)
    );
    assert_eq!(report.spawned_at.unwrap().line(), line);
}

fn subscriber_that_panics() {
    patch();
    events::on_hub_blocked(|_| panic!("told"));
    let reports = reports();
    compute_until(&reports, 1);
}

fn unsubscribed() {
    patch();
    let theirs = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&theirs);
    let subscription = events::on_hub_blocked(move |_| {
        theirs.store(true, Ordering::Relaxed);
        Ok(())
    });
    while !told.load(Ordering::Relaxed) {
        std::hint::spin_loop();
    }
    subscription.unsubscribe();
    // Reports are a second apart.
    thread::sleep(Duration::from_millis(1100));
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(500) {
        std::hint::spin_loop();
    }
}

fn own_stack() {
    patch();
    let reports = reports();
    compute_until(&reports, 1);
    let report = &reports.lock().unwrap()[0];
    assert!(report.thread.is_none() && report.spawned_at.is_none());
    assert_eq!(report.os_thread, greenpatch::native_thread_id());
}

/// The thread is not known then.
fn other_handler() {
    extern "C" fn nothing(_: libc::c_int) {}

    // SAFETY: the handler does nothing.
    unsafe { libc::signal(libc::SIGURG, nothing as *const () as libc::sighandler_t) };
    patch();
    let reports = reports();
    let theirs = Arc::clone(&reports);
    thread::spawn(move || compute_until(&theirs, 1))
        .join()
        .unwrap();
    assert!(reports.lock().unwrap()[0].thread.is_none());
}

fn no_report() {
    // So long that no thread holds the hub for want of a processor.
    let limit = Duration::from_secs(1);
    assert!(Patcher::new().monitor(limit).apply().unwrap().is_done());
    let reports = reports();
    let start = Instant::now();
    let threads: Vec<_> = (0..4)
        .map(|number| {
            thread::spawn(move || {
                while start.elapsed() < 2 * limit {
                    match number % 2 {
                        0 => thread::yield_now(),
                        _ => thread::sleep(Duration::from_millis(1)),
                    }
                }
            })
        })
        .collect();
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    thread::sleep(2 * limit);
    assert!(reports.lock().unwrap().is_empty());
}

fn by_variable() {
    assert!(greenpatch::patch_all().unwrap().is_done());
    let start = Instant::now();
    let computes = thread::spawn(move || {
        while start.elapsed() < Duration::from_secs(1) {
            std::hint::spin_loop();
        }
    });
    computes.join().unwrap();
}

fn dump_of_a_held_hub() {
    Patcher::new().workers(1).apply().unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let begun = Arc::new(AtomicBool::new(false));
    let (over, tell) = (Arc::clone(&is_over), Arc::clone(&begun));
    let computes = thread::Builder::new().name("computes".into());
    let computes = computes.spawn(move || {
        tell.store(true, Ordering::Release);
        while !over.load(Ordering::Acquire) {
            std::hint::spin_loop();
        }
    });
    while !begun.load(Ordering::Acquire) {
        std::thread::yield_now();
    }
    let dump = greenpatch::dump();
    let running = dump.hubs[0].running.as_ref().unwrap();
    assert!(dump.hubs[0].is_held);
    assert_eq!(running.name.as_deref(), Some("computes"));
    assert!(
        dump.to_string()
            .contains("\"computes\" (thread 2) runs, spawned at"),
        "{dump}"
    );
    assert!(
        dump.to_json().contains("\"running\":{\"id\":2"),
        "{}",
        dump.to_json()
    );
    is_over.store(true, Ordering::Release);
    computes.unwrap().join().unwrap();
}

fn deadlock() {
    let patcher = Patcher::new()
        .monitor(LIMIT)
        .on_deadlock(greenpatch::Deadlock::Abort);
    assert!(patcher.apply().unwrap().is_done());
    thread::park();
}
