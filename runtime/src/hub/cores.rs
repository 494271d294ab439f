//! Whether there is a core for another worker to run on.
//!
//! A green thread that has begun stays on its worker. Where other processes occupy the cores, as a client on the same machine does, two
//! workers would share one, and the threads of each would wait while the other one runs: milliseconds, since the OS does not switch
//! sooner between OS threads that are always busy. One worker serves all of them faster.
#![forbid(unsafe_code)]

use std::fs::File;
use std::num::NonZeroUsize;
use std::os::unix::fs::FileExt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::boundary;

/// How long an answer of the OS is taken for true.
const FRESH: Duration = Duration::from_micros(100);
/// How many threads of the system run, in the fourth field.
const LOAD: &str = "/proc/loadavg";

/// Returns true if this process may use more than one core.
pub(super) fn has_cores() -> bool {
    static HAS_CORES: OnceLock<bool> = OnceLock::new();
    *HAS_CORES.get_or_init(|| {
        // It reads files.
        let _inside = boundary::enter();
        thread::available_parallelism().map_or(1, NonZeroUsize::get) > 1
    })
}

/// What the OS has said of its cores.
#[derive(Debug)]
pub(super) struct Cores {
    begin: Instant,
    /// When it was asked last, in nanoseconds since `begin`.
    asked: AtomicU64,
    is_free: AtomicBool,
    /// `None` where the OS has no such file. There is always a core then.
    load: Option<File>,
    online: usize,
}

impl Cores {
    pub(super) fn new() -> Self {
        Cores {
            begin: Instant::now(),
            asked: AtomicU64::new(0),
            is_free: AtomicBool::new(true),
            load: File::open(LOAD).ok(),
            online: online().unwrap_or(usize::MAX),
        }
    }

    /// Returns true if no more threads of the system run, this one included, than there are cores. The answer may be a little old.
    pub(super) fn is_one_free(&self) -> bool {
        let Some(load) = &self.load else {
            return true;
        };
        let now = u64::try_from(self.begin.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let asked = self.asked.load(Ordering::Relaxed);
        if u128::from(now.saturating_sub(asked)) < FRESH.as_nanos() {
            return self.is_free.load(Ordering::Relaxed);
        }
        // Two threads may ask at once; both answers are true.
        self.asked.store(now, Ordering::Relaxed);
        let is_free = running(load).is_none_or(|running| running <= self.online);
        self.is_free.store(is_free, Ordering::Relaxed);
        is_free
    }
}

/// Returns how many threads of the system run, or are ready to.
fn running(load: &File) -> Option<usize> {
    let _inside = boundary::enter();
    let mut text = [0; 64];
    let length = load.read_at(&mut text, 0).ok()?;
    parse(std::str::from_utf8(&text[..length]).ok()?)
}

/// Returns the number of running threads that the text of [`LOAD`] has.
fn parse(text: &str) -> Option<usize> {
    let (running, _) = text.split_whitespace().nth(3)?.split_once('/')?;
    running.parse().ok()
}

/// Returns how many cores the system has that [`LOAD`] counts for, whichever of them this process may use.
fn online() -> Option<usize> {
    let _inside = boundary::enter();
    let text = std::fs::read_to_string("/sys/devices/system/cpu/online").ok()?;
    count(text.trim())
}

/// Returns how many numbers a list such as `0-3,8` has.
fn count(list: &str) -> Option<usize> {
    let ranges = list.split(',').map(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        Some((last + 1).saturating_sub(first))
    });
    ranges.sum()
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_texts_of_the_system_are_understood() {
        assert_eq!(parse("0.48 0.61 0.70 3/198 27645\n"), Some(3));
        assert_eq!(parse("0.48 0.61"), None);
        assert_eq!(count("0"), Some(1));
        assert_eq!(count("0-3,8,10-11"), Some(7));
        assert_eq!(count("x"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_thread_is_counted_as_running() {
        let cores = Cores::new();
        let load = cores.load.as_ref().expect("the system has the file");
        assert!(running(load).is_some_and(|running| running > 0));
        assert_ne!(cores.online, usize::MAX);
    }
}
