//! Warnings: queued while patching, written once.

use std::sync::Mutex;

use greenpatch::{events, patch_all, patch_module, patch_thread};
use greenpatch_tests::isolated;

use crate::fixture::{GREEN_COUNTER, journal, note};

#[test]
fn come_out_once_and_last() {
    let stderr = isolated(|| {
        events::on_will_patch_module(|event| {
            event.warn("said for each module");
            Ok(())
        });
        events::on_did_patch_module(|event| {
            event.warn(format!("said of {}", event.source()));
            // A nested call does not write them early.
            assert!(patch_module("green_attic").is_ok());
            eprintln!("still patching");
            Ok(())
        });
        assert!(patch_module(&GREEN_COUNTER).unwrap().is_done());
        eprintln!("over");
    });
    if let Some(stderr) = stderr {
        let lines: Vec<_> = stderr.lines().filter(|line| !line.is_empty()).collect();
        let first = lines
            .iter()
            .position(|line| line.contains("greenpatch: warning: "))
            .unwrap();
        assert!(
            lines[..first].iter().all(|line| *line == "still patching"),
            "{stderr}"
        );
        assert_eq!(
            lines[first..],
            [
                "greenpatch: warning: said for each module",
                "greenpatch: warning: said of protocol::fixture::green_cellar",
                "greenpatch: warning: said of protocol::fixture::green_attic",
                "greenpatch: warning: said of protocol::fixture::green_counter",
                "over",
            ]
        );
    }
}

#[test]
fn go_to_the_logger_that_is_set() {
    struct Logger;

    static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

    impl log::Log for Logger {
        fn enabled(&self, _: &log::Metadata<'_>) -> bool {
            true
        }

        fn log(&self, record: &log::Record<'_>) {
            // No lock of the protocol is held: it may patch.
            assert!(patch_module("green_attic").is_ok());
            let line = format!("{} {}: {}", record.level(), record.target(), record.args());
            LINES.lock().unwrap().push(line);
        }

        fn flush(&self) {}
    }

    let stderr = isolated(|| {
        log::set_logger(&Logger).unwrap();
        log::set_max_level(log::LevelFilter::Warn);
        events::on_did_patch_module(|event| {
            if event.source() == "protocol::fixture::green_counter" {
                event.warn("beware");
            }
            Ok(())
        });
        assert!(patch_module(&GREEN_COUNTER).unwrap().is_done());
        assert_eq!(*LINES.lock().unwrap(), ["WARN greenpatch: beware"]);
    });
    if let Some(stderr) = stderr {
        assert!(!stderr.contains("beware"), "{stderr}");
    }
}

#[test]
fn off_the_main_thread() {
    let stderr = isolated(|| {
        // libtest runs a single test on the main thread or on another; this is another.
        let patched = std::thread::spawn(|| patch_thread().unwrap().is_done());
        assert!(patched.join().unwrap());
    });
    if let Some(stderr) = stderr {
        assert_eq!(
            stderr
                .matches("warning: patching off the main thread")
                .count(),
            1,
            "{stderr}"
        );
    }
}

#[test]
fn of_patch_all_come_after_its_last_event() {
    let stderr = isolated(|| {
        events::on_will_patch_all(|event| {
            event.warn("from the first event");
            Ok(())
        });
        events::on_did_patch_all(|event| {
            event.warn("from the last event");
            note("last");
            eprintln!("last event");
            Ok(())
        });
        assert!(patch_all().unwrap().is_done());
        assert!(journal().contains(&"last".to_owned()));
    });
    if let Some(stderr) = stderr {
        let last = stderr.find("last event\n").unwrap();
        let first = stderr.find("warning: from the first event").unwrap();
        assert!(last < first, "{stderr}");
        assert!(
            first < stderr.find("warning: from the last event").unwrap(),
            "{stderr}"
        );
    }
}
