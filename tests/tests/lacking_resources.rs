//! Failures for lack of descriptors, threads or address space. Each case is a separate process that lowers its limits.
#![allow(missing_docs)]

use std::collections::BTreeSet;
use std::error::Error;
use std::io;
use std::process::Command;
use std::time::Duration;

use greenpatch::{PatchError, Patcher, thread};
use greenpatch_tests::Runner;

/// A case, and its environment variables.
type Case = (&'static str, fn(), &'static [(&'static str, &'static str)]);

const CASES: &[Case] = &[
    ("descriptors for workers", descriptors_for_workers, &[]),
    ("address space for workers", address_space_for_workers, &[]),
    ("threads for workers", threads_for_workers, LARGE),
    (
        "descriptors for the main hub",
        descriptors_for_the_main_hub,
        &[],
    ),
    (
        "descriptors for the background hub",
        for_the_background_hub,
        &[],
    ),
    ("threads for helpers", threads_for_helpers, &[]),
];

/// Stacks of OS threads so large that few fit where many small mappings do.
const LARGE: &[(&str, &str)] = &[("RUST_MIN_STACK", "67108864")];

fn main() {
    let mut runner = Runner::from_args();
    for (name, child, vars) in CASES {
        let configure = |command: &mut Command| {
            command.env_remove("RUST_MIN_STACK");
            command.envs(vars.iter().copied());
        };
        runner.scenario(name, *child, configure, |ended| {
            ended.well();
            // No warning either: a failed call does not count as an earlier call.
            assert_eq!(ended.stderr, "");
        });
    }
    runner.finish();
}

fn limit(resource: libc::__rlimit_resource_t, most: u64) {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `limit` is valid for the write.
    assert_eq!(unsafe { libc::getrlimit(resource, &raw mut limit) }, 0);
    limit.rlim_cur = most.min(limit.rlim_max);
    // SAFETY: a valid limit.
    assert_eq!(unsafe { libc::setrlimit(resource, &raw const limit) }, 0);
}

/// Returns which of the first 4,096 descriptors are open.
fn open_descriptors() -> Vec<i32> {
    // SAFETY: F_GETFD takes no argument, and fails for a number that is not a descriptor.
    let is_open = |fd: &i32| unsafe { libc::fcntl(*fd, libc::F_GETFD) } != -1;
    (0..4096).filter(is_open).collect()
}

/// Leaves room for `count` more descriptors.
fn leave_descriptors(count: usize) {
    let open = open_descriptors();
    let mut free = (0..).filter(|fd| !open.contains(fd));
    let first_too_many = free.nth(count).unwrap();
    limit(libc::RLIMIT_NOFILE, u64::try_from(first_too_many).unwrap());
}

/// Returns a number that the kernel reports about this process.
fn status(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.unwrap().trim_start_matches(':').trim();
    number.trim_end_matches(" kB").parse().unwrap()
}

/// Leaves room for `bytes` more of address space.
fn leave_address_space(bytes: u64) {
    limit(libc::RLIMIT_AS, (status("VmSize") << 10) + bytes);
}

/// Asserts that the error names the call that failed, and why.
#[track_caller]
fn says(error: &PatchError, calls: &[&str], code: i32) {
    assert!(error.is_not_ready());
    let refused = error.source().unwrap();
    let cause = refused.source().unwrap();
    let cause = cause.downcast_ref::<io::Error>().unwrap();
    assert_eq!(cause.raw_os_error(), Some(code), "{error}");
    let texts = calls.iter().map(|call| format!("{call} failed: {cause}"));
    let texts: Vec<_> = texts.collect();
    assert!(texts.contains(&refused.to_string()), "{refused}");
    let text = format!("the feature thread could not get what it needs: {refused}");
    assert_eq!(error.to_string(), text);
}

/// A call with too many workers fails and leaves nothing behind, and one with fewer succeeds.
fn too_many_workers(too_many: usize, calls: &[&str], code: i32) {
    let before = (open_descriptors(), status("Threads"));
    for _ in 0..3 {
        let error = Patcher::new().workers(too_many).stack_size(1 << 30).apply();
        says(&error.unwrap_err(), calls, code);
        assert!(!greenpatch::is_anything_patched());
        assert_eq!((open_descriptors(), status("Threads")), before);
    }
    assert!(Patcher::new().workers(2).apply().unwrap().is_done());
    runs_on_workers(2);
}

/// Spawns threads that hold their workers, until all workers have had one.
fn runs_on_workers(count: usize) {
    let mut numbers = BTreeSet::new();
    while numbers.len() < count {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let builder = thread::Builder::new().stack_size(1 << 16);
                let holds = || {
                    std::thread::sleep(Duration::from_millis(1));
                    greenpatch::native_thread_id()
                };
                builder.spawn(holds).unwrap()
            })
            .collect();
        numbers.extend(threads.into_iter().map(|thread| thread.join().unwrap()));
    }
    assert_eq!(numbers.len(), count);
}

fn descriptors_for_workers() {
    leave_descriptors(20);
    let calls = ["epoll_create1", "eventfd", "fcntl"];
    too_many_workers(64, &calls, libc::EMFILE);
}

fn address_space_for_workers() {
    limit(libc::RLIMIT_NOFILE, 4096);
    leave_address_space(96 << 20);
    let before = status("VmSize");
    too_many_workers(1000, &["mmap"], libc::ENOMEM);
    // If the mappings of the failed calls had stayed, it would be more.
    assert!(status("VmSize") < before + (96 << 10));
}

fn threads_for_workers() {
    leave_address_space(240 << 20);
    too_many_workers(8, &["pthread_create"], libc::EAGAIN);
}

fn descriptors_for_the_main_hub() {
    let before = open_descriptors();
    for (left, calls) in [
        (0, ["memfd_create"]),
        (0, ["memfd_create"]),
        (1, ["eventfd"]),
        (2, ["fcntl"]),
    ] {
        leave_descriptors(left);
        says(
            &greenpatch::patch_thread().unwrap_err(),
            &calls,
            libc::EMFILE,
        );
        assert_eq!(open_descriptors(), before);
    }
    leave_descriptors(3);
    assert!(greenpatch::patch_thread().unwrap().is_done());
    let here = greenpatch::native_thread_id();
    let there = thread::spawn(greenpatch::native_thread_id).join().unwrap();
    assert_eq!(here, there);
}

fn for_the_background_hub() {
    assert!(greenpatch::patch_thread().unwrap().is_done());
    std::thread::spawn(|| {
        let before = (open_descriptors(), status("Threads"));
        for left in [0, 1, 2] {
            // One descriptor is for reading what the kernel reports.
            leave_descriptors(left);
            let error = thread::Builder::new().spawn(|| ()).unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::EMFILE));
            leave_descriptors(10);
            assert_eq!((open_descriptors(), status("Threads")), before);
        }
        thread::spawn(|| thread::sleep(Duration::from_micros(1)))
            .join()
            .unwrap();
    })
    .join()
    .unwrap();
}

/// Blocking calls are made in place when no helper thread can be had.
fn threads_for_helpers() {
    // The limit of processes does not apply to the superuser.
    // SAFETY: neither call has preconditions.
    if unsafe { libc::geteuid() } == 0 {
        // SAFETY: as above.
        assert_eq!(unsafe { libc::setuid(60_123) }, 0);
    }
    limit(libc::RLIMIT_NPROC, 1);
    let too_many = Patcher::new().workers(1).apply().unwrap_err();
    says(&too_many, &["pthread_create"], libc::EAGAIN);
    assert!(Patcher::new().fs(true).apply().unwrap().is_done());
    thread::spawn(|| {
        let status = greenpatch::fs::read_to_string("/proc/self/status").unwrap();
        assert!(status.contains("Threads:\t1\n"));
        let addresses = greenpatch::net::ToSocketAddrs::to_socket_addrs("localhost:1");
        assert!(addresses.unwrap().count() > 0);
        greenpatch::print!("{}", " ".repeat(2000) + "\r");
        // A call that is known to wait is not made in place, where it would wait forever.
        let path = std::env::temp_dir().join(format!("greenpatch-lacking-{}", std::process::id()));
        let held = greenpatch::fs::File::create(&path).unwrap();
        held.lock().unwrap();
        let refused = greenpatch::fs::File::open(&path).unwrap().lock();
        assert_eq!(refused.unwrap_err().raw_os_error(), Some(libc::EAGAIN));
        greenpatch::fs::remove_file(path).unwrap();
    })
    .join()
    .unwrap();
}
