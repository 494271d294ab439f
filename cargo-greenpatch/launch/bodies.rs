//! What `cargo greenpatch` gives to test programs in place of the compiler's `test` crate: that crate, except for the
//! function that `main` calls, which runs the body of each test on a green thread.
//!
//! libtest starts an OS thread for each test, with the std that came with the compiler. That thread hands the body to a
//! *host*, an OS thread that runs green threads, and waits for the result. A host runs one body at a time, with all the
//! threads that the body starts: the output of all of them is captured for this test, and as many tests run at once as with
//! std. Green threads that are left when the body ends stay on their host, as detached threads outlive a test
//! with std. Such a host takes no other body.
//!
//! Compiled by the tool with `RUSTC_BOOTSTRAP`, since the `test` crate is unstable. The test programs are compiled without.
#![feature(test, internal_output_capture)]

extern crate test;

use std::any::Any;
use std::io;
use std::panic;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::{env, thread};

use greenpatch::__private::host_green_threads;
pub use test::*;

/// What the harness makes of a body's return value.
type Outcome = Result<(), String>;

/// The end of a body: its outcome, or the payload of its panic.
type End = Result<Outcome, Box<dyn Any + Send>>;

/// Called by the generated `main` of a test program.
pub fn test_main_static(tests: &[&TestDescAndFn]) {
    let arguments: Vec<String> = env::args().collect();
    if threads_are_patched() {
        // The first green thread has greenpatch's panic hook set. The harness then sets its own in front of it, and
        // panics are reported by the names of green threads.
        let _ = greenpatch::thread::spawn(|| ()).join();
    }
    let tests = tests.iter().map(|test| on_a_green_thread(test)).collect();
    test::test_main(&arguments, tests, None);
}

fn threads_are_patched() -> bool {
    greenpatch::is_item_patched("std::thread::spawn").unwrap_or(false)
}

/// The same test with its body on a green thread. A benchmark is left as it is.
fn on_a_green_thread(test: &TestDescAndFn) -> TestDescAndFn {
    let desc = test.desc.clone();
    let testfn = match test.testfn {
        StaticTestFn(body) => {
            let name = desc.name.as_slice().to_owned();
            DynTestFn(Box::new(move || run(name, body)))
        }
        StaticBenchFn(body) => StaticBenchFn(body),
        ref other => panic!("expected a function that is known statically, found {other:?}"),
    };
    TestDescAndFn { desc, testfn }
}

/// Runs a body on a green thread; called on the harness's thread. Without patched threads, the body runs here.
fn run(name: String, body: fn() -> Outcome) -> Outcome {
    if !threads_are_patched() {
        return body();
    }
    let end = match Host::idle() {
        Ok(Some(host)) => host.run(name, body),
        Ok(None) => join(name, body),
        Err(error) => not_started(&error),
    };
    end.unwrap_or_else(|payload| panic::resume_unwind(payload))
}

/// Starts a thread for a body and joins it.
fn join(name: String, body: fn() -> Outcome) -> End {
    match greenpatch::thread::Builder::new().name(name).spawn(body) {
        Ok(thread) => thread.join(),
        Err(error) => not_started(&error),
    }
}

fn not_started(error: &io::Error) -> End {
    Ok(Err(format!("no green thread could be started for the test: {error}")))
}

/// A body on its way to a host.
struct Job {
    name: String,
    body: fn() -> Outcome,
    /// Where the harness collects the test's output, unless it is shown at once.
    capture: Option<Arc<Mutex<Vec<u8>>>>,
    end: Sender<End>,
}

/// An OS thread that runs green threads.
#[derive(Clone)]
struct Host {
    jobs: greenpatch::sync::mpsc::Sender<Job>,
}

/// The hosts that run no body and have no green threads.
static IDLE: Mutex<Vec<Host>> = Mutex::new(Vec::new());

fn idle_hosts<R>(f: impl FnOnce(&mut Vec<Host>) -> R) -> R {
    f(&mut IDLE.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Host {
    /// Takes a host that is idle, or starts one. Returns none where green threads run on workers.
    fn idle() -> io::Result<Option<Host>> {
        if let Some(host) = idle_hosts(Vec::pop) {
            return Ok(Some(host));
        }
        let (jobs, receiver) = greenpatch::sync::mpsc::channel();
        let host = Host { jobs };
        let this = host.clone();
        let (ready, is_ready) = mpsc::channel();
        let serve = move || {
            let hosts = host_green_threads();
            let is_host = matches!(hosts, Ok(Some(_)));
            // The starter waits for it.
            let _ = ready.send(hosts);
            if is_host {
                this.serve(&receiver);
            }
        };
        thread::Builder::new().name("greenpatch-test".to_owned()).spawn(serve)?;
        let hosts = is_ready.recv().map_err(io::Error::other)??;
        Ok(hosts.map(|_| host))
    }

    /// Runs a body, and blocks until it has ended.
    fn run(&self, name: String, body: fn() -> Outcome) -> End {
        let capture = io::set_output_capture(None);
        io::set_output_capture(capture.clone());
        let (end, ended) = mpsc::channel();
        let job = Job { name, body, capture, end };
        if self.jobs.send(job).is_err() {
            return not_started(&io::Error::other("its host has ended"));
        }
        ended.recv().unwrap_or_else(|error| not_started(&io::Error::other(error)))
    }

    /// Runs one body after the other. While this waits for one, the green threads of this OS thread run.
    fn serve(&self, jobs: &greenpatch::sync::mpsc::Receiver<Job>) {
        while let Ok(job) = jobs.recv() {
            io::set_output_capture(job.capture);
            let end = join(job.name, job.body);
            if matches!(host_green_threads(), Ok(Some(0))) {
                io::set_output_capture(None);
                idle_hosts(|hosts| hosts.push(self.clone()));
            }
            // The harness's thread waits for it.
            let _ = job.end.send(end);
        }
    }
}
