//! The backtraces of threads that hold their hub. Each scenario is a process of its own, this program run again.
#![allow(missing_docs, unreachable_pub)]
#![allow(unsafe_code)]

use std::backtrace::Backtrace;
use std::cmp::Ordering as Order;
use std::ffi::{c_int, c_void};
use std::hint::{self, black_box};
use std::mem;
use std::panic;
use std::process::Command;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use greenpatch::events::{self, HubBlocked};
use greenpatch::inspect::{DumpOptions, Frame, RunningThread};
use greenpatch::{Dump, Patcher, thread};
use greenpatch_tests::Runner;

#[path = "../../examples/blocked_hub.rs"]
mod blocked_hub_example;

/// Whether threads that run have backtraces.
const CAN_TRACE: bool = cfg!(all(
    target_arch = "x86_64",
    target_pointer_width = "64",
    target_os = "linux",
    not(greenpatch_corosensei)
));

/// Tells the thread that holds a hub to end.
static IS_OVER: AtomicBool = AtomicBool::new(false);
/// Counts the threads that hold a hub by now.
static HOLDING: AtomicU32 = AtomicU32::new(0);

fn main() {
    let mut runner = Runner::from_args();
    for (name, child) in [
        ("a thread that computes", computes as fn()),
        ("a dump by a green thread", by_a_green_thread),
        ("the OS thread's own stack", own_stack),
        ("a system call", system_call),
        ("a function that C code calls", called_by_c),
        ("code without unwind information", without_information),
        ("too deep a stack", too_deep),
        ("a handler on a stack of its own", on_a_signal_stack),
        ("threads that allocate, unwind and capture", anywhere),
        ("several hubs", several),
        ("no other handler interrupts", uninterrupted),
        ("none asked for", not_asked),
    ] {
        runner.scenario(name, child, |_| (), |ended| ended.well());
    }
    let with =
        |value: &'static str| move |command: &mut Command| _ = command.env("RUST_BACKTRACE", value);
    runner.scenario("a report of a monitor", reported, with("1"), |ended| {
        ended.well();
    });
    runner.scenario("a full report", reported_in_full, with("full"), |ended| {
        ended.well();
    });
    let example = || blocked_hub_example::main().unwrap();
    runner.scenario("the example", example, with("1"), |ended| {
        ended.well();
        ended.said("which computes\n");
        let shows_functions = CAN_TRACE && cfg!(debug_assertions);
        if shows_functions {
            ended.said("run__original::{{closure}} at ");
        }
        // The monitor looks up names for the first report. On a busy machine that may take it until after the second time.
        if shows_functions && ended.stderr.contains("\"calls\"") {
            ended.said("in system call");
            ended.said("blocked_hub_example::below_std at ");
        }
    });
    runner.finish();
}

/// Calls `hold` in two functions of its own.
#[inline(never)]
fn outer(hold: &mut dyn FnMut()) {
    inner(hold);
    black_box(());
}

#[inline(never)]
fn inner(hold: &mut dyn FnMut()) {
    HOLDING.fetch_add(1, Ordering::Release);
    hold();
    black_box(());
}

/// Computes until it is over.
#[inline(never)]
fn spin() {
    while !IS_OVER.load(Ordering::Acquire) {
        hint::spin_loop();
    }
}

/// Dumps when as many threads hold their hubs, has them end, and returns the dump.
fn dump_when_held(count: u32) -> Dump {
    while HOLDING.load(Ordering::Acquire) < count {
        std::thread::yield_now();
    }
    let dump = DumpOptions::new().backtraces(true).dump();
    IS_OVER.store(true, Ordering::Release);
    dump
}

/// Starts a thread on a worker, which `hold` holds, and returns the dump that is made meanwhile.
fn dump_of(hold: impl Fn() + Send + 'static) -> Dump {
    Patcher::new().workers(1).apply().unwrap();
    let holds = thread::Builder::new().name("holds".into());
    let holds = holds
        .stack_size(64 << 20)
        .spawn(move || outer(&mut || hold()));
    let dump = dump_when_held(1);
    holds.unwrap().join().unwrap();
    dump
}

fn running(dump: &Dump) -> impl Iterator<Item = &RunningThread> {
    dump.hubs.iter().filter_map(|hub| hub.running.as_ref())
}

fn place_of(frames: &[Frame], name: &str) -> Option<usize> {
    frames.iter().position(|frame| {
        let function = frame.function.split('<').next().unwrap_or_default();
        function.rsplit("::").next() == Some(name)
    })
}

/// Checks the backtrace of the one thread that runs in `outer`, with the functions above, innermost first.
#[track_caller]
fn check(dump: &Dump, names: &[&str]) {
    let running = running(dump).next().unwrap_or_else(|| panic!("{dump}"));
    let Some(frames) = &running.backtrace else {
        assert!(!CAN_TRACE && running.no_backtrace.is_some(), "{dump}");
        return;
    };
    assert_eq!(running.no_backtrace, None);
    let mut last = None;
    for name in names.iter().copied().chain(["inner", "outer"]) {
        let place = place_of(frames, name);
        assert!(place.is_some() && place > last, "{name}\n{dump}");
        last = place;
    }
    for frame in frames {
        for hidden in ["interrupted::called_by", "force_capture", "greenpatch::hub"] {
            assert!(!frame.function.contains(hidden), "{frame}\n{dump}");
        }
    }
    assert!(
        dump.to_string().contains(&format!("      {}\n", frames[0])),
        "{dump}"
    );
    let json = dump.to_json();
    assert!(json.contains("\"backtrace\":[{\"function\":"), "{json}");
}

#[track_caller]
fn check_that_there_is_none(dump: &Dump, reason: &str) {
    let running = running(dump).next().unwrap_or_else(|| panic!("{dump}"));
    let given = running.no_backtrace.unwrap_or_else(|| panic!("{dump}"));
    assert!(running.backtrace.is_none(), "{dump}");
    assert!(given.contains(reason) || !CAN_TRACE, "{dump}");
    let text = format!("      no backtrace: {given}\n");
    assert!(dump.to_string().contains(&text), "{dump}");
    assert!(dump.to_json().contains("\"no_backtrace\":"), "{dump}");
}

fn computes() {
    let dump = dump_of(spin);
    check(&dump, &["spin"]);
    let running = running(&dump).next().unwrap();
    assert_eq!(running.name.as_deref(), Some("holds"));
}

fn by_a_green_thread() {
    Patcher::new().workers(1).apply().unwrap();
    let holds = thread::spawn(|| outer(&mut spin));
    while HOLDING.load(Ordering::Acquire) < 1 {
        std::thread::yield_now();
    }
    // The OS thread's own stack is a hub's, too, with room for little else than what runs on it.
    let dump = dump_when_held(1);
    check(&dump, &["spin"]);
    holds.join().unwrap();
}

fn own_stack() {
    assert!(greenpatch::patch_all().unwrap().is_done());
    thread::spawn(|| ()).join().unwrap();
    let dumps = std::thread::spawn(|| dump_when_held(1));
    outer(&mut spin);
    check(&dumps.join().unwrap(), &["spin"]);
}

fn system_call() {
    let dump = dump_of(|| {
        while !IS_OVER.load(Ordering::Acquire) {
            std::thread::sleep(Duration::from_secs(1));
        }
    });
    check(&dump, &["sleep"]);
}

fn called_by_c() {
    extern "C" fn compares(_: *const c_void, _: *const c_void) -> c_int {
        spin();
        Order::Equal as c_int
    }
    let dump = dump_of(|| {
        let mut numbers = [1_u64, 2];
        // SAFETY: it sorts two elements of eight bytes.
        unsafe { libc::qsort(numbers.as_mut_ptr().cast(), 2, 8, Some(compares)) };
        black_box(numbers);
    });
    check(&dump, &["spin", "compares"]);
}

/// Its instruction is shown, and nothing that calls it.
fn without_information() {
    // cmp byte ptr [rdi], 0; je to it; ret
    const CODE: [u8; 6] = [0x80, 0x3f, 0x00, 0x74, 0xfb, 0xc3];
    if !CAN_TRACE {
        return;
    }
    // SAFETY: a new anonymous mapping aliases nothing.
    let code = unsafe {
        libc::mmap(
            ptr::null_mut(),
            4096,
            libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    assert_ne!(code, libc::MAP_FAILED);
    // SAFETY: the mapping is large enough, and new.
    unsafe { code.cast::<[u8; 6]>().write(CODE) };
    let code = code.addr();
    let dump = dump_of(move || {
        // SAFETY: the code is a function that reads a byte until it is set.
        let waits: extern "C" fn(*const bool) = unsafe { mem::transmute(code) };
        waits(IS_OVER.as_ptr());
    });
    let running = running(&dump).next().unwrap();
    let frames = running.backtrace.as_deref().unwrap();
    assert_eq!(frames.len(), 1, "{dump}");
    assert_eq!(frames[0].function, "<unknown>");
}

fn too_deep() {
    #[inline(never)]
    fn deep(left: u32) {
        let frame = black_box([0_u8; 4000]);
        match left {
            0 => spin(),
            _ => deep(left - 1),
        }
        black_box(frame);
    }
    let dump = dump_of(|| deep(3000));
    check_that_there_is_none(&dump, "too deep");
}

fn on_a_signal_stack() {
    extern "C" fn holds(_: c_int) {
        spin();
    }
    // SAFETY: `sigaction` is plain data, for which zeroes are valid.
    let mut action: libc::sigaction = unsafe { mem::zeroed() };
    action.sa_sigaction = holds as *const () as libc::sighandler_t;
    action.sa_flags = libc::SA_ONSTACK;
    // SAFETY: the handler only computes.
    let result = unsafe { libc::sigaction(libc::SIGUSR1, &raw const action, ptr::null_mut()) };
    assert_eq!(result, 0);
    let dump = dump_of(|| {
        // SAFETY: the signal has a handler.
        unsafe { libc::raise(libc::SIGUSR1) };
    });
    check_that_there_is_none(&dump, "another stack");
}

/// What a thread that holds its hub has locked does not matter: the allocator, the unwinder, std's lock for backtraces.
fn anywhere() {
    fn holds() {
        while !IS_OVER.load(Ordering::Acquire) {
            let caught = panic::catch_unwind(|| panic::resume_unwind(Box::new(vec![7_u8; 100])));
            black_box(caught).unwrap_err();
            black_box(Backtrace::force_capture().to_string());
            let numbers: Vec<Vec<u8>> = (0..1000).map(|number| vec![0; number]).collect();
            black_box(numbers);
        }
    }
    Patcher::new().workers(1).apply().unwrap();
    let holds = thread::spawn(|| outer(&mut holds));
    while HOLDING.load(Ordering::Acquire) < 1 {
        std::thread::yield_now();
    }
    let mut whole = 0;
    for _ in 0..10 {
        let dump = DumpOptions::new().backtraces(true).dump();
        let running = running(&dump).next().unwrap();
        let frames = running.backtrace.as_deref().unwrap_or_default();
        whole += u32::from(place_of(frames, "outer").is_some());
    }
    IS_OVER.store(true, Ordering::Release);
    holds.join().unwrap();
    assert!(whole > 5 || !CAN_TRACE, "{whole}");
}

fn several() {
    Patcher::new().workers(2).apply().unwrap();
    let holds = || thread::spawn(|| outer(&mut spin));
    let holding = [holds(), holds()];
    let dump = dump_when_held(2);
    assert_eq!(running(&dump).count(), 2, "{dump}");
    for running in running(&dump) {
        let frames = running.backtrace.as_deref().unwrap_or_default();
        let is_there = place_of(frames, "spin").is_some() && place_of(frames, "outer").is_some();
        assert!(is_there || !CAN_TRACE, "{dump}");
    }
    for thread in holding {
        thread.join().unwrap();
    }
}

/// One that does not return would keep the answer.
fn uninterrupted() {
    drop(dump_of(spin));
    // SAFETY: `sigaction` is plain data, for which zeroes are valid.
    let mut action: libc::sigaction = unsafe { mem::zeroed() };
    // SAFETY: it is valid for a write.
    let result = unsafe { libc::sigaction(libc::SIGURG, ptr::null(), &raw mut action) };
    assert_eq!(result, 0);
    for signal in [libc::SIGUSR1, libc::SIGALRM, libc::SIGPROF, libc::SIGTERM] {
        // SAFETY: the set was written.
        let is_in = unsafe { libc::sigismember(&raw const action.sa_mask, signal) };
        assert_eq!(is_in, 1);
    }
}

fn not_asked() {
    Patcher::new().workers(1).apply().unwrap();
    let holds = thread::spawn(|| outer(&mut spin));
    while HOLDING.load(Ordering::Acquire) < 1 {
        std::thread::yield_now();
    }
    let dump = greenpatch::dump();
    IS_OVER.store(true, Ordering::Release);
    let running = running(&dump).next().unwrap();
    assert_eq!((&running.backtrace, running.no_backtrace), (&None, None));
    assert!(!dump.to_json().contains("backtrace\":"));
    holds.join().unwrap();
}

/// Has a monitor report a thread that computes, and returns the report. On a busy machine the thread may not answer in time, and is
/// reported again.
fn report() -> HubBlocked {
    static IS_TOLD: AtomicBool = AtomicBool::new(false);

    #[inline(never)]
    fn spin_until_told() {
        while !IS_TOLD.swap(false, Ordering::Acquire) {
            hint::spin_loop();
        }
    }

    let patcher = Patcher::new().monitor(Duration::from_millis(50));
    assert!(patcher.apply().unwrap().is_done());
    let reports = Arc::new(Mutex::new(Vec::new()));
    let theirs = Arc::clone(&reports);
    events::on_hub_blocked(move |blocked| {
        let is_known = blocked.thread.is_some();
        theirs.lock().unwrap().push(blocked.clone());
        IS_OVER.store(is_known, Ordering::Release);
        IS_TOLD.store(true, Ordering::Release);
        Ok(())
    });
    let holds = thread::spawn(|| {
        while !IS_OVER.load(Ordering::Acquire) {
            outer(&mut spin_until_told);
            thread::yield_now();
        }
    });
    holds.join().unwrap();
    reports.lock().unwrap().pop().unwrap()
}

fn reported() {
    let report = report();
    let text = report.to_string();
    assert_eq!(report.backtrace.is_some(), CAN_TRACE);
    let Some(frames) = &report.backtrace else {
        return;
    };
    let [spins, outer] = ["spin_until_told", "outer"].map(|name| place_of(frames, name).unwrap());
    assert!(spins < outer, "{text}");
    assert!(place_of(frames, "begin").is_none(), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].ends_with("which computes"), "{text}");
    assert_eq!(lines[1], format!("      {}", frames[0]));
    assert_eq!(lines.len(), frames.len() + 1);
}

fn reported_in_full() {
    let report = report();
    let frames = report.backtrace.as_deref().unwrap_or_default();
    let [spins, begin] = ["spin_until_told", "begin"].map(|name| place_of(frames, name));
    assert!(spins.is_some() && begin > spins || !CAN_TRACE, "{report}");
}
