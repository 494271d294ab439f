//! Cores, limits, memory and description of the machine.
#![allow(unsafe_code)]

use std::fs;
use std::io;
use std::process::Command;

/// The core on which programs are measured.
pub(crate) const MEASURED: usize = 0;
/// The core of the load generator and of the rounds.
pub(crate) const OTHER: usize = 1;

/// The variable in which a child finds the number of its workers.
pub(crate) const WORKERS: &str = "GREENPATCH_BENCH_WORKERS";

/// Returns the number of workers of this child.
pub(crate) fn workers() -> usize {
    let variable = std::env::var(WORKERS).ok();
    variable.and_then(|number| number.parse().ok()).unwrap_or(1)
}

/// Pins this process, with its future threads and children, to one core.
pub(crate) fn stay_on(core: usize) -> io::Result<()> {
    // SAFETY: `cpu_set_t` is a set of bits, for which zeroes are valid.
    let mut cores: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: the number of the core is far below the size of the set.
    unsafe { libc::CPU_SET(core, &mut cores) };
    // SAFETY: the set is valid for the call.
    match unsafe { libc::sched_setaffinity(0, size_of_val(&cores), &raw const cores) } {
        0 => Ok(()),
        _ => Err(io::Error::other(format!(
            "cannot stay on core {core} ({}); two cores are needed",
            io::Error::last_os_error()
        ))),
    }
}

/// Raises the limit of open descriptors to the maximum.
pub(crate) fn raise_descriptors() {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the limit is valid for the call.
    unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: the limit is valid for the call.
    unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) };
}

/// Ends this process when the thread that started it ends.
pub(crate) fn die_with_parent() {
    // SAFETY: this sets a number of the process and accesses no memory.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
}

/// Returns the CPU time in nanoseconds of all threads of a process, including those that have ended.
pub(crate) fn cpu_of(process: u32) -> io::Result<u64> {
    let mut clock = 0;
    // SAFETY: the pointer to the clock is valid for the write.
    match unsafe { libc::clock_getcpuclockid(process.cast_signed(), &raw mut clock) } {
        0 => {}
        error => return Err(io::Error::from_raw_os_error(error)),
    }
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the pointer to the time is valid for the write.
    match unsafe { libc::clock_gettime(clock, &raw mut time) } {
        0 => Ok(time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_nsec.cast_unsigned()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Returns a field of the status of this process in KiB, such as `VmRSS`.
pub(crate) fn memory(name: &str) -> io::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    field(&status, name).ok_or_else(|| io::Error::other(format!("no {name} in the status")))
}

fn field(status: &str, name: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Returns the processor, the kernel and the compiler, one per line.
pub(crate) fn description() -> Vec<String> {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown", |(_, model)| model);
    let cores = processors.matches("model name").count();
    vec![
        format!("processor: {model}, {cores} cores"),
        format!("kernel: {}", output_of("uname", &["-sr"])),
        format!("compiler: {}", output_of("rustc", &["--version"])),
    ]
}

fn output_of(program: &str, arguments: &[&str]) -> String {
    match Command::new(program).args(arguments).output() {
        Ok(output) => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        Err(_) => "unknown".to_owned(),
    }
}

/// Returns the versions of the named packages in the lock file of the workspace.
pub(crate) fn versions(packages: &[&str]) -> Vec<String> {
    let lock = include_str!("../../Cargo.lock");
    packages
        .iter()
        .filter_map(|package| {
            let start = lock.find(&format!("\nname = \"{package}\"\nversion = \""))?;
            let version = lock[start..].split('"').nth(3)?;
            Some(format!("{package} {version}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_of_the_status_is_found_by_its_whole_name() {
        let status = "Name:\tbench\nVmRSSx:\t   1 kB\nVmPTE:\t     128 kB\nVmRSS:\t   5x kB\n";
        assert_eq!(field(status, "VmPTE"), Some(128));
        assert_eq!(field(status, "VmRSS"), None);
        assert_eq!(field(status, "Vm"), None);
        assert!(memory("VmRSS").unwrap() > 0);
    }

    #[test]
    fn the_peers_versions_are_in_the_lock_file() {
        let versions = versions(&["tokio", "no-such-package"]);
        assert!(versions[0].starts_with("tokio 1."), "{versions:?}");
        assert_eq!(versions.len(), 1);
    }

    #[test]
    fn this_process_has_had_time() {
        let before = cpu_of(std::process::id()).unwrap();
        while cpu_of(std::process::id()).unwrap() == before {
            std::hint::spin_loop();
        }
    }
}
