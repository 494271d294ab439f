//! `fs`: files, locks of files, directories.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd, OwnedFd};
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use greenpatch::fs::{self, DirBuilder, File, OpenOptions};
use greenpatch::thread;

use crate::Case;

pub(crate) const CASES: &[Case] = &[
    ("a file is written and read", written_and_read),
    ("ways to open a file", ways_to_open),
    ("positions in a file", positions),
    ("directories", directories),
    ("links, permissions, times", links_permissions_times),
    ("a file that is not there", not_there),
    ("many files at a time", many_files),
    ("the lock of a file", lock_of_a_file),
    ("many wait for locks of files", many_wait_for_locks),
    (
        "a shared lock behind a waiting exclusive one",
        shared_lock_behind_a_waiting_exclusive_one,
    ),
    ("a named pipe", named_pipe),
    ("many named pipes", many_named_pipes),
    ("files from and to std's", from_and_to_std),
];

/// A directory that is removed when dropped.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Scratch {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("greenpatch-modes-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Scratch(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn written_and_read() {
    let scratch = Scratch::new();
    let path = scratch.path("file");
    let content: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    let mut file = File::create(&path).unwrap();
    file.write_all(&content).unwrap();
    file.flush().unwrap();
    file.sync_data().unwrap();
    file.sync_all().unwrap();
    drop(file);
    assert_eq!(fs::read(&path).unwrap(), content);

    let mut file = File::open(&path).unwrap();
    let mut start = [0; 10];
    file.read_exact(&mut start).unwrap();
    let mut rest = Vec::new();
    assert_eq!(
        file.read_to_end(&mut rest).unwrap(),
        content.len() - start.len()
    );
    assert!(start == content[..10] && rest == content[10..]);
    assert_eq!(file.read(&mut start).unwrap(), 0);

    fs::write(&path, "ten bytes\n").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "ten bytes\n");
    let lines: Vec<_> = io::BufRead::lines(io::BufReader::new(&File::open(&path).unwrap()))
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(lines, ["ten bytes"]);
}

fn ways_to_open() {
    let scratch = Scratch::new();
    let path = scratch.path("file");
    let exists = |error: io::Error| error.kind() == ErrorKind::AlreadyExists;
    File::create_new(&path).unwrap().write_all(b"one").unwrap();
    assert!(exists(File::create_new(&path).unwrap_err()));
    let mut options = OpenOptions::new();
    assert!(exists(
        options
            .write(true)
            .create_new(true)
            .open(&path)
            .unwrap_err()
    ));
    let mut appending = OpenOptions::new().append(true).open(&path).unwrap();
    appending.write_all(b"two").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"onetwo");
    assert!(appending.read(&mut [0]).is_err());
    File::options()
        .write(true)
        .truncate(true)
        .open(&path)
        .unwrap();
    assert_eq!(fs::metadata(&path).unwrap().len(), 0);
    let secret = scratch.path("secret");
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .mode(0o600)
        .open(secret)
        .unwrap();
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

fn positions() {
    let scratch = Scratch::new();
    let path = scratch.path("file");
    let mut file = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(path)
        .unwrap();
    file.write_all(b"0123456789").unwrap();
    assert_eq!(file.stream_position().unwrap(), 10);
    assert_eq!(file.seek(SeekFrom::Start(3)).unwrap(), 3);
    let mut clone = file.try_clone().unwrap();
    let mut two = [0; 2];
    clone.read_exact(&mut two).unwrap();
    assert_eq!(&two, b"34");
    assert_eq!(file.stream_position().unwrap(), 5);
    file.write_all_at(b"ab", 8).unwrap();
    file.read_exact_at(&mut two, 8).unwrap();
    assert_eq!(&two, b"ab");
    assert_eq!(file.stream_position().unwrap(), 5);
    file.set_len(6).unwrap();
    file.rewind().unwrap();
    assert_eq!(io::read_to_string(&file).unwrap(), "012345");
}

fn directories() {
    let scratch = Scratch::new();
    let deep = scratch.path("a/b/c");
    assert!(fs::create_dir(&deep).is_err());
    fs::create_dir_all(&deep).unwrap();
    DirBuilder::new()
        .recursive(true)
        .create(deep.join("d/e"))
        .unwrap();
    for name in ["one", "two", "three"] {
        fs::write(deep.join(name), name).unwrap();
    }
    fs::copy(deep.join("one"), deep.join("four")).unwrap();
    fs::rename(deep.join("two"), deep.join("five")).unwrap();
    fs::remove_file(deep.join("three")).unwrap();
    let mut names: Vec<_> = fs::read_dir(&deep)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["d", "five", "four", "one"]);
    assert_eq!(fs::read_to_string(deep.join("four")).unwrap(), "one");
    assert!(fs::remove_dir(&deep).is_err());
    fs::remove_dir(deep.join("d/e")).unwrap();
    assert!(fs::exists(deep.join("d")).unwrap());
    assert!(!fs::exists(deep.join("d/e")).unwrap());
}

fn links_permissions_times() {
    let scratch = Scratch::new();
    let (file, hard, soft) = (
        scratch.path("file"),
        scratch.path("hard"),
        scratch.path("soft"),
    );
    fs::write(&file, "content").unwrap();
    fs::hard_link(&file, &hard).unwrap();
    greenpatch::os::unix::fs::symlink(&file, &soft).unwrap();
    assert_eq!(fs::read_link(&soft).unwrap(), file);
    assert!(fs::symlink_metadata(&soft).unwrap().is_symlink());
    assert_eq!(
        fs::canonicalize(&soft).unwrap(),
        fs::canonicalize(&file).unwrap()
    );
    let mut permissions = fs::metadata(&hard).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&file, permissions).unwrap();
    assert!(fs::metadata(&soft).unwrap().permissions().readonly());
    let open = File::open(&file).unwrap();
    let then = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    open.set_modified(then).unwrap();
    assert_eq!(open.metadata().unwrap().modified().unwrap(), then);
}

fn not_there() {
    let path = Path::new("/nowhere/at all");
    let kind = |error: io::Error| error.kind();
    assert_eq!(kind(File::open(path).unwrap_err()), ErrorKind::NotFound);
    assert_eq!(kind(fs::read(path).unwrap_err()), ErrorKind::NotFound);
    assert_eq!(kind(fs::read_dir(path).unwrap_err()), ErrorKind::NotFound);
    assert_eq!(
        kind(fs::remove_file(path).unwrap_err()),
        ErrorKind::NotFound
    );
    assert!(!fs::exists(path).unwrap());
}

fn many_files() {
    let scratch = Arc::new(Scratch::new());
    let threads: Vec<_> = (0..50)
        .map(|number| {
            let path = scratch.path(&number.to_string());
            thread::spawn(move || {
                for turn in 0..5 {
                    let content = format!("{number}: {turn}");
                    fs::write(&path, &content).unwrap();
                    assert_eq!(fs::read_to_string(&path).unwrap(), content);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(fs::read_dir(&scratch.0).unwrap().count(), 50);
}

/// A waiter for the lock lets its holder run.
fn lock_of_a_file() {
    let scratch = Scratch::new();
    let path = scratch.path("file");
    let mine = File::create(&path).unwrap();
    mine.lock().unwrap();
    let (tried, released) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicBool::new(false)),
    );
    let waiting = thread::spawn({
        let (path, tried, released) = (path.clone(), tried.clone(), released.clone());
        move || {
            let theirs = File::open(path).unwrap();
            assert!(theirs.try_lock().is_err());
            tried.store(true, Ordering::Release);
            theirs.lock().unwrap();
            assert!(released.load(Ordering::Acquire));
            theirs.unlock().unwrap();
        }
    });
    while !tried.load(Ordering::Acquire) {
        thread::sleep(std::time::Duration::from_micros(100));
    }
    // The other thread waits by now, or soon.
    thread::sleep(std::time::Duration::from_micros(300));
    released.store(true, Ordering::Release);
    mine.unlock().unwrap();
    waiting.join().unwrap();
    mine.lock_shared().unwrap();
    File::open(path).unwrap().lock_shared().unwrap();
}

/// More threads than there can be helpers.
const MANY: usize = 600;

/// The waiters do not stop the holder that releases the locks.
fn many_wait_for_locks() {
    let scratch = Scratch::new();
    // Two wait for each.
    let paths: Vec<_> = (0..MANY / 2)
        .map(|number| scratch.path(&number.to_string()))
        .collect();
    let held: Vec<_> = paths
        .iter()
        .map(|path| {
            let file = File::create(path).unwrap();
            file.lock().unwrap();
            file
        })
        .collect();
    let begun = Arc::new(AtomicUsize::new(0));
    let waiting: Vec<_> = (0..MANY)
        .map(|number| {
            let path = paths[number % paths.len()].clone();
            let begun = begun.clone();
            let small = thread::Builder::new().stack_size(64 << 10);
            let waiting = small.spawn(move || {
                let theirs = File::open(path).unwrap();
                begun.fetch_add(1, Ordering::Relaxed);
                theirs.lock().unwrap();
                theirs.unlock().unwrap();
            });
            waiting.unwrap()
        })
        .collect();
    while begun.load(Ordering::Relaxed) < MANY {
        thread::sleep(std::time::Duration::from_millis(1));
    }
    // They wait by now, or soon.
    thread::sleep(std::time::Duration::from_millis(20));
    for file in held {
        file.sync_all().unwrap();
        file.unlock().unwrap();
    }
    for thread in waiting {
        thread.join().unwrap();
    }
}

/// A waiter for the exclusive lock does not delay a thread that asks for a shared one.
fn shared_lock_behind_a_waiting_exclusive_one() {
    let scratch = Scratch::new();
    let path = scratch.path("file");
    let first = File::create(&path).unwrap();
    first.lock_shared().unwrap();
    let begun = Arc::new(AtomicBool::new(false));
    let alone = thread::spawn({
        let (path, begun) = (path.clone(), begun.clone());
        move || {
            let file = File::open(path).unwrap();
            begun.store(true, Ordering::Release);
            file.lock().unwrap();
        }
    });
    while !begun.load(Ordering::Acquire) {
        thread::sleep(std::time::Duration::from_micros(100));
    }
    thread::sleep(std::time::Duration::from_millis(1));
    let second = File::open(&path).unwrap();
    thread::spawn(move || second.lock_shared().unwrap())
        .join()
        .unwrap();
    first.unlock().unwrap();
    alone.join().unwrap();
}

pub(crate) fn make_a_pipe(path: &Path) {
    let made = greenpatch::process::Command::new("mkfifo")
        .arg(path)
        .status();
    assert!(made.unwrap().success());
}

/// All opens wait for the other ends, which are opened last.
fn many_named_pipes() {
    let scratch = Scratch::new();
    let paths: Vec<_> = (0..10)
        .map(|number| scratch.path(&number.to_string()))
        .collect();
    paths.iter().for_each(|path| make_a_pipe(path));
    let begun = Arc::new(AtomicUsize::new(0));
    let readers: Vec<_> = (0..MANY)
        .map(|number| {
            let path = paths[number % paths.len()].clone();
            let begun = begun.clone();
            let small = thread::Builder::new().stack_size(64 << 10);
            let reader = small.spawn(move || {
                begun.fetch_add(1, Ordering::Relaxed);
                File::open(path).map(drop)
            });
            reader.unwrap()
        })
        .collect();
    while begun.load(Ordering::Relaxed) < MANY {
        thread::sleep(std::time::Duration::from_millis(1));
    }
    thread::sleep(std::time::Duration::from_millis(20));
    // A reader that comes later than its writer has left waits for the next one.
    while !readers.iter().all(|reader| reader.is_finished()) {
        for path in &paths {
            let writer = OpenOptions::new()
                .write(true)
                .custom_flags(libc::O_NONBLOCK)
                .open(path);
            drop(writer);
        }
        thread::sleep(std::time::Duration::from_millis(1));
    }
    for reader in readers {
        reader.join().unwrap().unwrap();
    }
}

/// Each end blocks until the other is opened.
fn named_pipe() {
    let scratch = Scratch::new();
    let path = scratch.path("pipe");
    make_a_pipe(&path);
    let reading = thread::spawn({
        let path = path.clone();
        move || fs::read(path).unwrap()
    });
    let content = vec![7; 300_000];
    fs::write(path, &content).unwrap();
    assert_eq!(reading.join().unwrap(), content);
}

fn from_and_to_std() {
    let scratch = Scratch::new();
    let path = scratch.path("file");
    let mut file = File::from(std::fs::File::create(&path).unwrap());
    file.write_all(b"written").unwrap();
    assert_eq!(file.as_fd().as_raw_fd(), file.as_raw_fd());
    let mut std = std::fs::File::from(file);
    std.write_all(b" twice").unwrap();
    let file = File::from(OwnedFd::from(std));
    // SAFETY: the descriptor has just been given up by its owner.
    let file = unsafe { File::from_raw_fd(file.into_raw_fd()) };
    assert_eq!(file.metadata().unwrap().len(), 13);
    let cat = greenpatch::process::Command::new("cat")
        .stdin(File::open(&path).unwrap())
        .output();
    assert_eq!(cat.unwrap().stdout, b"written twice");
}
